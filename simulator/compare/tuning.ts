/** Tuning: what a setting costs in a replication, which settings go on, and what may be said of the winner at the end. */
import { MeridianError } from "../base/errors.ts";
import { pairedDifference } from "../base/significance.ts";
import { meanNumber } from "../base/statistics.ts";
import { END } from "../client/request-rules.ts";
import { FIELD } from "../engine/recorder.ts";
import type { ReplicationStats } from "../experiment/replication-stats.ts";
import { type BillingRule, usdOf } from "../service/pricing/prices.ts";
import { bestOf, knSelect } from "./selection.ts";

/** What is made small. */
export const TUNE_METRICS = ["cost", "p95", "p99", "ttft-p95", "failed", "missed"] as const;
export type TuneMetric = (typeof TUNE_METRICS)[number];

/** What a tuning is after. */
export interface TuneGoal {
  readonly metric: TuneMetric;
  /** Least share of requests within their objectives; null = none asked for. */
  readonly withinMin: number | null;
  /** Largest share of requests that are not served; null = none asked for. */
  readonly failedMax: number | null;
}

/** The figures of one setting in one replication. */
export interface TuneFigures {
  /** USD per 1,000 served, reserved capacity included. */
  readonly cost: number;
  readonly p95: number;
  readonly p99: number;
  readonly "ttft-p95": number;
  readonly failed: number;
  /** Share outside their objectives, failed ones among them. */
  readonly missed: number;
}

export function figuresOf({ total }: Pick<ReplicationStats, "total">, billing: BillingRule): TuneFigures {
  const { fields, e2e, ttft, cost, reservedFUsd } = total;
  const sent = fields[FIELD.sent]!;
  const served = fields[END.served]!;
  const asked = fields[FIELD.withObjective]!;
  return {
    cost: served === 0 ? Number.POSITIVE_INFINITY : (usdOf(cost[billing].totalFUsd + reservedFUsd) / served) * 1000,
    p95: served === 0 ? Number.POSITIVE_INFINITY : e2e.p95,
    p99: served === 0 ? Number.POSITIVE_INFINITY : e2e.p99,
    "ttft-p95": served === 0 ? Number.POSITIVE_INFINITY : ttft.p95,
    failed: sent === 0 ? 0 : 1 - served / sent,
    missed: asked === 0 ? 0 : 1 - fields[FIELD.withinObjective]! / asked,
  };
}

/** Each point of a share that a limit is missed by makes a setting so much dearer, as a share of itself. */
const PER_POINT = 0.1;

/**
 * What a setting costs in a replication: the metric, and 10 % more for every percentage point by which a limit is missed.
 * A setting that misses a limit can so be compared with others that do, and loses to those that do not unless they are
 * much worse.
 */
export function lossOf(figures: TuneFigures, { metric, withinMin, failedMax }: TuneGoal): number {
  const short = withinMin === null ? 0 : Math.max(0, withinMin - (1 - figures.missed));
  const over = failedMax === null ? 0 : Math.max(0, figures.failed - failedMax);
  return figures[metric] * (1 + 100 * PER_POINT * (short + over));
}

/** The share of the requests that a percentile leaves out. */
const LEFT_OUT: Readonly<Partial<Record<TuneMetric, number>>> = { p95: 0.05, "ttft-p95": 0.05, p99: 0.01 };

/**
 * Losses of a setting by replication. Failed requests count as never answered: where more fail, over the replications, than a
 * percentile leaves out, there is none, and each loss is infinite; that of the survivors would fall the more requests fail.
 */
export function lossesOf(all: readonly TuneFigures[], goal: TuneGoal): readonly number[] {
  const isThere = hasPercentile(all, goal.metric);
  return all.map((each) => (isThere ? lossOf(each, goal) : Number.POSITIVE_INFINITY));
}

/** Whether so few requests fail, over replications, that a metric exists. */
export function hasPercentile(all: readonly Pick<TuneFigures, "failed">[], metric: TuneMetric): boolean {
  return all.length === 0 || meanNumber(all.map(({ failed }) => failed)) <= (LEFT_OUT[metric] ?? 1);
}

/** Whether losses are such that settings can be told apart by them. */
export function isKnown(losses: readonly number[]): boolean {
  return losses.every(Number.isFinite);
}

/** Replications of the rounds, and how many settings each leaves. */
export interface Round {
  readonly replications: number;
  readonly keep: number;
}

/** Settings that KN decides among: halving is a screen without a promise, KN has one. */
const FINALISTS = 4;
/** First replications of KN, from which it takes variances. */
export const KN_FIRST = 5;

/**
 * The rounds of successive halving: each has twice the replications of the one before and leaves the better half, until
 * four or fewer are left.
 *
 * Source: K. Jamieson, A. Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", AISTATS 2016.
 * @example halvingRounds(16).map(({ replications, keep }) => [replications, keep]) // => [[1, 8], [2, 4]]
 */
export function halvingRounds(candidates: number): readonly Round[] {
  const rounds: Round[] = [];
  let left = candidates;
  for (let replications = 1; left > FINALISTS; replications *= 2) {
    left = Math.max(FINALISTS, Math.ceil(left / 2));
    rounds.push({ replications, keep: left });
  }
  return rounds;
}

/**
 * The settings that go on: those with the least mean losses, and always the scenario's own (index 0), so that the answer
 * says what tuning gains. Ties go to the first.
 */
export function survivorsOf(losses: ReadonlyMap<number, readonly number[]>, keep: number): readonly number[] {
  const means = new Map([...losses].map(([setting, each]) => [setting, meanNumber(each)]));
  const order = (a: number, b: number) => (means.get(a) === means.get(b) ? a - b : means.get(a)! - means.get(b)!);
  const ranked = [...losses.keys()].sort(order);
  const kept = ranked.slice(0, keep);
  if (!kept.includes(0)) kept[kept.length - 1] = 0;
  return kept.sort((a, b) => a - b);
}

/** Where KN stands. */
export interface KnState {
  readonly survivors: readonly number[];
  /** Decided, or as far as the budget goes. */
  readonly isDone: boolean;
  /** More values of each that it wants. */
  readonly more: number;
}

/** @param losses of each finalist, aligned by replication @param delta difference that does not matter, in the loss's unit */
export function knState(losses: readonly (readonly number[])[], delta: number, replicationsMax: number): KnState {
  const n = losses[0]!.length;
  if (losses.length === 1) return { survivors: [0], isDone: true, more: 0 };
  if (n < KN_FIRST) return { survivors: [...losses.keys()], isDone: n >= replicationsMax, more: KN_FIRST - n };
  const { survivors, atMost } = knSelect(losses, { delta, n0: KN_FIRST });
  const isDone = survivors.length === 1 || n >= Math.min(atMost, replicationsMax);
  return { survivors, isDone, more: isDone ? 0 : Math.min(KN_FIRST, replicationsMax - n) };
}

/** What the held-out part says. */
export interface HeldOutAnswer {
  /** `best`: better than all finalists there; `equal`: no difference above delta; `open`: too few replications to say. */
  readonly answer: "best" | "equal" | "open";
  /** Winner minus the scenario's own setting, with its 95 % interval; null where the winner is that, or one has no loss. */
  readonly gain: { readonly value: number; readonly low: number; readonly high: number } | null;
  /** Share of the own setting's mean that the gain is. */
  readonly gainShare: number | null;
  /** Which of the two fails so much that it has no loss there; null where both have one. */
  readonly without: "winner" | "own" | null;
}

/**
 * Judges the winner on traffic that chose nothing.
 *
 * @param losses of each finalist, aligned by replication @param winner, own their places in it
 */
export function judge(
  losses: readonly (readonly number[])[],
  { winner, own, delta }: { readonly winner: number; readonly own: number; readonly delta: number },
): HeldOutAnswer {
  if (losses.some((each) => each.length < 2)) {
    const fix = "give --replications 3 or more";
    throw new MeridianError("usage", {
      code: "TUNE_REPLICATIONS",
      what: "one held-out replication has no interval",
      fix,
    });
  }
  const known = [...losses.keys()].filter((i) => isKnown(losses[i]!));
  if (!known.includes(winner)) return { answer: "open", gain: null, gainShare: null, without: "winner" };
  const others = bestOf(
    known.map((i) => losses[i]!),
    delta,
  );
  const isWinnerLeast = known[others.least] === winner;
  const isAlone = known.length === 1;
  const among = isAlone ? (losses.length === 1 ? "equal" : "best") : others.answer;
  const answer = isWinnerLeast || among === "equal" ? among : "open";
  if (winner === own) return { answer, gain: null, gainShare: null, without: null };
  if (!known.includes(own)) return { answer, gain: null, gainShare: null, without: "own" };
  const { difference, relative } = gainOf(losses[own]!, losses[winner]!);
  return { answer, gain: difference, gainShare: relative, without: null };
}

function gainOf(own: readonly number[], winner: readonly number[]) {
  const { value, low, high } = pairedDifference(own, winner).difference;
  const difference = {
    value: value ?? Number.NaN,
    low: low ?? Number.NEGATIVE_INFINITY,
    high: high ?? Number.POSITIVE_INFINITY,
  };
  return { difference, relative: difference.value / meanNumber(own) };
}
