/** What each routing of a replayed bill would save, by team and in all, with intervals that hold what a bill does not tell. */
import { type Estimate, meanNumber } from "../base/statistics.ts";
import { type Decimal, sumOf, toNumber } from "../bill/bill-line.ts";
import type { FittedClass } from "../bill/fitted-class.ts";
import type { RunResult, StrategyResult } from "../experiment/result.ts";
import { createReplayDraws, type DrawnRange, REPLAY_UNKNOWNS, type ReplayUnknown } from "./replay-draws.ts";

/** One team, or all of them. */
export interface TeamSaving {
  /** Undefined: all teams. */
  readonly team: string | undefined;
  /** As billed, exact, of the days of the bill; what could be replayed. */
  readonly billedUsd: Decimal;
  /** What the replay costs under the routing of the bill, over what was billed: 1 where it is reproduced. */
  readonly reproduction: number;
  readonly savings: readonly RoutingSaving[];
}

/** Of one team under one routing: the middle of the draws, and 95 % of them. */
export interface RoutingSaving {
  readonly strategy: string;
  /** 1 - cost / cost as billed. */
  readonly share: Estimate;
  /** USD for 30.4 days like those of the bill. */
  readonly usdPerMonth: Estimate;
  /** Of the share, if every cache hit stays; by simulation, paired by replication. */
  readonly shareWithHits: number;
  /** Share of the cache hits that, lost, take all of the saving; null where more than all would have to be. */
  readonly hitsToLose: number | null;
  /** Range of the share where one thing alone is not known, the widest first. */
  readonly unsure: readonly { readonly unknown: ReplayUnknown; readonly low: number; readonly high: number }[];
}

export interface TeamSavingsInput {
  /** A run of the fitted scenario; its baseline is the routing of the bill. */
  readonly result: RunResult;
  /** What a replication's cost is multiplied by to be the bill's. */
  readonly costFactor: number;
  /** Exact sums of the lines that were fitted, by team. */
  readonly billedUsd: ReadonlyMap<string, Decimal>;
  readonly classes: readonly FittedClass[];
  readonly isByDay: boolean;
}

const DAYS_PER_MONTH = 730 / 24;

/**
 * Rolls the classes of a replay up to their teams: each class's cost over that as billed from the simulation, what is
 * not known from `createReplayDraws`. The largest team comes first, the total last.
 */
export function teamSavings(input: TeamSavingsInput): readonly TeamSaving[] {
  const { billedUsd, result, classes, isByDay } = input;
  const costs = costsOf(result);
  const [baseline, ...others] = result.strategies.map(({ name }) => name);
  const ratios = (strategy: string, name: string) => {
    const before = costs(baseline!, name);
    return costs(strategy, name).map((usd, r) => (before[r]! > 0 ? usd / before[r]! : 1));
  };
  const given = { classes, isByDay, ratios, strategies: others };
  const whole = createReplayDraws(given);
  const single = REPLAY_UNKNOWNS.map((unknown) => ({ unknown, draws: createReplayDraws(given, [unknown]) }));
  const savingOf = (team: string | undefined, billed: Decimal): TeamSaving => {
    const own = classes.filter((each) => team === undefined || each.team === team);
    const isOf = (each: FittedClass) => team === undefined || each.team === team;
    const replayed = own.reduce((sum, { name }) => sum + meanNumber(costs(baseline!, name)), 0);
    return {
      team,
      billedUsd: billed,
      reproduction: billed === 0n ? 1 : (replayed * input.costFactor) / toNumber(billed),
      savings: others.map((strategy): RoutingSaving => {
        const { share, usdPerDay } = whole.savingOf(strategy, isOf);
        const n = result.replications.done;
        const withHits = hitsStay(own, (name) => ratios(strategy, name), strategy);
        return {
          strategy,
          share: estimateOf(share, 1, n),
          usdPerMonth: estimateOf(usdPerDay, DAYS_PER_MONTH, n),
          ...withHits,
          unsure: single
            .map(({ unknown, draws }) => {
              const { low, high } = draws.savingOf(strategy, isOf).share;
              return { unknown, low, high };
            })
            .sort((a, b) => b.high - b.low - (a.high - a.low)),
        };
      }),
    };
  };
  const teams = [...billedUsd].sort(([, a], [, b]) => (a < b ? 1 : a > b ? -1 : 0));
  return [...teams.map(([team, usd]) => savingOf(team, usd)), savingOf(undefined, sumOf(billedUsd.values()))];
}

/** Saving with all cache hits, and the share of them at which it is gone. */
function hitsStay(
  classes: readonly FittedClass[],
  ratiosOf: (name: string) => readonly number[],
  strategy: string,
): Pick<RoutingSaving, "shareWithHits" | "hitsToLose"> {
  let [before, saved, atStake] = [0, 0, 0];
  for (const { name, usdByDay, hitsAtStake, globalUnder } of classes) {
    const usd = usdByDay.reduce((sum, each) => sum + each, 0);
    const ratios = ratiosOf(name);
    if (ratios.length === 0) continue;
    const ratio = meanNumber(ratios);
    before += usd;
    saved += usd * (1 - ratio);
    if (globalUnder.includes(strategy)) atStake += usd * hitsAtStake * ratio;
  }
  const isLosable = saved > 0 && atStake >= saved;
  return { shareWithHits: before === 0 ? 0 : saved / before, hitsToLose: isLosable ? saved / atStake : null };
}

/** USD of a class in each replication. */
function costsOf({ strategies }: RunResult): (strategy: string, className: string) => readonly number[] {
  const found = new Map<string, readonly number[]>();
  const key = (strategy: string, name: string) => JSON.stringify([strategy, name]);
  for (const { name: strategy, samples = [] } of strategies as readonly StrategyResult[])
    for (const { scope, name, values } of samples)
      if (scope === "class")
        found.set(
          key(strategy, name),
          [...values.billUsd].map((usd) => usd ?? 0),
        );
  return (strategy, name) => found.get(key(strategy, name)) ?? [];
}

function estimateOf({ low, middle, high }: DrawnRange, factor: number, n: number): Estimate {
  return { value: middle * factor, low: low * factor, high: high * factor, n };
}
