import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelRounds, Round } from "../../../scripts/bench/round.ts";
import { spreadOf, summarise } from "../../../scripts/bench/summary.ts";

const base: Round = {
  seconds: 1,
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
      round({ requests: 4e6, seconds: 0.5 }),
      round({ requests: 4e6, seconds: 0.4 }),
      round({ requests: 4e6, seconds: 1 }),
    ],
    peer: [round({}), round({ meanMs: 4_010 }), round({ meanMs: 3_990, seconds: 2 })],
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
