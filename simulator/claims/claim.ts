/** The contract of a tested claim, and how a figure becomes a verdict. */

import type { RoundTripData } from "../service/network.ts";
import type { PriceBookData } from "../service/pricing/price-book-data.ts";
import type { QuotaData } from "../service/quota/default-quotas.ts";
import type { Assumptions } from "./assumptions.ts";

/** `holds if`: not with these assumptions, but with those that the condition names. */
export type Verdict = "holds" | "holds if" | "fails";

/** A claim under one billing rule and one reading. */
export interface ClaimCase {
  /** Whose price a call has, and who routes it; `any` where that makes no difference. */
  readonly billing: string;
  /** What a word of the claim is taken to mean. */
  readonly reading: string;
  /** The figure that came out, with its unit. */
  readonly found: string;
  readonly verdict: Verdict;
  /** What must be true for it to hold, or why nothing makes it hold. */
  readonly condition: string;
}

/** What claims are held against. */
export interface ClaimInputs {
  readonly assumptions: Assumptions;
  readonly prices: PriceBookData;
  readonly quotas: QuotaData;
  readonly roundTrips: RoundTripData;
}

export interface Claim {
  /** Short name for the command line. */
  readonly id: string;
  /** What public write-ups say, in one sentence. */
  readonly says: string;
  /** @throws MeridianError usage, when the assumed model or region has no price */
  judge(inputs: ClaimInputs): readonly ClaimCase[];
}

/** A figure as a percentage with one decimal; no minus before a zero. */
export function percent(value: number): string {
  return `${(Math.round(value * 1000) / 10 + 0).toFixed(1)} %`;
}

/**
 * The smallest value between two at which a growing quantity reaches a target, by halving.
 *
 * @returns undefined when it is not reached even at `high`
 * @example smallestReaching((x) => x * x, 0.25, { low: 0, high: 1 }) // => 0.5
 */
export function smallestReaching(
  quantity: (value: number) => number,
  target: number,
  range: { readonly low: number; readonly high: number },
): number | undefined {
  if (quantity(range.high) < target) return undefined;
  let { low, high } = range;
  if (quantity(low) >= target) return low;
  for (let step = 0; step < 40 && high - low > 1e-9; step++) {
    const middle = (low + high) / 2;
    if (quantity(middle) >= target) high = middle;
    else low = middle;
  }
  return Math.round(high * 1e6) / 1e6;
}
