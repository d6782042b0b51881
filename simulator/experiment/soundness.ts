import type { Comparison } from "./result.ts";

/**
 * More failed requests than this, as a share of all, are not waved through for want of replications that would show
 * them: the burden of proof is on the strategy that fails.
 */
const FAILED_SHARE_MARGIN = 0.01;

/** Whether a strategy fails more than the baseline: shown by its interval, or by more than a point on the average. */
export function failsMore(comparisons: readonly Comparison[], strategy: string): boolean {
  const failed = comparisons.find((each) => each.strategy === strategy && each.metric === "failedShare");
  if (failed === undefined) return false;
  return failed.verdict === "worse" || (failed.difference.value ?? 0) > FAILED_SHARE_MARGIN;
}
