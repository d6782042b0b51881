import assert from "node:assert/strict";
import { it } from "node:test";
import { parse } from "yaml";
import { DEFAULTS, type RecordedCalls } from "../../../scripts/init/answers.ts";
import { scenarioText } from "../../../scripts/init/scenario-text.ts";
import { scenarioSchema } from "../../../simulator/scenario/schema.ts";

const RECORDED: RecordedCalls = {
  trace: "my calls, all.csv",
  requests: 1234,
  minutes: 90,
  start: "2026-05-04T09:00:00.000Z",
  tokens: { inputMean: 500.4, outputMean: 200, outputMax: 3210 },
  reading: ["format: csv"],
};
const text = (over: Partial<Parameters<typeof scenarioText>[0]> = {}) =>
  scenarioText({ name: "mine", answers: DEFAULTS, schema: "x.json", profiles: [], reached: [], ...over });
const scenarioOf = (written: string) => scenarioSchema.parse(parse(written));

it("is a scenario of about thirty lines that editors know the schema of", () => {
  const written = text();
  assert.match(written, /^# yaml-language-server: \$schema=x\.json\n/);
  const lines = written.trimEnd().split("\n").length;
  assert.ok(lines >= 25 && lines <= 35, `${lines} lines`);
  const scenario = scenarioOf(written);
  assert.deepEqual(scenario.world.regions, DEFAULTS.regions);
  assert.deepEqual([scenario.traffic[0]!.slo!.e2e, scenario.traffic[0]!.slo!.share], [20_000, 0.95]);
  assert.equal(scenario.strategies.length, 3);
});

it("one region has nothing to choose from, and no quota is a line to be filled in", () => {
  const written = text({ answers: { ...DEFAULTS, regions: ["eu-west-1"], quota: null } });
  assert.equal(scenarioOf(written).strategies.length, 1);
  assert.match(written, /# quotas: .*none is set/);
  assert.deepEqual(scenarioOf(written).world.quotas, []);
});

it("a file of any name gives a scenario a name that it may have, as text", () => {
  const names = ["42", "null", "My Calls (2026)", "#x", "..", "a".repeat(99)].map(
    (name) => scenarioOf(text({ name })).name,
  );
  assert.deepEqual(names, ["42", "null", "my-calls-2026-", "x", "scenario", "a".repeat(48)]);
});

it("recorded calls are replayed with their lengths, which no limit cuts; unknown lengths are drawn", () => {
  const [calls] = scenarioOf(text({ answers: { ...DEFAULTS, recorded: RECORDED } })).traffic;
  assert.ok(calls!.arrivals.process === "trace");
  assert.equal(calls!.arrivals.trace, "my calls, all.csv");
  assert.deepEqual(calls!.tokens!.maxTokens, { kind: "constant", value: 3300 });
  const bare = text({ answers: { ...DEFAULTS, recorded: { ...RECORDED, tokens: null } } });
  assert.match(bare, /they do not say how long they are/);
  assert.ok(scenarioOf(bare).traffic[0]!.tokens!.input !== undefined);
});
