/** What a verdict says beside its finding: what is not certain, what is throttled or fails, what one replication cannot say. */
import type { Estimate } from "../base/statistics.ts";
import { listText, namesText } from "./phrases.ts";
import type { RunResult, StrategyResult } from "./result.ts";
import { extremeShares, shareRangeText } from "./shares.ts";
import { targetShareOf } from "./standing.ts";
import { CLASSES_MAX, moreClasses } from "./verdict-parts.ts";

type Classes = RunResult["classes"];

/**
 * Where an interval holds the share that was asked for: that the objective is kept, or missed, is not shown. Nothing of
 * a single replication, which has no interval.
 */
export function openText(classes: Classes, chosen: StrategyResult): string {
  const open = classes.flatMap((each) => {
    const group = chosen.byClass.find(({ name }) => name === each.name);
    const hasObjective = each.sloE2eMs !== null || each.sloTtftMs !== null;
    const { low, high } = group?.goodputShare ?? { low: null, high: null };
    if (!hasObjective || group === undefined || group.counts.sent === 0 || low === null || high === null) return [];
    const target = targetShareOf(each);
    if (low >= target || high < target) return [];
    const does = (group.goodputShare.value ?? 0) >= target ? "keeps" : "misses";
    const end = (value: number) => ({ ...group.goodputShare, value: Math.min(1, Math.max(0, value)) });
    const interval = shareRangeText(end(low), end(high), target);
    return [`that ${each.name} ${does} its objective (95 % interval of the share ${interval})`];
  });
  const further = open.length - CLASSES_MAX;
  const more = further > 0 ? [`the same of ${moreClasses(further)}`] : [];
  return open.length === 0 ? "" : `Not certain: ${listText([...open.slice(0, CLASSES_MAX), ...more])}.`;
}

/** From this share of attempts on, throttling is told, though the requests were served in the end. */
const THROTTLED_TOLD = 0.01;
/** The same of requests that fail, though every objective is kept. */
const FAILED_TOLD = 0.001;

/**
 * `Under x 2.5 % of the attempts are throttled and 0.6 % of the requests fail.`: what an objective that is kept, or nearly,
 * does not tell; of several strategies the range. Where nothing is promised, what is served has been told.
 */
export function troubleText(classes: Classes, chosen: readonly StrategyResult[]): string {
  const isPromised = classes.some(({ sloE2eMs, sloTtftMs }) => sloE2eMs !== null || sloTtftMs !== null);
  const worst = (shares: readonly Estimate[], told: number, what: string) => {
    const [low, high] = extremeShares(shares);
    return (high.value ?? 0) < told ? [] : [`${shareRangeText(low, high)} of ${what}`];
  };
  const throttled = chosen.map(({ total }) => total.throttledAttemptShare);
  const failed = isPromised ? chosen.map(({ total }) => total.failedShare) : [];
  const parts = [
    ...worst(throttled, THROTTLED_TOLD, "the attempts are throttled"),
    ...worst(failed, FAILED_TOLD, "the requests fail"),
  ];
  return parts.length === 0 ? "" : `Under ${namesText(chosen.map(({ name }) => name))} ${listText(parts)}.`;
}

/** How much was run of what. */
interface Evidence {
  readonly strategies: readonly StrategyResult[];
  readonly replications: number;
  readonly isMeasured?: boolean;
}

/** What one replication cannot say of several strategies, and how many can. */
export function onceText({ strategies, replications, isMeasured = false }: Evidence): string {
  if (replications !== 1 || strategies.length === 1) return "";
  return isMeasured
    ? "One measured run has no intervals and cannot show a difference."
    : "One replication cannot show a difference: ask for ten (`replications: 10`), two at the least.";
}

/** ` (2 others are about as near)`: how many more it might have been. */
export function othersText({ replications }: Pick<Evidence, "replications">, others: number, are: string): string {
  if (others === 0) return "";
  if (replications === 1) return ` (one replication cannot tell ${others} other${others === 1 ? "" : "s"} from it)`;
  return ` (${others} ${others === 1 ? "other is" : "others are"} ${are})`;
}
