import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { loadRun } from "../../../scripts/compare/load.ts";
import { prepareExperiment, resultProvenance } from "../../../scripts/io/experiment.ts";
import { encodeRecords, encodeSimulated } from "../../../scripts/validate/folder.ts";
import { measuredResult } from "../../../simulator/bench/measured.ts";
import { encodeSchedule } from "../../../simulator/bench/rows.ts";
import { compareRuns } from "../../../simulator/compare/compare.ts";
import { simulated } from "../../simulator/validate/two-sides.ts";
import { TINY } from "../run-meridian.ts";

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A measured run in a folder, whose rows are those of a simulation. */
async function measuredRun(
  label: string,
  set: readonly { path: string[]; value: unknown; origin: string }[],
  valid = true,
) {
  const folder = mkdtempSync(join(tmpdir(), "meridian-load-"));
  folders.push(folder);
  const base = [
    { path: ["replications"], value: 1, origin: "test" },
    { path: ["requests"], value: 600, origin: "test" },
  ];
  const experiment = await prepareExperiment(TINY, { overrides: [...base, ...set], strategies: ["single"] });
  const { run, rows } = simulated(experiment.inputs.plan);
  const report = {
    strategy: "single",
    requests: 600,
    attempts: 600,
    lagMs: { p50: 0, p99: 0, max: 0 },
    serverLateMsP99: null,
    e2eMsP50: 1,
    attemptsWithoutUsage: 0,
    isComplete: true,
    faults: [],
  };
  const result = measuredResult(experiment.inputs.plan, {
    runs: [run],
    reports: [report],
    place: "a test",
    provenance: resultProvenance(experiment),
  });
  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
  write("scenario.yaml", experiment.yaml);
  write("provenance.json", JSON.stringify({ platform: "linux x64", node: "24.0.0" }));
  // As a client sees them: of calls that it gave up only the endpoint knows the tokens.
  const givenUp = rows.attempts.filter(({ k }) => k === "timeout");
  const attempts = rows.attempts.map((attempt) => (attempt.k === "timeout" ? { ...attempt, u: null } : attempt));
  const records = givenUp.map(
    ({ i, o, u }) => [`${i}.${o}`, { id: `${i}.${o}`, region: "us-east-1", usage: u }] as const,
  );
  write("rows-1.jsonl.gz", gzipSync(encodeSimulated({ attempts, requests: rows.requests, records: [] })));
  write("endpoint-1.jsonl.gz", gzipSync(encodeRecords(new Map(records))));
  write("schedule.json.gz", gzipSync(encodeSchedule(run.schedule)));
  write(
    "bench.json",
    JSON.stringify({
      valid,
      reasons: valid ? [] : ["requests left late"],
      strategies: [
        {
          strategy: "single",
          schedule: "schedule.json.gz",
          rows: "rows-1.jsonl.gz",
          ...(givenUp.length === 0 ? {} : { endpoint: "endpoint-1.jsonl.gz" }),
        },
      ],
    }),
  );
  return { folder, found: { label, id: label, folder, result } };
}

test("measured runs come with their rows, and are compared by them", async () => {
  const slower = [
    {
      path: ["world", "models", "nova", "capacity", "service"],
      value: { exponential: { mean: "1500ms" } },
      origin: "test",
    },
  ];
  const [a, b] = [await measuredRun("a", []), await measuredRun("b", slower)];
  const runs = [await loadRun(a.found), await loadRun(b.found)];
  assert.equal(runs[0]!.machine, "linux x64, Node 24.0.0");
  assert.equal(runs[0]!.note, undefined);
  const { rows, pairings } = compareRuns(runs);
  assert.equal(pairings[0]!.method, "measured requests");
  assert.deepEqual(
    pairings[0]!.differences.filter(({ isScenario }) => isScenario).map(({ what }) => what),
    ["world.models.nova.capacity.service.exponential.mean"],
  );
  const p95 = rows.find(({ metric }) => metric === "e2eMsP95")!;
  assert.equal(p95.verdict, "worse");
  assert.equal(p95.n, 600);
  // The value from the rows is the result's own.
  assert.ok(Math.abs(p95.b.value! / b.found.result.strategies[0]!.total.e2eMs.p95.value! - 1) < 0.02);
});

test("rows that are missing are said to be, and an invalid run says why", async () => {
  const { folder, found } = await measuredRun("c", [], false);
  rmSync(join(folder, "rows-1.jsonl.gz"));
  const run = await loadRun(found);
  assert.match(run.note!, /rows of c cannot be read/);
  assert.deepEqual(run.invalid, ["requests left late"]);
  assert.equal((await loadRun({ ...found, id: "c.json" })).scenario, undefined);
});

test("the cost of calls that were given up is compared, too, as the endpoint told it", async () => {
  const patient = { path: ["client", "timeout"], value: "10s", origin: "test" };
  const hasty = { ...patient, value: "1s" };
  const [a, b] = [await measuredRun("a", [patient]), await measuredRun("b", [hasty])];
  const costOf = ({ found }: typeof a) => found.result.strategies[0]!.total.cost[found.result.billing].usdPer1kServed;
  const { rows } = compareRuns([await loadRun(a.found), await loadRun(b.found)]);
  const row = rows.find(({ metric }) => metric === "usdPer1kServed")!;
  const change = costOf(b).value! / costOf(a).value! - 1;
  assert.ok(change > 0.1, "calls that ran on after their callers had left");
  assert.ok(Math.abs(row.relative.value! - change) < 1e-9, `${row.relative.value} for ${change}`);
});
