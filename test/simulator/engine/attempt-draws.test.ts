import assert from "node:assert/strict";
import { it } from "node:test";
import { AttemptDraws, FirstDraws, Jitter, LEG } from "../../../simulator/engine/attempt-draws.ts";
import { replicationSeed, Simulation } from "../../../simulator/engine/simulation.ts";
import { keyedUniform, purposeKey } from "../../../simulator/random/keyed-random.ts";
import { createLaw } from "../../../simulator/random/laws/index.ts";
import { compileSampler } from "../../../simulator/random/sampler.ts";
import type { CapacitySpec } from "../../../simulator/service/capacity/index.ts";
import { createTraffic } from "../../../simulator/traffic/source.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";

const SEED = 3;

/** Two regions of one model, a tenth of whose calls are throttled and come again. */
function plan(law: "alike" | "different") {
  const batching = (cv: number) => ({
    kind: "batching" as const,
    stepBase: "9ms",
    stepPerSequence: "0.1ms",
    maxBatch: 8,
    noise: { lognormal: { mean: 1, cv } },
  });
  return planOf(
    scenarioInput({
      requests: 4000,
      world: {
        regions: ["us-east-1", "eu-west-1"],
        models: {
          m: {
            id: "anthropic.claude-3-5-sonnet-20240620-v1:0",
            onDemand: true,
            capacity: batching(0.3),
            ...(law === "different" ? { capacityIn: { "eu-west-1": batching(0.4) } } : {}),
          },
        },
        quotas: [{ tokensPerMinute: 40_000, law: "token-bucket" }],
      },
      traffic: [
        {
          class: "chat",
          arrivals: { poisson: "6/s" },
          tokens: { input: 100, output: { lognormal: { mean: 40, cv: 1 } }, maxTokens: 200 },
          origin: "us-east-1",
        },
      ],
      strategies: [{ "round-robin": {} }],
      client: { retry: "standard" },
    }),
  );
}

function run(of: ReturnType<typeof plan>, draws: AttemptDraws) {
  const seed = replicationSeed(of.seed, 0);
  const simulation = new Simulation(of, of.strategies[0]!, seed, null, null, draws);
  const source = { seed: of.seed, replication: 0, durationMs: of.durationMs, fromMs: of.arrivalsFromMs };
  const traffic = createTraffic(of.traffic, { ...source, requestsMax: of.requestsMax, chunkRows: 512 });
  for (let chunk = traffic.next(); chunk !== undefined; chunk = traffic.next()) simulation.run(chunk);
  const { recorder } = simulation.end();
  return { cells: [...recorder.cells], e2e: [...recorder.e2e.merged([0, 1])] };
}

it("work that was drawn ahead is the work that each attempt draws for itself", () => {
  const of = plan("alike");
  const ahead = new AttemptDraws(of, replicationSeed(of.seed, 0));
  assert.ok(ahead.work !== null);
  const { cells, e2e } = run(of, ahead);
  assert.deepEqual(run(of, { jitter: new AttemptDraws(of, replicationSeed(of.seed, 0)).jitter, work: null }), {
    cells,
    e2e,
  });
  // A draw of another request's would not do.
  const shifted = new AttemptDraws(of, replicationSeed(of.seed, 0));
  const { prepare } = shifted.work!;
  shifted.work!.prepare = (first, requests) => prepare.call(shifted.work, first + 1, requests);
  assert.notDeepEqual(run(of, shifted).e2e, e2e);
});

it("is not drawn ahead where endpoints have different laws, or none", () => {
  assert.equal(new AttemptDraws(plan("different"), SEED).work, null);
  const base = plan("alike");
  const endpoints = base.world.endpoints.map((endpoint) => ({
    ...endpoint,
    capacity: { ...endpoint.capacity, noise: null } as CapacitySpec,
  }));
  assert.equal(new AttemptDraws({ ...base, world: { ...base.world, endpoints } }, SEED).work, null);
});

const sample = compileSampler(createLaw({ kind: "lognormal", mean: 1, cv: 0.5 }));
const key = purposeKey(7, "service");

it("first draws are what each request's first attempt would draw, from whatever request on", () => {
  const draws = new FirstDraws(sample, key);
  for (const [from, count] of [
    [0, 5],
    [5, 3],
    [8, 9],
    [8, 4],
  ] as const) {
    draws.prepare(from, count);
    assert.deepEqual(
      [...draws.values.subarray(0, count)],
      Array.from({ length: count }, (_, i) => sample(keyedUniform(key, from + i, 0))),
    );
  }
});

it("first draws are made once for those who share them", () => {
  let drawn = 0;
  const draws = new FirstDraws((uniform) => {
    drawn++;
    return uniform;
  }, key);
  for (let strategy = 0; strategy < 3; strategy++) draws.prepare(100, 50);
  assert.equal(drawn, 50);
});

it("what is drawn ahead for first attempts is what they draw", () => {
  const jitter = new Jitter(0.3, 7);
  const drawn = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);
  for (const [from, count] of [
    [0, 5],
    [5, 3],
    [8, 9],
  ] as const) {
    jitter.prepare(from, count);
    assert.deepEqual(
      [...jitter.there.subarray(0, count)],
      drawn(from, count).map((request) => jitter.factor(LEG.there, request, 0)),
    );
    assert.deepEqual(
      [...jitter.back.subarray(0, count)],
      drawn(from, count).map((request) => jitter.factor(LEG.back, request, 0)),
    );
  }
});
