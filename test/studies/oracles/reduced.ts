import assert from "node:assert/strict";
import { it } from "node:test";
import { ask } from "../../../studies/oracles/ask.ts";
import { type Budget, FULL_BUDGET, type Oracle, toleranceOf } from "../../../studies/oracles/oracle.ts";
import { IS_FULL } from "../../budget.ts";

/** Tolerance that a row's reduced budget aims at, and the standard errors in it. */
const TOLERANCE_AIM = 0.1;
const REDUCED_ERRORS = 3.5;
const REQUESTS_MIN = 40_000;
const REQUESTS_MAX = 1_200_000;
/**
 * Of a bound, in 20 replications: enough that the interval of a right answer, 7 % below the bound, ends below it. A wait
 * at the bound fails here with a probability of 94 %, one 5 % above it with 99.8 %: a longer run would only let right
 * answers pass that are nearer to it.
 */
const BOUND_REQUESTS = 400_000;

/**
 * A budget small enough for every commit: as many requests as make 3.5 standard errors 10 %, within limits: an answer
 * that is wrong by 15 % fails with a probability of 96 %, by 12.5 % with 81 %; what is smaller the full budget finds
 * (1 to 3 %). The seeds are fixed: only a change of the draws has answers anew, and then one of the hundred right ones
 * would fail with a probability of 4 %. The noisiest row (100 servers at 95 % load) would want 11 M requests and is left
 * with a wider tolerance.
 */
export function reducedBudget({ sdRelative500k, compare }: Oracle): Budget {
  if (compare === "at-most") return { replications: 20, requests: BOUND_REQUESTS / 20 };
  const wanted = 500_000 * ((REDUCED_ERRORS * sdRelative500k) / TOLERANCE_AIM) ** 2;
  const total = Math.min(REQUESTS_MAX, Math.max(REQUESTS_MIN, wanted));
  return { replications: 4, requests: Math.ceil(total / 4) };
}

/** The tolerance of a row at its reduced budget. */
export function reducedTolerance(oracle: Oracle): number {
  return toleranceOf(oracle, reducedBudget(oracle), REDUCED_ERRORS);
}

/** A test of one row, at its reduced budget on commit. */
export function testOracle(oracle: Oracle): void {
  it(`${oracle.id}: ${oracle.model}, ${oracle.quantity}`, async () => {
    const { value, high, tolerance, isMet } = IS_FULL
      ? await ask(oracle, FULL_BUDGET)
      : await ask(oracle, reducedBudget(oracle), REDUCED_ERRORS);
    const bound = oracle.compare === "at-most" ? `, interval up to ${high}` : "";
    assert.ok(
      isMet,
      `${oracle.quantity} is ${value}${bound}; ${oracle.formula} gives ${oracle.value} (tolerance ${tolerance}).\n` +
        `  at full budget: npm run oracles -- --row ${oracle.id}`,
    );
  });
}
