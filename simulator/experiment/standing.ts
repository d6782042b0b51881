/** How a strategy stands on its own: whether it serves, and whether it keeps what was promised to each class. */
import type {
  ClassStanding,
  Comparison,
  GroupResult,
  NamedGroup,
  RunResult,
  Standing,
  StandingLevel,
  StrategyResult,
} from "./result.ts";

type ResultClass = RunResult["classes"][number];

/** An objective is kept when this share of a class's requests is served within it, unless the class names another. */
export const OBJECTIVE_SHARE = 0.95;
/** With more of a class's requests failed, no p95 over all of its requests exists: it is not served. */
export const FAILS_SHARE_MAX = 0.05;
/**
 * More failed requests than this, as a share of all, count as failing more even when too few replications make the
 * difference significant: the burden of proof is on the strategy that fails.
 */
export const FAILED_SHARE_MARGIN = 0.01;

/** From best to worst. */
export const LEVELS: readonly StandingLevel[] = ["keeps objectives", "misses objectives", "fails requests", "unstable"];

/**
 * How a strategy stands. Failed requests count as outside an objective, so few fast survivors of an overload keep
 * nothing. A strategy is ranked by its worst class.
 */
export function standingOf(strategy: StrategyResult, classes: readonly ResultClass[]): Standing {
  const standings = classes.map((each) =>
    classStanding(
      each,
      strategy.byClass.find(({ name }) => name === each.name),
    ),
  );
  const name = strategy.name;
  if (strategy.status === "unstable") {
    return { strategy: name, level: "unstable", reason: strategy.statusReason ?? "unstable", classes: standings };
  }
  const failing = standings.filter(({ failedShare }) => (failedShare ?? 0) > FAILS_SHARE_MAX);
  if (failing.length > 0) {
    const reason = failing.map((each) => `fails ${failedText(each.failedShare!)} of ${each.name}`).join(", ");
    return { strategy: name, level: "fails requests", reason, classes: standings };
  }
  const missed = standings.filter(({ isKept }) => isKept === false);
  if (missed.length > 0) {
    const reason = missed
      .map((each) => `${shareText(each.withinShare!)} of ${each.name} within its objective`)
      .join(", ");
    return { strategy: name, level: "misses objectives", reason, classes: standings };
  }
  return { strategy: name, level: "keeps objectives", reason: null, classes: standings };
}

function classStanding(each: ResultClass, group: NamedGroup | undefined): ClassStanding {
  const hasObjective = each.sloE2eMs !== null || each.sloTtftMs !== null;
  const isSent = group !== undefined && group.counts.sent > 0;
  const withinShare = hasObjective && isSent ? group.goodputShare.value : null;
  return {
    name: each.name,
    withinShare,
    targetShare: targetShareOf(each),
    isKept: withinShare === null ? null : withinShare >= targetShareOf(each),
    failedShare: isSent ? group.failedShare.value : null,
  };
}

/** The share of a class's requests that has to be served within its objective for it to be kept. */
export function targetShareOf({ sloShare = OBJECTIVE_SHARE }: Pick<ResultClass, "sloShare">): number {
  return sloShare;
}

/**
 * Whether the p of all requests of a group exists when failed ones count as never answered: with more than 1 - p of
 * them failed, the p-quantile lies among those.
 *
 * @param p in (0, 1)
 */
export function hasQuantile({ failedShare }: Pick<GroupResult, "failedShare">, p: number): boolean {
  return (failedShare.value ?? 0) <= 1 - p + 1e-12;
}

/** Whether a strategy fails more than the baseline: shown by its interval, or by more than a point on average. */
export function failsMore(comparisons: readonly Comparison[], strategy: string): boolean {
  const failed = comparisons.find((each) => each.strategy === strategy && each.metric === "failedShare");
  if (failed === undefined) return false;
  return failed.verdict === "worse" || (failed.difference.value ?? 0) > FAILED_SHARE_MARGIN;
}

/**
 * Classes whose latency is worth a headline: those with an objective, or all where none has one; deferrable ones never,
 * unless there is nothing else.
 */
export function headlineClasses(classes: readonly ResultClass[]): readonly ResultClass[] {
  const prompt = classes.filter((each) => each.deferrable !== true);
  const promised = prompt.filter((each) => each.sloE2eMs !== null || each.sloTtftMs !== null);
  return promised.length > 0 ? promised : prompt.length > 0 ? prompt : classes;
}

/**
 * A share as a percentage, rounded down, so that no share looks as if it kept an objective that it misses.
 *
 * @example shareText(0.9496) // => "94.9 %"
 * @example shareText(0.9996) // => "99.9 %"
 * @example shareText(0.0004) // => "0.04 %"
 */
export function shareText(share: number): string {
  const hundredths = share * 100;
  if (hundredths < 1) return `${Number(hundredths.toPrecision(1))} %`;
  const decimals = hundredths >= 90 || hundredths < 10 ? 1 : 0;
  const scale = 10 ** decimals;
  return `${Math.floor(hundredths * scale + 1e-9) / scale} %`;
}

/**
 * A share of requests that fail, as tables round it; a hundred per cent only where nothing is served.
 *
 * @example failedText(0.6097) // => "61 %"
 * @example failedText(0.0314) // => "3.1 %"
 * @example failedText(0.9999) // => "99.9 %"
 */
export function failedText(share: number): string {
  const hundredths = share * 100;
  if (hundredths < 1) return `${Number(hundredths.toPrecision(1))} %`;
  const nearest = Number(hundredths.toFixed(hundredths >= 90 || hundredths < 10 ? 1 : 0));
  return nearest === 100 && share < 1 ? shareText(share) : `${nearest} %`;
}
