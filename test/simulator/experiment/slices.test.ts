import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type PreparedExperiment, prepareText } from "../../../scripts/io/experiment.ts";
import { assembleResult, type JobOutput, planJobs, runJob } from "../../../simulator/experiment/index.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { SliceSampler, slicesOf } from "../../../simulator/experiment/slices.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { createTraffic } from "../../../simulator/traffic/source.ts";
import { budget } from "../../budget.ts";

const SINGLE = "{ single: { target: us-east-1 } }";

/** A day by the clock: load, price and latency rise and fall together. @param servers at 16 requests a second on average */
const dayYaml = (more: string, servers = 26, strategies = `[${SINGLE}, cheapest]`) => `
name: day
world:
  regions: [us-east-1, us-west-2]
  models:
    nova: { id: amazon.nova-pro-v1:0, capacity: { kind: slots, servers: ${servers}, service: { exponential: { mean: 1s } } } }
  prices: { hourly: { sine: { swing: { peakToTrough: 1.31 }, peakAt: "15:00 local" } } }
traffic:
  - class: chat
    arrivals: { sinusoid: { rate: 16/s, amplitude: 0.4, period: 24h, peakAt: 15h } }
    tokens: { input: { lognormal: { mean: 1200, cv: 0.7 } }, output: { lognormal: { mean: 300, cv: 0.6 } }, maxTokens: 1000 }
    origin: us-east-1
strategies: ${strategies}
${more}
`;

async function planOf(more: string, servers?: number, strategies?: string): Promise<PreparedExperiment> {
  return prepareText(dayYaml(more, servers, strategies), "day.yaml");
}

/** For what is asked of one strategy alone, whose draws do not depend on others. */
const singleOf = (more: string, servers?: number) => planOf(more, servers, `[${SINGLE}]`);

function run({ inputs }: PreparedExperiment): RunResult {
  const outputs = planJobs({ ...inputs, skipQuotaNeeds: true }, 1).map((job): JobOutput => {
    const steps = runJob({ ...inputs, skipQuotaNeeds: true }, job);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  });
  return assembleResult(inputs, outputs, { scenarioSha256: "", meridianVersion: "0", traces: [] });
}

const PLAN = { seed: 5, durationMs: 86_400_000, arrivalsFromMs: 0, warmup: { kind: "none", amount: 0 } } as Plan;

describe("slices of a run", () => {
  it("lie one in each part, do not overlap, and are as long together as asked for", () => {
    fc.assert(
      fc.property(
        fc.record({ count: fc.integer({ min: 2, max: 40 }), share: fc.double({ min: 0.01, max: 0.9, noNaN: true }) }),
        fc.integer({ min: 0, max: 50 }),
        ({ count, share }, replication) => {
          const partMs = PLAN.durationMs / count;
          const slices = { count, lengthMs: share * partMs, warmupMs: 60_000 };
          const found = slicesOf({ ...PLAN, slices }, replication);
          let endMs = 0;
          for (const { warmFromMs, fromMs, toMs } of found) {
            assert.ok(endMs <= warmFromMs && warmFromMs <= fromMs && fromMs < toMs);
            const part = Math.floor((fromMs + toMs) / 2 / partMs) * partMs;
            assert.ok(fromMs >= part - 1e-3 && toMs <= part + partMs + 1e-3, "within its part");
            endMs = toMs;
          }
          assert.ok(endMs <= PLAN.durationMs + 1e-6);
          const whole = found.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
          assert.ok(Math.abs(whole - count * slices.lengthMs) < 1e-3);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("hold every instant equally often, also those at the edges of parts", () => {
    const plan = { ...PLAN, slices: { count: 24, lengthMs: 900_000, warmupMs: 0 } };
    const at = [0.0005, 0.25, 0.5, 0.9995].map((share) => (7 + share) * 3_600_000);
    const hits = at.map(() => 0);
    for (let replication = 0; replication < 4_000; replication++)
      for (const { fromMs, toMs } of slicesOf(plan, replication))
        at.forEach((ms, i) => {
          if (fromMs <= ms && ms < toMs) hits[i]!++;
        });
    // A quarter of 4,000, with a standard error of 27.
    for (const count of hits) assert.ok(Math.abs(count - 1000) < 110, String(hits));
  });

  it("take the same rows however the traffic is cut into chunks, and know how many there are in all", async () => {
    const { inputs } = await planOf("duration: 1h\nslices: { count: 6, length: 40s, warmup: 30s }");
    const rows = [100, 5_000].map((chunkRows) => {
      const sampler = new SliceSampler(inputs.plan, 0, 1);
      const traffic = createTraffic(inputs.plan.traffic, { ...inputs.plan, replication: 0, chunkRows });
      const counted: number[] = [];
      for (let chunk = traffic.next(); chunk !== undefined; chunk = traffic.next())
        for (const piece of sampler.cut(chunk))
          if (piece.isCounted) counted.push(...piece.chunk.arrivalMs.subarray(0, piece.chunk.length));
      return counted;
    });
    assert.deepEqual(rows[0], rows[1]);
    const inSlice = (ms: number) => slicesOf(inputs.plan, 0).some(({ fromMs, toMs }) => fromMs <= ms && ms < toMs);
    assert.ok(rows[0]!.length > 1000 && rows[0]!.every(inSlice));
  });

  it("say of the whole run what the whole run says, within the error that they state", async () => {
    // 57,600 requests an hour on average: a replication of 174 hours has 10 million.
    const [hours, seeds] = budget([174, 2], [4, 5]);
    const whole = run(await singleOf(`duration: ${hours}h\nreplications: ${budget(2, 5)}`));
    const truth = whole.strategies[0]!.total;
    let covered = 0;
    let asked = 0;
    for (let seed = 1; seed <= seeds; seed++) {
      const slices = `slices: { count: ${3 * hours}, length: 1m, warmup: 1m }`;
      const sliced = run(await singleOf(`duration: ${hours}h\nreplications: 5\nseed: ${seed}\n${slices}`));
      const { total, status } = sliced.strategies[0]!;
      assert.equal(status, "ok");
      const perReplication = truth.counts.sent / whole.replications.done;
      assert.ok(Math.abs(total.counts.sent / 5 / perReplication - 1) < 0.02, "seeds differ by their own noise");
      for (const [mine, theirs] of [
        [total.e2eMs.p95, truth.e2eMs.p95],
        [total.e2eMs.mean, truth.e2eMs.mean],
        [total.cost.source.usdPer1kServed, truth.cost.source.usdPer1kServed],
      ] as const) {
        // Both are estimates with an interval of their own.
        const half = Math.hypot((mine.high! - mine.low!) / 2, (theirs.high! - theirs.low!) / 2);
        asked++;
        if (Math.abs(mine.value! - theirs.value!) <= half) covered++;
        assert.ok(Math.abs(mine.value! / theirs.value! - 1) < 0.03, `${mine.value} against ${theirs.value} ± ${half}`);
      }
    }
    assert.ok(covered >= 0.8 * asked, `${covered} of ${asked} within`);
  });

  it("scale counts and bills to the arrivals of the whole run, to the last request", async () => {
    const whole = run(await planOf("duration: 2h\nreplications: 2"));
    const sliced = run(await planOf("duration: 2h\nreplications: 2\nslices: { count: 12, length: 1m, warmup: 1m }"));
    for (const [s, { total, byClass }] of sliced.strategies.entries()) {
      assert.equal(total.counts.sent, whole.strategies[s]!.total.counts.sent);
      assert.equal(total.counts.sent, byClass[0]!.counts.sent);
      const [mine, theirs] = [total, whole.strategies[s]!.total].map(({ cost }) => cost.source.totalUsd.value!);
      assert.ok(Math.abs(mine! / theirs! - 1) < 0.05, `${mine} against ${theirs}`);
    }
    assert.equal(sliced.strategies[0]!.quotaNeeds, undefined, "the busiest minute may lie between slices");
  });

  it("call a strategy unstable whose backlog grows within them: a short slice would show a short wait", async () => {
    const sliced = run(
      await singleOf("duration: 6h\nslices: { count: 12, length: 2m, warmup: 1m }\nreplications: 2", 8),
    );
    const [single] = sliced.strategies;
    assert.equal(single!.status, "unstable");
    assert.match(single!.statusReason!, /grows within the slices|overload|backlog grew/);
  });

  it("need a run of a set length, longer than they are, and no warm-up in requests", async () => {
    await assert.rejects(planOf("requests: 1000\nslices: { count: 2, length: 1m }"), /SLICES_WITHOUT_DURATION/);
    await assert.rejects(planOf("duration: 1h\nslices: { count: 60, length: 1m }"), /SLICES_TOO_LONG/);
    await assert.rejects(
      planOf("duration: 1h\nwarmup: { requests: 10 }\nslices: { count: 2, length: 1m }"),
      /SLICES_WARMUP/,
    );
    const { inputs } = await planOf("duration: 10h\nslices: { count: 10, length: 1m }");
    assert.match(inputs.plan.notes.join(" "), /1\.7 % of the run counts, 10 % is simulated/);
  });
});
