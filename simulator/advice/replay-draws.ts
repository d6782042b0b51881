/** How sure the savings of a replay are: what a bill does not tell is drawn again and again, with the chance of its days. */
import { normalQuantile } from "../base/special-functions.ts";
import { quantileSorted } from "../base/statistics.ts";
import { type FittedClass, HITS_LOST_ASSUMED, hitsLostQuantile } from "../bill/fitted-class.ts";
import { createBlockBootstrap } from "../random/bootstrap.ts";
import { purposeStream } from "../random/sampler.ts";

/** What makes a saving unsure. */
export const REPLAY_UNKNOWNS = ["days", "calls", "cache hits"] as const;
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
        return { share: before === 0 ? 0 : 1 - after / before, usd: (before - after) / days };
      });
      return { share: rangeOf(found.map(({ share }) => share)), usdPerDay: rangeOf(found.map(({ usd }) => usd)) };
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
  return () => {
    const weights = new Float64Array(classes.length).fill(1);
    const lost = new Float64Array(classes.length);
    const replication = random.next();
    const ofHits = uniform();
    const drawn = bootstrap.next();
    classes.forEach(({ usdByDay, callsPerDay, sizes, hitsLost = sizes?.hitsLost ?? HITS_LOST_ASSUMED }, c) => {
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
      if (unknowns.includes("cache hits")) lost[c] = hitsLostQuantile(hitsLost, ofHits);
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
