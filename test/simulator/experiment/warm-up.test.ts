import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  mserCut,
  type PilotOutput,
  planPilots,
  runPilot,
  settleWarmup,
} from "../../../simulator/experiment/warm-up.ts";
import { purposeStream } from "../../../simulator/random/sampler.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { budget } from "../../budget.ts";
import { classInput, planOf, scenarioInput, worldInput } from "../scenario/base.ts";

/** M/M/1 at 90 %: mean time in system 1 / (1 - 0.9) = 10 service times. */
function autoPlan(strategies: readonly string[] = ["round-robin"]): Plan {
  const capacity = { kind: "slots", servers: 1, service: { exponential: { mean: "1s" } } };
  return planOf(
    scenarioInput({
      warmup: "auto",
      replications: 3,
      strategies,
      world: worldInput({ regions: [{ name: "a" }], models: { m: { id: "x.y", burndown: 1, capacity } } } as never),
      traffic: [classInput({ arrivals: { poisson: "0.9/s" } })],
    } as never),
  );
}

function runToEnd(plan: Plan): readonly PilotOutput[] {
  return planPilots(plan).map((job) => {
    const run = runPilot({ plan }, job);
    for (;;) {
      const step = run.next();
      if (step.done === true) return step.value;
    }
  });
}

/** Times in an M/M/1 system that starts empty, by Lindley's recursion: no code of the simulator's. */
function lindley(requests: number, key: string): Float64Array {
  const random = purposeStream(11, key);
  const times = new Float64Array(requests);
  let wait = 0;
  for (let i = 0; i < requests; i++) {
    const service = -Math.log(1 - random.next());
    times[i] = wait + service;
    wait = Math.max(0, wait + service + Math.log(1 - random.next()) / 0.9);
  }
  return times;
}

function batches(times: Float64Array): Float64Array {
  return Float64Array.from({ length: times.length / 5 }, (_, i) => {
    return times.subarray(5 * i, 5 * i + 5).reduce((sum, time) => sum + time, 0) / 5;
  });
}

const mean = (values: Float64Array | readonly number[]): number =>
  (values as readonly number[]).reduce((sum, value) => sum + value, 0) / values.length;

describe("warm-up: auto", () => {
  it("plans pilots of every strategy, on draws that the replications do not use", () => {
    const plan = autoPlan(["round-robin", "least-outstanding"]);
    const pilots = planPilots(plan);
    // The schema takes 10,000 replications, counted from 0.
    assert.ok(pilots.every(({ replication }) => replication >= 10_000));
    assert.equal(new Set(pilots.map(({ replication }) => replication)).size, 5);
    assert.deepEqual(planPilots({ ...plan, replications: 30 }), pilots, "however many replications there are");
    assert.equal(pilots.length, 10);
    assert.deepEqual(planPilots(planOf(scenarioInput({}))), [], "nothing was left to pilots");
  });

  it("reads the pilots' latencies in the order of arrival, from an empty system on", () => {
    const plan = autoPlan();
    const pilots = runToEnd(plan);
    assert.ok(pilots.every(({ meansMs }) => meansMs.length === 400));
    const start = mean(pilots.map(({ meansMs }) => meansMs[0]!));
    // The first five requests of an empty system are in it for 1.0 to 2.3 service times on the average.
    assert.ok(start > 500 && start < 4000, `${start}`);
    const all = mean(pilots.map(({ meansMs }) => mean(meansMs)));
    assert.ok(all > 5000 && all < 18_000, `${all}: some ten service times`);
  });

  it("brings an M/M/1 system that starts empty nearer to its closed form", () => {
    const plan = autoPlan();
    const [experiments, replications, requests] = [budget(200, 100), 10, 4000];
    const raw: number[] = [];
    const gained: number[] = [];
    for (let e = 0; e < experiments; e++) {
      const pilots = [0, 1, 2, 3, 4].map((p) => ({
        strategy: 0,
        meansMs: batches(lindley(requests, `${e}/pilot${p}`)),
      }));
      const { amount } = settleWarmup(plan, pilots).warmup;
      const runs = Array.from({ length: replications }, (_, r) => lindley(requests, `${e}/run${r}`));
      raw.push(mean(runs.map(mean)));
      gained.push(mean(runs.map((times) => mean(times.subarray(amount)) - mean(times))));
    }
    const bias = mean(raw) - 10;
    const gain = mean(gained);
    const error = Math.sqrt(mean(gained.map((each) => (each - gain) ** 2)) / experiments);
    assert.ok(bias < -0.2, `${bias}: the empty start is in the mean`);
    assert.ok(gain > 4 * error, `${gain} is shown to be gained, standard error ${error}`);
    // MSER weighs bias against the data that a cut costs, and leaves some: about two thirds at this length.
    assert.ok(Math.abs(bias + gain) < 0.8 * Math.abs(bias), `bias ${bias} without a cut, ${bias + gain} with it`);
  });

  it("takes the longest of the strategies' cuts for all, and tells each", () => {
    const plan = autoPlan(["round-robin", "least-outstanding"]);
    const step = (at: number) => Float64Array.from({ length: 200 }, (_, i) => (i < at ? 1 : 10) + (i % 2) / 10);
    const settled = settleWarmup(plan, [
      { strategy: 1, meansMs: step(12) },
      { strategy: 0, meansMs: step(40) },
    ]);
    assert.deepEqual([settled.warmup.kind, settled.warmup.amount, settled.warmup.isAuto], ["requests", 200, undefined]);
    assert.match(settled.notes.at(-1)!, /first 200 requests.*round-robin 200, least-outstanding 60/);
  });

  it("refuses to cut for a strategy that does not settle, and says so", () => {
    const plan = autoPlan(["round-robin", "least-outstanding"]);
    const growing = Float64Array.from({ length: 200 }, (_, i) => i);
    const flat = new Float64Array(200).fill(7);
    const settled = settleWarmup(plan, [
      { strategy: 0, meansMs: growing },
      { strategy: 1, meansMs: flat },
    ]);
    assert.deepEqual([settled.warmup.kind, settled.warmup.amount], ["none", 0]);
    assert.match(settled.warmup.removed!, /^nothing: MSER-5/);
    assert.match(settled.notes.at(-1)!, /^round-robin: not settled/);
  });

  it("takes pilots in which no request was served", () => {
    const unserved = new Float64Array(200).fill(Number.NaN);
    const { warmup } = settleWarmup(autoPlan(), [{ strategy: 0, meansMs: unserved }]);
    assert.deepEqual([warmup.kind, warmup.amount], ["none", 0]);
  });
});

/** The definition, step by step. */
function byDefinition(means: readonly number[]): number | null {
  const m = means.length;
  let least = Number.POSITIVE_INFINITY;
  let cut = 0;
  for (let d = 0; d < m - 5; d++) {
    const rest = means.slice(d);
    const mean = rest.reduce((sum, z) => sum + z, 0) / rest.length;
    const statistic = rest.reduce((sum, z) => sum + (z - mean) ** 2, 0) / rest.length ** 2;
    if (statistic < least) {
      least = statistic;
      cut = d;
    }
  }
  return cut > m / 2 ? null : cut;
}

describe("MSER-5", () => {
  it("is its definition", () => {
    const values = fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { minLength: 20, maxLength: 60 });
    fc.assert(
      fc.property(values, (means) => {
        // Values apart from one another: two statistics that differ in their last digit only have no order.
        const series = means.map((value, i) => Math.round(value) + i / 97);
        assert.equal(mserCut(series), byDefinition(series));
      }),
    );
  });

  it("cuts a step where it is", () => {
    const series = Array.from({ length: 200 }, (_, i) => (i < 37 ? 1 : 10) + (i % 2) / 10);
    assert.equal(mserCut(series), 37);
  });

  it("removes nothing from a series that has settled from the start, however large its values", () => {
    assert.equal(mserCut(new Array(100).fill(5)), 0);
    assert.equal(mserCut(Array.from({ length: 100 }, (_, i) => 1e9 + (i % 2))), 0);
  });

  it("refuses a series that is still under way in its last half, or too short", () => {
    assert.equal(mserCut(Array.from({ length: 100 }, (_, i) => i)), null, "a backlog that grows for ever");
    assert.equal(mserCut(Array.from({ length: 100 }, (_, i) => (i < 60 ? 1 : 10))), null);
    assert.equal(mserCut(new Array(19).fill(5)), null);
  });

  it("takes most of the bias off a start that fades away", () => {
    // z_i = 10 - 8 exp(-i / 40) + noise of standard deviation 1: the bias of the mean of 1000 is -8 x 40 / 1000.
    const random = purposeStream(3, "test/mser");
    const noise = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    let bias = 0;
    const rounds = 50;
    for (let round = 0; round < rounds; round++) {
      const cut = mserCut(Array.from({ length: 1000 }, (_, i) => 10 - 8 * Math.exp(-i / 40) + noise()))!;
      bias += (-8 * 40 * Math.exp(-cut / 40)) / (1000 - cut) / rounds;
    }
    assert.ok(bias > -0.064, `${bias}: less than a fifth of -0.32 is left`);
  });
});
