import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { parse } from "yaml";
import {
  answersFrom,
  DEFAULTS,
  FAULTS,
  type RecordedCalls,
  recordedAnswers,
  regionsOf,
  scenarioText,
} from "../../../scripts/init/first-scenario.ts";
import type { MeridianError } from "../../../simulator/base/errors.ts";
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

it("answers are taken as they are written, and what is not given stays", () => {
  const answers = answersFrom({ regions: "eu-west-1, eu-central-1", rate: "50k/d", quota: "none" }, DEFAULTS);
  assert.deepEqual(answers, { ...DEFAULTS, regions: ["eu-west-1", "eu-central-1"], rate: "50k/d", quota: null });
  assert.deepEqual(regionsOf(" a,b  a"), ["a", "b"]);
});

it("every answer that cannot be read is a problem, all in one round, each with what to write", () => {
  const given = { regions: "us-est-1", rate: "fast", objective: "20", quota: "0" };
  assert.throws(
    () => answersFrom(given, DEFAULTS),
    (error: MeridianError) =>
      error.problems.map(({ where }) => where).join(" ") === "--regions --rate --objective --quota" &&
      error.problems[0]!.fix === 'there is no region "us-est-1"; did you mean us-east-1?',
  );
  assert.match(FAULTS.regions("")!, /at least one region/);
  assert.match(FAULTS.model("a b")!, /Bedrock model id/);
});

it("the defaults are answers that can be given", () => {
  const texts = { ...DEFAULTS, regions: DEFAULTS.regions.join(","), quota: DEFAULTS.quota! };
  for (const question of ["regions", "model", "rate", "objective", "quota"] as const) {
    assert.equal(FAULTS[question](texts[question]), undefined, question);
  }
});

it("calls say how many they are, how long, from where and of which model; the rest stays", async () => {
  const folder = await mkdtemp(join(tmpdir(), "meridian-"));
  const file = join(folder, "calls.csv");
  const rows = Array.from({ length: 61 }, (_, i) => {
    const time = new Date(Date.UTC(2026, 4, 4, 9) + i * 120_000).toISOString();
    return `${time},${100 + i},${i === 0 ? 4000 : 10},${i % 3 === 0 ? "eu-west-1" : "eu-central-1"},eu.amazon.nova-lite-v1:0`;
  });
  await writeFile(file, `time,input_tokens,output_tokens,origin,model\n${rows.join("\n")}\n`);
  const { regions, model, recorded, objective } = await recordedAnswers(file, folder, {});
  assert.deepEqual(regions, ["eu-central-1", "eu-west-1"]);
  assert.equal(model, "amazon.nova-lite-v1:0");
  assert.equal(objective, DEFAULTS.objective);
  assert.deepEqual(recorded, {
    trace: "calls.csv",
    requests: 61,
    minutes: 120,
    start: "2026-05-04T09:00:00.000Z",
    tokens: { inputMean: 130, outputMean: (4000 + 600) / 61, outputMax: 4000 },
    reading: [],
  });
  await rm(folder, { recursive: true });
});

it("a bundled recording goes by its name", async () => {
  const { recorded, regions } = await recordedAnswers("azure-code-2023", tmpdir(), {});
  assert.equal(recorded!.trace, "azure-code-2023");
  assert.deepEqual(regions, DEFAULTS.regions);
});
