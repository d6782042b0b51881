/** How ways to route came out in their run: cost, latency and what was throttled; what a faster answer costs. */

import type { Estimate, RunResult, StandingLevel, StrategyResult } from "../experiment/result.ts";
import { standingOf } from "../experiment/standing.ts";

/** One strategy of a run, in the figures that a plan speaks of. */
export interface Outcome {
  /** Which run, and the strategy's label in it. */
  readonly run: string;
  readonly strategy: string;
  /** USD for 30.4 days like the run, under the run's billing rule. */
  readonly usdPerMonth: Estimate;
  readonly usdPer1kServed: Estimate;
  /** Of the baseline of its run; null for the baseline itself. */
  readonly savingShare: Estimate | null;
  /** p95 of the class that the plan watches, ms. */
  readonly p95Ms: Estimate;
  readonly throttledShare: Estimate;
  readonly failedShare: Estimate;
  readonly level: StandingLevel;
  readonly reason: string | null;
}

/** The class whose latency a plan watches: of those whose callers wait, the one with most requests. */
export function watchedClass({ classes, strategies }: RunResult): string {
  const sent = (name: string) => strategies[0]?.byClass.find((each) => each.name === name)?.counts.sent ?? 0;
  const waiting = classes.filter(({ deferrable }) => deferrable !== true);
  const [most] = (waiting.length > 0 ? waiting : classes).toSorted((a, b) => sent(b.name) - sent(a.name));
  return most?.name ?? "";
}

export function outcomeOf(run: string, result: RunResult, strategy: StrategyResult, className: string): Outcome {
  const { total, byClass } = strategy;
  const cost = total.cost[result.billing];
  const watched = byClass.find(({ name }) => name === className) ?? total;
  const { level, reason } = standingOf(strategy, result.classes);
  return {
    run,
    strategy: strategy.name,
    usdPerMonth: cost.usdPerMonth ?? cost.totalUsd,
    usdPer1kServed: cost.usdPer1kServed,
    savingShare: cost.savingShare,
    p95Ms: watched.e2eMs.p95,
    throttledShare: total.throttledAttemptShare,
    failedShare: total.failedShare,
    level,
    reason,
  };
}

/** What compute capacity costs even with foresight. */
export interface CapacityWorth {
  /** Endpoint: region, model and route. */
  readonly id: string;
  /** What a tenth more of it would save at most, USD for 30.4 days like the run. */
  readonly usdPerMonthPerTenth: number;
}

/**
 * Shadow prices of compute capacity under a strategy's served requests, the dearest first: the dual values of the run's
 * bound, scaled to a month as its cost is.
 *
 * @returns null where the run states no bound, or one without capacity
 */
export function capacityWorth(result: RunResult, strategy: StrategyResult): readonly CapacityWorth[] | null {
  const bound = result.bound?.strategies.find((each) => each.strategy === strategy.name);
  if (bound === undefined || result.bound?.isWithoutLimits === true) return null;
  const { usdPerMonth, totalUsd } = strategy.total.cost[result.billing];
  const scale = usdPerMonth?.value == null || !totalUsd.value ? 1 : usdPerMonth.value / totalUsd.value;
  return (bound.endpoints ?? [])
    .map(({ id, usdPerTenthMore }) => ({ id, usdPerMonthPerTenth: usdPerTenthMore * scale }))
    .toSorted((a, b) => b.usdPerMonthPerTenth - a.usdPerMonthPerTenth);
}

/** A step along the frontier of cost and latency. */
export interface FrontierStep {
  readonly outcome: Outcome;
  /** Against the next faster one on the frontier: USD a month saved, ms of p95 given up for it; null for the fastest. */
  readonly savedUsd: number | null;
  /** The former with an interval that takes the two runs as independent, which is wide rather than narrow. */
  readonly savedRange: Estimate | null;
  readonly slowerMs: number | null;
}

/**
 * The outcomes that none is at once cheaper and faster than, the fastest first, and what each step saves for how much
 * time. Those that fail requests are left out: survivors look fast and cheap.
 */
export function frontierOf(outcomes: readonly Outcome[]): readonly FrontierStep[] {
  const fit = outcomes
    .filter(({ level, p95Ms, usdPerMonth }) => isServing(level) && p95Ms.value !== null && usdPerMonth.value !== null)
    .toSorted((a, b) => a.p95Ms.value! - b.p95Ms.value! || a.usdPerMonth.value! - b.usdPerMonth.value!);
  const steps: FrontierStep[] = [];
  for (const outcome of fit) {
    const before = steps.at(-1)?.outcome;
    // Less than a tenth of a per mille is rounding, not a saving.
    if (before !== undefined && outcome.usdPerMonth.value! > before.usdPerMonth.value! * 0.9999) continue;
    steps.push({
      outcome,
      savedUsd: before === undefined ? null : before.usdPerMonth.value! - outcome.usdPerMonth.value!,
      savedRange: before === undefined ? null : differenceOf(before.usdPerMonth, outcome.usdPerMonth),
      slowerMs: before === undefined ? null : outcome.p95Ms.value! - before.p95Ms.value!,
    });
  }
  return steps;
}

/** Half-widths add in quadrature; without an interval where either has none. */
function differenceOf(a: Estimate, b: Estimate): Estimate {
  const value = a.value! - b.value!;
  const n = Math.min(a.n, b.n);
  if (a.low === null || a.high === null || b.low === null || b.high === null)
    return { value, low: null, high: null, n };
  const half = Math.hypot(a.high - a.low, b.high - b.low) / 2;
  return { value, low: value - half, high: value + half, n };
}

function isServing(level: StandingLevel): boolean {
  return level === "keeps objectives" || level === "misses objectives";
}

/** What more regions bring: shares of attempts throttled, of requests failed. */
export interface PoolStep {
  readonly regions: number;
  readonly outcome: Outcome;
}

/**
 * How many regions are worth it: the fewest from which a further one lowers neither what fails nor what is throttled by
 * more than a tenth of a point, nor p95 by more than 1 %.
 */
export function regionsWorthIt(steps: readonly PoolStep[]): number {
  for (const [i, { regions, outcome }] of steps.entries()) {
    const later = steps.slice(i + 1);
    const gains = (after: Outcome) =>
      share(outcome.throttledShare) - share(after.throttledShare) > 0.001 ||
      share(outcome.failedShare) - share(after.failedShare) > 0.001 ||
      (after.p95Ms.value ?? Number.POSITIVE_INFINITY) < (outcome.p95Ms.value ?? Number.POSITIVE_INFINITY) * 0.99;
    if (!later.some(({ outcome: after }) => gains(after))) return regions;
  }
  return steps.at(-1)?.regions ?? 1;
}

function share({ value }: Estimate): number {
  return value ?? 0;
}
