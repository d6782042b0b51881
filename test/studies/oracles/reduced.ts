import assert from "node:assert/strict";
import { it } from "node:test";
import { ask } from "../../../studies/oracles/ask.ts";
import { type Budget, FULL_BUDGET, type Oracle } from "../../../studies/oracles/oracle.ts";
import { IS_FULL } from "../../budget.ts";

/** Tolerance that a row's reduced budget aims at. */
const TOLERANCE_AIM = 0.1;
const REQUESTS_MIN = 60_000;
const REQUESTS_MAX = 2_000_000;

/**
 * A budget small enough for every commit: as many requests as make 4 standard errors 10 %, within limits: an answer that is
 * wrong by 15 % fails with a probability of 98 %, by 12.5 % with 84 %; what is smaller the full budget finds (1 to 3 %).
 * The noisiest row (100 servers at 95 % load) would want 14 M requests and is left with a wider tolerance.
 */
export function reducedBudget({ sdRelative500k, compare }: Oracle): Budget {
  // A bound is held against the interval's end, which should be narrow.
  if (compare === "at-most") return { replications: 20, requests: REQUESTS_MAX / 20 };
  const wanted = 500_000 * ((4 * sdRelative500k) / TOLERANCE_AIM) ** 2;
  const total = Math.min(REQUESTS_MAX, Math.max(REQUESTS_MIN, wanted));
  return { replications: 4, requests: Math.ceil(total / 4) };
}

/** A test of one row, at its reduced budget on commit. */
export function testOracle(oracle: Oracle): void {
  it(`${oracle.id}: ${oracle.model}, ${oracle.quantity}`, async () => {
    const budget = IS_FULL ? FULL_BUDGET : reducedBudget(oracle);
    const { value, high, tolerance, isMet } = await ask(oracle, budget);
    const bound = oracle.compare === "at-most" ? `, interval up to ${high}` : "";
    assert.ok(
      isMet,
      `${oracle.quantity} is ${value}${bound}; ${oracle.formula} gives ${oracle.value} (tolerance ${tolerance}).\n` +
        `  at full budget: npm run oracles -- --row ${oracle.id}`,
    );
  });
}
