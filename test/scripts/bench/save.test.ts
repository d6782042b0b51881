import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import type { BenchedStrategy } from "../../../scripts/bench/run.ts";
import { saveBench } from "../../../scripts/bench/save.ts";
import { prepareExperiment } from "../../../scripts/io/experiment.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { assembleResult, runJob } from "../../../simulator/experiment/index.ts";
import { TINY } from "../run-meridian.ts";

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
