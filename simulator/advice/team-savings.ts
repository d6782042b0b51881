/**
 * What each routing of a replayed bill would save, by team and in all, with intervals: what a bill does not tell is drawn again
 * and again, with the chance of its days.
 */
import { normalQuantile } from "../base/special-functions.ts";
import { type Estimate, meanNumber, quantileSorted } from "../base/statistics.ts";
import { type Decimal, sumOf, toNumber } from "../bill/bill-line.ts";
import { type FittedClass, HITS_LOST_ASSUMED, hitsLostQuantile } from "../bill/fitted-class.ts";
import type { RunResult, StrategyResult } from "../experiment/result.ts";
import { createBlockBootstrap } from "../random/bootstrap.ts";
import { purposeStream } from "../random/sampler.ts";

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

/** What makes a saving unsure. */
const REPLAY_UNKNOWNS = ["days", "calls", "cache hits"] as const;
export type ReplayUnknown = (typeof REPLAY_UNKNOWNS)[number];

export interface ReplayDrawsInput {
  readonly classes: readonly FittedClass[];
  /** Whether the bill tells one day from another. */
  readonly isByDay: boolean;
  /** Cost under a strategy over that as billed, by class and replication of the simulation. */
  readonly ratios: (strategy: string, className: string) => readonly number[];
  readonly strategies: readonly string[];
}

/** A range of values: 2.5 % of the draws lie below it, 2.5 % above. */
export interface DrawnRange {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

/** Ranges of one strategy for some of the classes. */
export interface DrawnSaving {
  /** 1 - cost / cost as billed. */
  readonly share: DrawnRange;
  /** USD a day. */
  readonly usdPerDay: DrawnRange;
}

/** Enough that the ends of a 95 % range move by less than a tenth of its width. */
const DRAWS = 1000;
/** A week: spend has weekdays. */
const BLOCK_DAYS = 7;
/** Fewer days than two weeks do not show how the next ones differ; then this is assumed, as is for a bill by month. */
export const DAYS_MIN = 14;
/** Standard deviation of the logarithm of a class's spend from one such bill to the next, assumed. */
export const SPEND_SIGMA = 0.25;
/** Without a log: mean output of a call is so many times more or less than assumed, with a probability of 90 %. */
export const SIZE_FACTOR = 10;
/** Without a log: coefficient of variation of a call's cost, from half to this. */
const CV_MAX = 4;

interface Draw {
  /** Spend of each class over what is billed. */
  readonly weights: Float64Array;
  /** By class: share of its cache hits that a global profile loses. */
  readonly lost: Float64Array;
  /** In [0, 1): which replication of the simulation. */
  readonly replication: number;
}

/**
 * Draws what is not known: which days a bill has (blocks of seven neighbours, circular; of less than two weeks or by
 * month an assumed spread), how many calls its tokens are and how unequal (with a log as it says, without one over a
 * wide range), and which share of cache hits a global profile loses (see `hitsLostQuantile`). Each draw takes one replication of the simulation.
 *
 * @param unknowns which of them to draw; the others stay as billed and fitted
 */
export function createReplayDraws(input: ReplayDrawsInput, unknowns: readonly ReplayUnknown[] = REPLAY_UNKNOWNS) {
  const draws = Array.from({ length: DRAWS }, drawer(input, unknowns));
  const billed = input.classes.map(({ usdByDay }) => usdByDay.reduce((sum, usd) => sum + usd, 0));
  const days = Math.max(1, input.classes[0]?.usdByDay.length ?? 1);
  return {
    /** @param isOf which classes; undefined: all */
    savingOf(strategy: string, isOf: (each: FittedClass) => boolean = () => true): DrawnSaving {
      const own = input.classes.flatMap((each, c) => {
        const ratios = input.ratios(strategy, each.name);
        return isOf(each) && billed[c]! > 0 && ratios.length > 0 ? [{ each, c, ratios }] : [];
      });
      const found = draws.map(({ weights, lost, replication }) => {
        let [before, after] = [0, 0];
        for (const { each, c, ratios } of own) {
          const usd = billed[c]! * weights[c]!;
          const ratio = ratios[Math.floor(replication * ratios.length)]!;
          const extra = each.globalUnder.includes(strategy) ? lost[c]! * each.hitsAtStake * ratio : 0;
          before += usd;
          after += usd * (ratio + extra);
        }
        // Days on which nothing is spent have no share.
        return { shares: before === 0 ? [] : [1 - after / before], usd: (before - after) / days };
      });
      const shares = found.flatMap((each) => each.shares);
      return {
        share: rangeOf(shares.length === 0 ? [0] : shares),
        usdPerDay: rangeOf(found.map(({ usd }) => usd)),
      };
    },
  };
}

function drawer({ classes, isByDay }: ReplayDrawsInput, unknowns: readonly ReplayUnknown[]): () => Draw {
  const random = purposeStream(1, "replay-draws");
  // Every draw takes the same numbers whatever is drawn: ranges with and without an unknown, or a log, compare.
  const uniform = () => Math.min(1 - 1e-12, Math.max(1e-12, random.next()));
  const normal = () => normalQuantile(uniform());
  const days = classes[0]?.usdByDay.length ?? 0;
  const isResampled = isByDay && days >= DAYS_MIN;
  const bootstrap = createBlockBootstrap(
    Math.max(1, days),
    Math.min(BLOCK_DAYS, Math.max(1, days)),
    purposeStream(1, "replay-days"),
  );
  const sums = classes.map(({ usdByDay }) => usdByDay.reduce((sum, usd) => sum + usd, 0));
  const lostAt = classes.map(({ sizes, hitsLost = sizes?.hitsLost ?? HITS_LOST_ASSUMED }) =>
    hitsLostQuantile(hitsLost),
  );
  return () => {
    const weights = new Float64Array(classes.length).fill(1);
    const lost = new Float64Array(classes.length);
    const replication = random.next();
    const ofHits = uniform();
    const drawn = bootstrap.next();
    classes.forEach(({ usdByDay, callsPerDay, sizes }, c) => {
      const [ofDays, ofSize, ofCv, ofCalls] = [normal(), normal(), uniform(), normal()];
      if (unknowns.includes("days"))
        weights[c] = isResampled
          ? usdByDay.reduce((sum, usd, day) => sum + usd * drawn[day]!, 0) / (sums[c]! || 1)
          : unitMean(SPEND_SIGMA, ofDays);
      if (unknowns.includes("calls")) {
        // Without a log the calls are as many as the tokens of an assumed size make.
        const factor = sizes === undefined ? Math.exp((Math.log(SIZE_FACTOR) / 1.644854) * ofSize) : 1;
        const cv = sizes === undefined ? 0.5 + (CV_MAX - 0.5) * ofCv : Math.max(sizes.cvInput, sizes.cvOutput);
        const calls = Math.max(1, (callsPerDay * Math.max(1, days)) / factor);
        weights[c]! *= unitMean(Math.sqrt(Math.log1p((1 + cv * cv) / calls)), ofCalls);
      }
      if (unknowns.includes("cache hits")) lost[c] = lostAt[c]!(ofHits);
    });
    return { weights, lost, replication };
  };
}

/** A lognormal value of mean 1. */
function unitMean(sigma: number, z: number): number {
  return Math.exp(sigma * z - (sigma * sigma) / 2);
}

function rangeOf(values: readonly number[]): DrawnRange {
  const sorted = Float64Array.from(values).sort();
  const [low, middle, high] = [0.025, 0.5, 0.975].map((share) => quantileSorted(sorted, share));
  return { low: low!, middle: middle!, high: high! };
}
