/**
 * What a test of equivalence says. `equivalent`: the 90 % interval of the difference lies within the margin, which is
 * two one-sided tests at 5 % (D. Schuirmann, 1987). `different`: the interval lies outside. `undecided`: it crosses a
 * margin. `too few`: there is no interval.
 */
export type Outcome = "equivalent" | "different" | "undecided" | "too few";

/** Chance of error of each of the two one-sided tests. */
export const ALPHA = 0.05;

export interface Difference {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** @param margin above 0, in the unit of the difference */
export function judge({ low, high }: Pick<Difference, "low" | "high">, margin: number): Outcome {
  if (!(low <= high)) return "too few";
  if (low >= -margin && high <= margin) return "equivalent";
  return low > margin || high < -margin ? "different" : "undecided";
}

/**
 * How many requests an undecided question would need if the estimate stayed as it is: the interval shrinks with the
 * root of their number.
 *
 * @returns null where more of them would hardly make it equivalent: the estimate itself is at the margin or beyond, so
 *   that a hundred times as many would not do
 */
export function requestsNeeded({ value, low, high }: Difference, margin: number, requests: number): number | null {
  const room = margin - Math.abs(value);
  if (!(room > 0)) return null;
  const reach = Math.max(high - value, value - low);
  const factor = Math.max(1, (reach / room) ** 2);
  return factor > FACTOR_MAX ? null : Math.ceil(requests * factor);
}

const FACTOR_MAX = 100;
