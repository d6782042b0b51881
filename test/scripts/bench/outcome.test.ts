import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { concludeBench, gatesOf, saveBench, spendNotes, tokenNotes } from "../../../scripts/bench/outcome.ts";
import type { BenchedStrategy } from "../../../scripts/bench/run.ts";
import { type PreparedExperiment, prepareExperiment } from "../../../scripts/io/experiment.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { assembleResult, runJob } from "../../../simulator/experiment/index.ts";
import { TINY } from "../run-meridian.ts";

// What it saves and prints of whole runs: commands/bench.test.ts and import-rows.test.ts.
it("a bench without all of its rows is no run: it says why and saves nothing", async () => {
  const report = {
    strategy: "one",
    requests: 1,
    attempts: 1,
    lagMs: { p50: 0, p99: 0, max: 0 },
    serverLateMsP99: null,
    e2eMsP50: 1,
    attemptsWithoutUsage: 0,
    isComplete: false,
    faults: ["1 of 2 requests have no row"],
  };
  const conclusion = {
    experiment: undefined as never,
    benched: [{ run: undefined as never, report, records: new Map(), rowsText: new Uint8Array(0) }],
    place: "here",
    notes: [],
    startedAt: new Date(0),
    k6Version: "1.8.1",
    input: { args: [], options: {}, terminal: undefined as never, signal: new AbortController().signal },
  };
  await assert.rejects(concludeBench(conclusion), (error: unknown) => {
    assert.ok(error instanceof MeridianError);
    assert.equal(error.exitCode, 99);
    assert.match(error.message, /BENCH_INVALID {2}one: 1 of 2 requests have no row/);
    assert.match(error.message, /fix: free the machine/);
    return true;
  });
  const { benched } = conclusion;
  for (const [fault, fix] of [
    ["9 calls were rejected as wrong, first with 403 MissingAuthenticationTokenException", /fix: .*auth, keyFrom/],
    ["no endpoint answered any of 9 calls; the first ended with nothing", /fix: are the endpoints running/],
  ] as const) {
    const failed = { ...benched[0]!, report: { ...report, faults: [fault] } };
    await assert.rejects(concludeBench({ ...conclusion, benched: [failed] }), { message: fix });
  }
});

describe("gates of a scenario", () => {
  const experiment = { inputs: { plan: { assertions: ["a", "b"] } } } as unknown as PreparedExperiment;

  it("are left out of a shortened bench, which says so", () => {
    for (const options of [{ duration: "1m" }, { at: "14h" }]) {
      const { experiment: shortened, notes } = gatesOf(experiment, options);
      assert.deepEqual(shortened.inputs.plan.assertions, []);
      assert.match(notes.join(), /^The scenario's 2 gates .*--assert checks them\.$/);
    }
  });

  it("are told of by number", () => {
    const one = { inputs: { plan: { assertions: ["a"] } } } as unknown as PreparedExperiment;
    const told = "The scenario's gate is about its whole run and was not checked on this part; --assert checks it.";
    assert.deepEqual(gatesOf(one, { at: "1h" }).notes, [told]);
  });

  it("stand for a whole run, and where they are asked for", () => {
    for (const options of [{}, { duration: "1m", assert: true }]) {
      assert.deepEqual(gatesOf(experiment, options), { experiment, notes: [] });
    }
    const without = { inputs: { plan: { assertions: [] } } } as unknown as PreparedExperiment;
    assert.deepEqual(gatesOf(without, { duration: "1m" }).notes, []);
  });
});

it("counted tokens are held against those wanted, of served attempts that reported any", () => {
  const schedule = [
    [0, 0, 0, 100, 50, 90, 0, -1],
    [1, 0, 0, 300, 50, 90, 0, -1],
  ];
  const attempts = [
    { i: 0, k: "ok", u: [60, 30, 30, 20] },
    { i: 1, k: "ok", u: [298, 90, 0, 0] },
    { i: 1, k: "throttled", u: null },
    { i: 0, k: "timeout", u: [9, 9, 9, 9] },
  ];
  const benched = { run: { schedule, attempts }, report: { strategy: "one" } } as unknown as BenchedStrategy;
  const nothing = { run: { schedule, attempts: [] }, report: { strategy: "two" } } as unknown as BenchedStrategy;
  assert.deepEqual(tokenNotes([benched, nothing]), [
    "one: the service counted 408 input tokens where 400 were wanted (+2.0 %), and 120 output tokens where 100 were (+20.0 %).",
  ]);
});

it("a budget is accounted for where there was one", () => {
  const of = (spend: object) => ({ report: { strategy: "one" }, ...spend }) as unknown as BenchedStrategy;
  const spend = { budgetUsd: 2.5, spentUsd: 0.72754, requestsStopped: 3 };
  assert.match(
    spendNotes([of({ spend }), of({})]).join("|"),
    /^one: at most 0\.7275 USD of 2\.5000 were spent, [^|]*$/,
  );
});

it("a bench that was stopped while its report was made is not saved", async () => {
  const out = await mkdtemp(join(tmpdir(), "meridian-save-"));
  const overrides = [
    { path: ["replications"], value: 1, origin: "test" },
    { path: ["requests"], value: 200, origin: "test" },
  ];
  const experiment = await prepareExperiment(TINY, { overrides, strategies: [] });
  const jobs = runJob(experiment.inputs, { replication: 0, strategyIndices: [0, 1] });
  let job = jobs.next();
  while (!job.done) job = jobs.next();
  const provenance = { scenarioSha256: "00", meridianVersion: "0", traces: [] };
  const result = assembleResult(experiment.inputs, [job.value], provenance);
  const report: BenchedStrategy["report"] = {
    strategy: "single",
    requests: 0,
    attempts: 0,
    lagMs: { p50: 0, p99: 0, max: 0 },
    serverLateMsP99: null,
    e2eMsP50: null,
    attemptsWithoutUsage: 0,
    isComplete: true,
    faults: [],
  };
  const run = { schedule: [], attempts: [], requests: [], isStreaming: true, ranIn: () => undefined };
  const facts = { out, startedAt: new Date(0), k6Version: "1.8.1", place: "a test", reasons: [] };
  const save = (signal: AbortSignal) =>
    saveBench(experiment, result, [{ run, report, records: new Map(), rowsText: Buffer.from("{}\n") }], {
      ...facts,
      signal,
    });
  await assert.rejects(save(AbortSignal.abort()), (error) => error instanceof MeridianError && error.exitCode === 130);
  assert.deepEqual(await readdir(out), []);
  const saved = await save(new AbortController().signal);
  const files = await readdir(saved.folder);
  assert.ok(files.includes("rows-1.jsonl.gz"));
  assert.ok(files.includes("schedule.json.gz"));
  const bench = JSON.parse(await readFile(join(saved.folder, "bench.json"), "utf8"));
  assert.deepEqual(
    bench.targets,
    experiment.inputs.plan.targets.map(({ id }) => id),
  );
  assert.equal(bench.strategies[0].schedule, "schedule.json.gz");
  await rm(out, { recursive: true });
});
