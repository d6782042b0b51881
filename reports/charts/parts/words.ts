import type { ComparedMetric, RunResult } from "../../../simulator/experiment/result.ts";
import { formatInstant, formatLength, plural } from "../../format.ts";

/** The conditions of every subtitle: scenario, length, replications. */
export function conditionWords(result: RunResult): string {
  return `${result.scenario.name}, ${formatLength(result.durationMs)} from ${formatInstant(result.startsAt)}, ${replicationWords(result)}`;
}

export function replicationWords(result: RunResult): string {
  return `n = ${plural(result.replications.done, "replication", "replications")}`;
}

/** What makes replications of two strategies comparable: a simulator can give both the same luck, a measurement cannot. */
export function pairingWords(result: RunResult): string {
  return result.kind === "simulated" ? "paired by common random numbers" : "paired by replication";
}

/** How many strategies differ from the baseline, as far as the simultaneous intervals show. */
export interface Shown {
  readonly better: readonly string[];
  readonly worse: readonly string[];
  readonly notShown: readonly string[];
  readonly notComparable: readonly string[];
  readonly total: number;
}

export function shownDifferences(result: RunResult, metric: ComparedMetric): Shown {
  const of = (verdict: string) =>
    result.comparisons.filter((one) => one.metric === metric && one.verdict === verdict).map((one) => one.strategy);
  return {
    better: of("better"),
    worse: of("worse"),
    notShown: of("not shown"),
    notComparable: of("not comparable"),
    total: result.comparisons.filter((one) => one.metric === metric).length,
  };
}

/**
 * `shown lower for 3 of 7 other strategies, higher for 1, not shown to differ for 3`; says so when no difference is shown at all.
 * Never ranks what the intervals do not separate.
 */
export function shownWords(shown: Shown): string {
  const { better, worse, notShown, notComparable, total } = shown;
  const kinds = [
    { count: better.length, words: "shown lower" },
    { count: worse.length, words: better.length > 0 ? "higher" : "shown higher" },
    { count: notShown.length, words: "not shown to differ" },
    { count: notComparable.length, words: "not comparable" },
  ].filter((kind) => kind.count > 0);
  const only = kinds[0];
  if (kinds.length === 1 && only !== undefined) {
    return `${only.words} for ${total === 1 ? "the other strategy" : total === 2 ? "both other strategies" : `all ${total} other strategies`}`;
  }
  return kinds
    .map(({ count, words }, at) => `${words} for ${count}${at === 0 ? ` of ${total} other strategies` : ""}`)
    .join(", ");
}
