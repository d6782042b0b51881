/** The verdict of a run, which strategies are sound, and whether a run was stable. */
import { type Estimate, meanNumber } from "../base/statistics.ts";
import { HOUR_MS } from "../base/time.ts";
import type { SimulationOutput } from "../engine/simulation.ts";
import type { Comparison, StrategyResult } from "./result.ts";

export interface VerdictInput {
  readonly baseline: StrategyResult;
  readonly strategies: readonly StrategyResult[];
  readonly comparisons: readonly Comparison[];
  readonly requestsPerReplication: number;
  readonly replications: number;
  /** Names of classes of which no request counts. */
  readonly silentClasses: readonly string[];
  /** Requests of the warm-up do not count. */
  readonly hasWarmup: boolean;
}

/**
 * The run in one sentence: which strategy saves most (or, if none is shown to save, which is fastest), by how much with
 * what interval, and what it does to p95, in how many replications. Strategies that are unstable or fail more than
 * the baseline are left out, however cheap. What was not sent at all comes first.
 */
export function verdictOf(input: VerdictInput): string {
  const after = input.hasWarmup ? " after the warm-up" : "";
  if (input.requestsPerReplication === 0) {
    return `Nothing was sent${after}: no request arrived within the run, so there is nothing to compare.`;
  }
  const { silentClasses: silent } = input;
  if (silent.length === 0) return findingOf(input);
  const shown = silent.slice(0, 5).join(", ") + (silent.length > 5 ? ` and ${silent.length - 5} more` : "");
  return `Nothing was sent${after} of ${silent.length === 1 ? "class" : "the classes"} ${shown}. ${findingOf(input)}`;
}

function findingOf(input: VerdictInput): string {
  const { baseline, strategies, comparisons, replications } = input;
  const condition = `${replications} paired replication${replications === 1 ? "" : "s"} of ${thousands(input.requestsPerReplication)} requests`;
  const others = strategies.filter((each) => each !== baseline);
  if (others.length === 0) {
    const p95 = baseline.total.e2eMs.p95.value;
    return `${baseline.name} alone: p95 ${p95 === null ? "cannot be computed" : seconds(p95)} over ${condition}; name a second strategy to compare.`;
  }
  const find = finder(comparisons);
  const { best, fastest } = leadersOf(input);
  if (best !== undefined) {
    const cost = find(best.name, "usdPer1kServed");
    const sentence = `${best.name} costs ${percent(cost.relative, "less")} than ${baseline.name} per served request, and its p95 ${p95Clause(find(best.name, "e2eMsP95"))}`;
    const fastestClause =
      fastest === undefined || fastest === best
        ? ""
        : `; the lowest p95 shown is ${fastest.name}'s, ${percent(find(fastest.name, "e2eMsP95").relative, "below")} the baseline's`;
    return `${sentence}${fastestClause} (${condition}).`;
  }
  if (fastest !== undefined) {
    return `${fastest.name} has a p95 ${percent(find(fastest.name, "e2eMsP95").relative, "below")} that of ${baseline.name}; no strategy is shown to cost less per served request without failing more (${condition}).`;
  }
  return `No strategy is shown to be cheaper or faster than ${baseline.name} without failing more (${condition}).`;
}

/** The strategies that the verdict speaks of beside the baseline: the one that saves most, the fastest. */
export function strategiesOfVerdict(input: VerdictInput): readonly string[] {
  const { best, fastest } = leadersOf(input);
  return [...new Set([best, fastest].flatMap((each) => (each === undefined ? [] : [each.name])))];
}

type Leaders = { readonly best: StrategyResult | undefined; readonly fastest: StrategyResult | undefined };

function leadersOf({ baseline, strategies, comparisons }: VerdictInput): Leaders {
  const find = finder(comparisons);
  const sound = strategies.filter(
    (each) => each !== baseline && each.status === "ok" && !failsMore(comparisons, each.name),
  );
  const cheaper = sound.filter((each) => find(each.name, "usdPer1kServed").verdict === "better");
  const faster = sound.filter((each) => find(each.name, "e2eMsP95").verdict === "better");
  return {
    best: least(cheaper, (each) => find(each.name, "usdPer1kServed").value),
    fastest: least(faster, (each) => find(each.name, "e2eMsP95").value),
  };
}

function finder(comparisons: readonly Comparison[]) {
  return (strategy: string, metric: Comparison["metric"]) =>
    comparisons.find((each) => each.strategy === strategy && each.metric === metric)!;
}

function p95Clause(comparison: Comparison): string {
  const { verdict, relative } = comparison;
  if (verdict === "better") return `is ${percent(relative, "lower")}`;
  if (verdict === "worse") return `is ${percent(relative, "higher")}`;
  return verdict === "not comparable" ? "cannot be compared" : "is not shown to differ";
}

/** `12 % (11–13 %) less`: a relative difference as a positive number in the direction of the word. */
function percent({ value, low, high }: Estimate, word: string): string {
  if (value === null) return word;
  const shown = (x: number) => {
    const hundredths = Math.abs(x) * 100;
    return hundredths >= 10 ? hundredths.toFixed(0) : hundredths.toFixed(1);
  };
  if (low === null || high === null) return `${shown(value)} % ${word}`;
  const ends = [shown(low), shown(high)].sort((a, b) => Number(a) - Number(b));
  return `${shown(value)} % (${ends[0]}–${ends[1]} %) ${word}`;
}

function least<T>(items: readonly T[], by: (item: T) => number | null): T | undefined {
  let best: T | undefined;
  for (const item of items) {
    const value = by(item);
    if (value !== null && (best === undefined || value < by(best)!)) best = item;
  }
  return best;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toPrecision(3)} s`;
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/**
 * More failed requests than this, as a share of all, count as failing more even when too few replications make the
 * difference significant: the burden of proof is on the strategy that fails.
 */
const FAILED_SHARE_MARGIN = 0.01;

/** Whether a strategy fails more than the baseline: shown by its interval, or by more than a point on average. */
export function failsMore(comparisons: readonly Comparison[], strategy: string): boolean {
  const failed = comparisons.find((each) => each.strategy === strategy && each.metric === "failedShare");
  if (failed === undefined) return false;
  return failed.verdict === "worse" || (failed.difference.value ?? 0) > FAILED_SHARE_MARGIN;
}

/** A backlog smaller than this is noise, whatever its trend. */
const BACKLOG_MIN = 500;
/** Share of all served requests that must still be in the system at the end. */
const BACKLOG_SHARE = 0.02;

/**
 * Judges whether the backlog grew without bound. A stable system in the middle of a peak has a backlog too, so three
 * things must hold together at the end of arrivals: it is large, it is a real share of everything served, and its mean
 * rose from each quarter of the run to the next.
 *
 * @returns the reason, or null for a stable run
 */
export function instability(output: SimulationOutput, served: number): string | null {
  if (output.stoppedEarlyAtMs !== null) {
    const hours = (output.stoppedEarlyAtMs / HOUR_MS).toFixed(1);
    return `stopped after ${hours} h of simulated time: the backlog grew beyond what memory can hold`;
  }
  const { backlog, inSystemAtEnd } = output;
  if (inSystemAtEnd < BACKLOG_MIN || inSystemAtEnd < BACKLOG_SHARE * served || backlog.length < 8) return null;
  const quarter = Math.floor(backlog.length / 4);
  const means = [0, 1, 2, 3].map((q) => {
    const part = backlog.slice(q * quarter, q === 3 ? undefined : (q + 1) * quarter);
    return meanNumber(part);
  });
  const isRising = means.every((mean, q) => q === 0 || mean > means[q - 1]!);
  return isRising ? `the backlog grew all the time and stood at ${inSystemAtEnd} requests when arrivals ended` : null;
}
