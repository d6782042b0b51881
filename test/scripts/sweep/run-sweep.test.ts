import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openStore } from "../../../scripts/sweep/open-store.ts";
import { estimateSweep, estimateText, tierOf } from "../../../scripts/sweep/run-sweep.ts";
import { plannedSweep } from "../../../scripts/sweep/sweep-spec.ts";
import { TINY } from "../run-meridian.ts";

let root = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "meridian-estimate-"));
});
after(() => rm(root, { recursive: true }));

describe("the estimate of a sweep", () => {
  it("runs a few variants, keeps them, and scales their time to the rest", async () => {
    const overrides = [
      { path: ["requests"], value: 100, origin: "--set" },
      { path: ["replications"], value: 1, origin: "--set" },
    ];
    const { sweep } = await plannedSweep(TINY, { vary: ["seed=1..40x40"], strategy: ["single"] }, overrides);
    const store = openStore(join(root, "jobs"));
    const signal = new AbortController().signal;
    const estimate = await estimateSweep(sweep, store, { usdPerCoreHour: 3600, signal });
    const { jobs, todo, sampled, secondsPerJob, usd, tier } = estimate;
    assert.deepEqual([jobs, todo, sampled, tier], [40, 36, 4, "threads"]);
    assert.ok(secondsPerJob > 0 && Math.abs(usd - 36 * secondsPerJob) < 1e-9);
    const done = await Promise.all(sweep.jobs.map(({ key }) => store.isDone(key)));
    assert.equal(done.filter(Boolean).length, 4);
    assert.ok(done[0] && done[39], "from the first to the last");
    assert.match(estimateText(estimate), /36 of 40 variants are to do: .* core-seconds each \(median of 4 that ran\)/);
    assert.match(estimateText(estimate), /use threads of this machine/);
    await assert.rejects(
      estimateSweep(sweep, store, { usdPerCoreHour: 1, signal: AbortSignal.abort() }),
      /INTERRUPTED/,
    );
  });

  it("names a tier by what is to do, whatever machine asks", () => {
    const tier = (todo: number, coreHours: number) => tierOf({ todo, coreHours, coresHere: 2 });
    assert.deepEqual(
      [tier(1000, 2), tier(1000, 2.1), tier(100_000, 1000), tier(100_001, 10), tier(1000, 1001)],
      ["threads", "redis", "redis", "shards", "shards"],
    );
  });
});
