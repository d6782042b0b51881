import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FIELD } from "../../../simulator/engine/recorder.ts";
import { type JobProgress, planJobs, runJob } from "../../../simulator/experiment/job.ts";
import { CALLS_MAX } from "../../../simulator/experiment/kept-calls.ts";
import type { ReplicationStats } from "../../../simulator/experiment/replication-stats.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { classInput, planOf, scenarioInput, worldInput } from "../scenario/base.ts";
import { runAll } from "./fixtures.ts";

describe("jobs", () => {
  it("cut the work so that every strategy meets every replication once", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 16 }),
        (replications, strategies, workers) => {
          const strategiesOf = new Array(strategies).fill({});
          const plan = { replications, strategies: strategiesOf, traffic: [], requestsMax: 1000 } as unknown as Plan;
          const jobs = planJobs({ plan }, workers);
          const met = jobs.flatMap((job) => job.strategyIndices.map((index) => `${job.replication}/${index}`));
          assert.equal(met.length, replications * strategies);
          assert.equal(new Set(met).size, met.length);
          assert.ok(jobs.every((job) => job.strategyIndices.length > 0));
          assert.ok(jobs.length >= Math.min(workers, replications * strategies) || replications >= workers);
          const keeping = jobs.filter(({ replication }) => replication === 0);
          assert.ok(
            keeping.every(({ strategyIndices }) => strategyIndices.length === 1),
            "calls are kept of one at a time",
          );
        },
      ),
    );
  });

  it("the results do not depend on how the work is cut", () => {
    const plan = planOf(
      scenarioInput({ replications: 2, strategies: ["round-robin", "least-outstanding", "cheapest"] }),
    );
    const stats = (workers: number) =>
      runAll({ plan }, workers)
        .flatMap((output) => output.stats)
        .sort((a, b) => a.strategy - b.strategy || a.replication - b.replication);
    assert.deepEqual(stats(6), stats(1));
  });

  it("of long runs keep the calls of one strategy at a time, and the results do not depend on that", () => {
    const traffic = [
      classInput({ arrivals: { poisson: "6/s" }, tokens: { input: 1000, output: 200, maxTokens: 400 } }),
    ];
    const quotas = [{ region: "a", tokensPerMinute: "220k", law: "clock-window" }];
    const world = worldInput({ quotas } as never);
    const strategies = ["round-robin", "random"];
    const plan = planOf(
      scenarioInput({
        requests: CALLS_MAX + 30_000,
        world,
        traffic,
        strategies,
        client: { retry: "standard" },
      } as never),
    );
    const run = (strategyIndices: readonly number[]) => {
      const job = runJob({ plan }, { replication: 0, strategyIndices });
      const steps: JobProgress[] = [];
      for (;;) {
        const step = job.next();
        if (step.done === true) return { steps, stats: step.value.stats };
        steps.push(step.value);
      }
    };
    const { stats, steps } = run([0, 1]);
    assert.deepEqual(stats[1], run([1]).stats[0]);
    assert.ok(steps.every(({ requestsDone }, i) => requestsDone >= (steps[i - 1]?.requestsDone ?? 0)));
    assert.deepEqual([steps.at(-1)!.requestsDone, steps.at(-1)!.share], [2 * (CALLS_MAX + 30_000), 1]);
    const [{ total, quotaNeeds }] = stats as [ReplicationStats];
    assert.ok(quotaNeeds![0]!.callsLeftOut > 20_000);
    assert.ok(total.fields[FIELD.attemptsThrottled]! > 1000, "calls come again");
  });

  it("report progress that rises to 1, and can be left at any time", () => {
    const plan = planOf(scenarioInput({ requests: 50_000 }));
    const job = runJob({ plan }, { replication: 0, strategyIndices: [0] });
    const shares: number[] = [];
    for (let step = job.next(); step.done !== true; step = job.next()) shares.push(step.value.share);
    assert.ok(shares.length >= 3);
    assert.ok(shares.every((share, i) => share > (shares[i - 1] ?? 0)));
    assert.equal(shares.at(-1), 1);
  });

  it("report the first strategy's p95 and bill as they go", () => {
    // 8 servers at a tenth of their rate: no request waits, so the latency is exponential, p95 = -ln 0.05 s.
    const traffic = [
      classInput({ arrivals: { poisson: "0.8/s" }, tokens: { input: 1000, output: 200, maxTokens: 400 } }),
    ];
    const plan = planOf(scenarioInput({ requests: 20_000, traffic }));
    const job = runJob({ plan }, { replication: 0, strategyIndices: [0] });
    const first = job.next().value as JobProgress;
    assert.equal(first.requestsDone, 16_384);
    // Five standard errors of a sample quantile: sqrt(p (1 - p) / n) over the density at it, 0.05 per s.
    const error = (Math.sqrt((0.95 * 0.05) / 16_384) / 0.05) * 1000;
    assert.ok(Math.abs(first.p95Ms! - -Math.log(0.05) * 1000) < 5 * error, `${first.p95Ms}`);
    // 1,000 tokens at 1 USD and 200 at 5 USD per million; a handful of requests are still under way.
    assert.ok(first.costUsd! <= 16_384 * 0.002 + 1e-9 && first.costUsd! > 16_364 * 0.002, `${first.costUsd}`);
  });
});
