/** What strategies fail where none serves, by class: so that a large class hides no small one. */
import { meanOf } from "./leaders.ts";
import { listText } from "./phrases.ts";
import type { StrategyResult } from "./result.ts";
import { failedText } from "./standing.ts";

/** Of these as many are told one by one. */
const CLASSES_MAX = 3;

/** Of those that fail about as much in all the one that fails least of its classes. */
export function leastByClass(tied: readonly StrategyResult[]): StrategyResult | undefined {
  const meanFailed = (each: StrategyResult) => meanOf(sentClasses(each).map(({ failedShare }) => failedShare.value));
  return tied.reduce<StrategyResult | undefined>(
    (best, each) => (best === undefined || meanFailed(each) < meanFailed(best) ? each : best),
    undefined,
  );
}

function sentClasses({ byClass }: StrategyResult): StrategyResult["byClass"] {
  return byClass.filter(({ counts }) => counts.sent > 0);
}

/** `61 % of the requests (all of chat and 3.1 % of code)`. */
export function failsText(strategy: StrategyResult): string {
  const share = (value: number | null) => (value === 1 ? "all" : failedText(value ?? 0));
  const all = `${share(strategy.total.failedShare.value)} of the requests`;
  const classes = sentClasses(strategy).toSorted((a, b) => (b.failedShare.value ?? 0) - (a.failedShare.value ?? 0));
  const each = classes.map(({ name, failedShare }) => `${share(failedShare.value)} of ${name}`);
  const more = each.length - CLASSES_MAX;
  if (each.length < 2) return all;
  return `${all} (${listText([...each.slice(0, CLASSES_MAX), ...(more > 0 ? [`less of ${more} more`] : [])])})`;
}
