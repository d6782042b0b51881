import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ModelRounds,
  type ModelSummary,
  type Program,
  performanceTable,
  type Round,
  runRounds,
  spreadOf,
  summarise,
} from "../../../studies/performance/rounds.ts";

test("programs take turns, each round has its own seed, answers are compared at equal length", async () => {
  const calls: string[] = [];
  const program =
    (name: string): Program =>
    async (model, requests, seed) => {
      calls.push(`${name} ${model} ${requests}`);
      return { seconds: seed, userSeconds: seed, requests, meanMs: 1, p95Ms: 1, throttledShare: 0, failedShare: 0 };
    };
  const plan = { rounds: 2, engineRequests: 40, peerRequests: 10 };
  const done: string[] = [];
  const rounds = await runRounds("r2", plan, program("engine"), program("peer"), (text) => done.push(text));
  assert.deepEqual(calls, ["engine r2 40", "peer r2 10", "engine r2 10", "engine r2 40", "peer r2 10", "engine r2 10"]);
  const seeds = [...rounds.engine, ...rounds.peer, ...rounds.engineShort].map((round) => round.seconds);
  assert.equal(new Set(seeds).size, 6);
  assert.deepEqual(done, ["r2 round 1 of 2", "r2 round 2 of 2"]);
});

const base: Round = {
  seconds: 1,
  userSeconds: 1,
  requests: 100_000,
  meanMs: 4_000,
  p95Ms: 11_000,
  throttledShare: 0.04,
  failedShare: 0,
};
const round = (change: Partial<Round>): Round => ({ ...base, ...change });

function rounds(change: Partial<ModelRounds> = {}): ModelRounds {
  return {
    model: "r1",
    engine: [
      round({ requests: 4e6, userSeconds: 0.5 }),
      round({ requests: 4e6, userSeconds: 0.4 }),
      round({ requests: 4e6, userSeconds: 1 }),
    ],
    peer: [round({}), round({ meanMs: 4_010 }), round({ meanMs: 3_990, userSeconds: 2 })],
    kernel: [],
    engineShort: [round({}), round({ meanMs: 4_008 }), round({ meanMs: 3_992 })],
    ...change,
  };
}

test("ratios are of requests per second, pair by pair", () => {
  // 8, 10 and 4 Mreq/s against 100, 100 and 50 kreq/s.
  assert.deepEqual(summarise(rounds()).ratio, { min: 80, median: 80, max: 100 });
});

test("spread of an even number of values has the middle between the two middle ones", () => {
  assert.deepEqual(spreadOf([4, 1, 3, 2]), { min: 1, median: 2.5, max: 4 });
});

test("equal answers agree", () => {
  const summary = summarise(rounds());
  assert.equal(summary.agrees, true);
  assert.ok(Math.abs(summary.agreement[0]!.difference) < 1e-12);
});

for (const [what, change] of [
  ["mean", { meanMs: 4_400 }],
  ["p95", { p95Ms: 12_000 }],
  ["throttled", { throttledShare: 0.06 }],
] as const) {
  test(`an engine whose ${what} is off does not agree`, () => {
    const summary = summarise(rounds({ engineShort: [round(change), round(change), round(change)] }));
    assert.equal(summary.agrees, false);
    assert.deepEqual(
      summary.agreement.filter((row) => Math.abs(row.difference) > row.allowed).map((row) => row.what),
      [what],
    );
  });
}

test("one round: the sampling error of independent requests is allowed", () => {
  const one = (meanMs: number) =>
    summarise(
      rounds({
        engine: [base],
        peer: [round({ requests: 20_000 })],
        engineShort: [round({ requests: 20_000, meanMs })],
      }),
    );
  // 5 x 1.5 x sqrt(2 / 20,000) = 7.5 %.
  assert.equal(one(4_000 * 1.074).agrees, true);
  assert.equal(one(4_000 * 1.076).agrees, false);
});

test("shows speeds, the three ratios and a word per answer", () => {
  const summary: ModelSummary = {
    model: "r1",
    engineRequestsPerS: { min: 8e6, median: 9e6, max: 1e7 },
    peerRequestsPerS: { min: 9e4, median: 1e5, max: 1.1e5 },
    ratio: { min: 80.4, median: 90, max: 101 },
    timesKernel: { min: 2.1, median: 2.2, max: 2.3 },
    agreement: [
      { what: "mean", engine: 4_001, peer: 4_003, difference: -0.0005, allowed: 0.005 },
      { what: "throttled", engine: 0.06, peer: 0.04, difference: 0.02, allowed: 0.01 },
    ],
    agrees: false,
  };
  const text = performanceTable([summary]);
  for (const part of [
    "R1",
    "9000",
    "100.0",
    "80 / 90 / 101",
    "2.1 / 2.2 / 2.3",
    "4.001 s",
    "-0.05 %",
    "agrees",
    "6.00 %",
    "DIFFERS",
  ]) {
    assert.ok(text.includes(part), part);
  }
  assert.ok(text.split("\n").every((line) => line.length <= 100));
});
