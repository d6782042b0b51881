import assert from "node:assert/strict";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { trafficOfLog } from "../../../scripts/traffic/log-classes.ts";
import { meridianHere } from "../run-meridian.ts";

const WORLD = "docs/examples/my-world.yaml";
const LOG = "docs/examples/s3-logs";

interface Made {
  readonly class: string;
  readonly model: string;
  readonly slo?: object;
  readonly origin: Readonly<Record<string, number>>;
}

test("a class for each team and model, with the scenario's objectives, from where its calls came", async () => {
  const { overrides, notes } = await trafficOfLog(WORLD, LOG, { models: new Map() }, []);
  const put = Object.fromEntries(overrides.map(({ path, value }) => [path.join("."), value]));
  const classes = put.traffic as readonly Made[];
  assert.deepEqual(notes, []);
  assert.equal(new Set(classes.map((each) => each.class)).size, classes.length);
  assert.ok(classes.some((each) => each.class === "search haiku"));
  assert.ok(classes.every(({ slo }) => JSON.stringify(slo) === '{"e2e":"8s"}'));
  const all = classes.flatMap(({ origin }) => Object.values(origin)).reduce((total, count) => total + count, 0);
  assert.equal(all, 200);
  assert.deepEqual([put.start, put.duration], ["2026-09-03T14:00:09.000Z", "3420s"]);
});

test("models that the scenario lacks are counted, or given a name", async () => {
  const without = [{ path: ["world", "models", "nova"], value: undefined, origin: "test" }];
  const { notes } = await trafficOfLog(WORLD, LOG, { models: new Map() }, without);
  assert.match(notes[0]!, /^\d+ of 200 requests ask for nova-lite, .* --map-model nova-lite=<name> gives it one$/);
  const mapped = await trafficOfLog(WORLD, LOG, { models: new Map([["nova-lite", "haiku"]]) }, without);
  assert.deepEqual(mapped.notes, []);
});

test("where the scenario has none of the models, one line gives each of them one", async () => {
  const other = [{ path: ["world", "models"], value: { "nova-pro": { id: "amazon.nova-pro-v1:0" } }, origin: "test" }];
  const pairs = "--map-model nova-lite=nova-pro claude-haiku-4-5=nova-pro";
  await assert.rejects(
    trafficOfLog(WORLD, LOG, { models: new Map() }, other),
    ({ problems: [problem] }: { problems: { code: string; fix: string }[] }) => {
      assert.equal(problem!.code, "TRAFFIC_NO_MODEL");
      assert.deepEqual(problem!.fix.split("write ")[1]!.split(" ").sort(), pairs.split(" ").sort());
      return true;
    },
  );
});

test("one command from a log to a report", async () => {
  const out = mkdtempSync(join(tmpdir(), "meridian-log-"));
  const args = ["simulate", WORLD, "--traffic", LOG, "--replications", "2", "--workers", "1", "--out", out, "--json"];
  const { code, stdout, stderr } = await meridianHere(args);
  assert.equal(code, 0, stderr);
  const result = JSON.parse(stdout);
  for (const { total } of result.strategies) assert.equal(total.counts.sent, 400);
  assert.ok(result.notes.some((note: string) => note.includes("7 of 200 calls tell no output")));
  assert.ok(readdirSync(out).some((name) => name.startsWith("my-world-")));
});
