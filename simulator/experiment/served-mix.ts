/** Whether two strategies serve the same requests: what 1,000 served requests cost is compared only then. */
import type { StrategyResult } from "./result.ts";
import { FAILED_SHARE_MARGIN } from "./standing.ts";

/**
 * Who fails a point more of a class serves other requests: short ones, or those of a cheap class, and looks cheap by 1,000
 * served.
 *
 * @returns false where the shares that fail differ by more than a point, in all or in a class
 */
export function servesAlike(one: StrategyResult, other: StrategyResult): boolean {
  const isNear = (a: number | null | undefined, b: number | null | undefined) =>
    Math.abs((a ?? 0) - (b ?? 0)) <= FAILED_SHARE_MARGIN;
  return (
    isNear(one.total.failedShare.value, other.total.failedShare.value) &&
    one.byClass.every(({ name, failedShare }) =>
      isNear(failedShare.value, other.byClass.find((each) => each.name === name)?.failedShare.value),
    )
  );
}
