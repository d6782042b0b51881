/** Whether the totals of two runs differ because their classes do: then a total may change while no class does. */
import type { RunResult, SampleMetric, StrategyResult } from "../experiment/result.ts";
import { groupEstimate } from "./matching.ts";

export interface TotalDifference {
  readonly metric: SampleMetric;
  /** Second minus first, in the metric's unit; null where there is none. */
  readonly difference: number | null;
  readonly p: number | null;
}

/** A run and one of its strategies. */
export type Side = readonly [result: RunResult, strategy: StrategyResult];

/** Sums, which a change of the traffic is meant to change. */
const SUMS: readonly SampleMetric[] = ["billUsd", "trafficShare"];
const ALPHA = 0.05;

/**
 * Why the totals of two runs are not to be compared, or null. A total over classes is a weighted mean: where one run has
 * a class that the other lacks, or where at least half of a difference follows from the shares of the classes alone
 * (E. H. Simpson's paradox: cheaper in all, in no class cheaper), only the classes say what changed.
 */
export function mixNote(a: Side, b: Side, { metric, difference, p }: TotalDifference): string | null {
  const [first, second] = [a[0].classes, b[0].classes].map((classes) => classes.map(({ name }) => name));
  if (SUMS.includes(metric) || difference === 0 || (first!.length < 2 && second!.length < 2)) return null;
  const names = [...new Set([...first!, ...second!])];
  if (names.length > first!.length || names.length > second!.length) {
    return "the runs have other classes: see each class";
  }
  if (difference === null || p === null || p >= ALPHA) return null;
  const ofMix = mixDifference(a, b, names, metric);
  if (ofMix * difference <= 0 || Math.abs(ofMix) < Math.abs(difference) / 2) return null;
  return "the mix of classes changed: see each class";
}

/** By how much the total would differ had every class stayed as it is in the first run. */
function mixDifference(a: Side, b: Side, names: readonly string[], metric: SampleMetric): number {
  const meanOf = ([result, strategy]: Side, name: string, of: SampleMetric) =>
    groupEstimate(result, strategy, { scope: "class", name, metrics: [] }, of)?.value ?? 0;
  return names.reduce((sum, name) => {
    const share = meanOf(b, name, "trafficShare") - meanOf(a, name, "trafficShare");
    return sum + share * meanOf(a, name, metric);
  }, 0);
}
