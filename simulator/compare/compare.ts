/** Compares runs: every metric of the groups they have in common, with intervals, Holm's correction and a verdict. */
import {
  holm,
  type MeanDifference,
  type Moments,
  momentsOf,
  momentsOfEstimate,
  pairedDifference,
  replicationsNeeded,
  welchDifference,
} from "../base/significance.ts";
import { type Estimate, tInterval } from "../base/statistics.ts";
import type { RunResult, SampleMetric, StrategyResult } from "../experiment/result.ts";
import { type GroupKey, type GroupMetric, groupEstimate, groupKeys, valuesOf, withMetrics } from "./matching.ts";
import { type MeasuredMoments, rowsDifference } from "./measured-rows.ts";
import {
  type ComparedRow,
  type ComparisonResult,
  isLatency,
  lessIsBetter,
  type RowVerdict,
  type RunPairing,
} from "./result.ts";
import { type ComparedRun, mixNote, pairingOf } from "./run-differences.ts";
import { verdictText } from "./verdict-text.ts";

export interface CompareOptions {
  /** Compare even what the refusals speak of. */
  readonly force?: boolean;
  /** Groups to show beside classes. */
  readonly byRegion?: boolean;
  /** Also by tag of the classes: their share of the requests, failures and bill. */
  readonly byTag?: boolean;
  /** Metrics to show; the usual ones of each scope unless given. */
  readonly metrics?: readonly SampleMetric[];
  /** Groups and metrics beside the shown ones: what gates ask for. */
  readonly also?: readonly GroupMetric[];
  /** Strategy of the first run and its counterpart in the others, where names differ. */
  readonly match?: ReadonlyMap<string, string>;
}

/** A run to compare; of measured ones, the moments of its requests by strategy where its rows are at hand. */
export interface RunToCompare extends ComparedRun {
  readonly rows?: ReadonlyMap<string, MeasuredMoments>;
}

/** Differences of shares below this are better or worse only where they are shown; more failures than this hide tails. */
const FAILED_SHARE_MARGIN = 0.01;
const ALPHA = 0.05;
/** Below this p-value a difference of failures is more than chance: so rarely that a gate still fails in 5 of 100 at most. */
const FAILED_ALPHA = 0.02;
/** Fewest replications for an interval. */
const REPLICATIONS_MIN = 2;

/**
 * Compares runs with the first one. A difference is called better or worse only where Holm's p-value over all rows is
 * below 5 %. Refusals are in the pairings; unless forced, a refused run has no rows.
 *
 * @param runs    at least two; the first is what the others are compared with
 * @param options what else to compare, and whether to compare runs that must not be
 * @returns a row for each figure, with the difference, its interval and p-value, and what kept runs from being compared
 */
export function compareRuns(
  runs: readonly RunToCompare[],
  options: CompareOptions = {},
): Omit<ComparisonResult, "gates"> {
  const [first, ...others] = runs as readonly [RunToCompare, ...RunToCompare[]];
  const pairings = others.map((other) => pairingOf(first, other));
  const unmatched: string[] = [];
  const raw = others.flatMap((other, i) => {
    const pairing = pairings[i]!;
    if (pairing.refusals.length > 0 && options.force !== true) return [];
    const pairs = strategyPairs(first.result, other.result, options.match);
    unmatched.push(...unmatchedText(first, other, pairs));
    return pairs.flatMap((pair) => rowsOf({ first, other, pairing, pair }, options));
  });
  const rows = withHolm(raw);
  const result = {
    schemaVersion: 1 as const,
    kind: "comparison" as const,
    runs: runs.map(headerOf),
    pairings,
    forced: options.force === true && pairings.some(({ refusals }) => refusals.length > 0),
    rows,
    tests: rows.filter(({ pHolm }) => pHolm !== null).length,
    unmatched,
  };
  return { ...result, verdict: verdictText(result, first.result) };
}

function headerOf({ label, result, machine }: RunToCompare) {
  return {
    label,
    kind: result.kind,
    scenario: result.scenario.name,
    scenarioSha256: result.scenario.sha256,
    trafficSha256: result.trafficSha256 ?? null,
    seed: result.seed,
    replications: result.replications.done,
    meridian: result.versions.meridian,
    machine: machine ?? null,
  };
}

type StrategyPair = readonly [a: StrategyResult, b: StrategyResult];

/** Strategies by name; one of each run, whatever their names, where each run has one. */
function strategyPairs(a: RunResult, b: RunResult, match: CompareOptions["match"]): readonly StrategyPair[] {
  const pairs = a.strategies.flatMap((one): readonly StrategyPair[] => {
    const wanted = match?.get(one.name) ?? one.name;
    const other = b.strategies.find(({ name }) => name === wanted);
    return other === undefined ? [] : [[one, other]];
  });
  const isOneEach = a.strategies.length === 1 && b.strategies.length === 1;
  return pairs.length === 0 && isOneEach ? [[a.strategies[0]!, b.strategies[0]!]] : pairs;
}

function unmatchedText(first: RunToCompare, other: RunToCompare, pairs: readonly StrategyPair[]): readonly string[] {
  const only = (run: RunToCompare, side: 0 | 1) =>
    run.result.strategies
      .filter((one) => !pairs.some((pair) => pair[side] === one))
      .map(({ name }) => `Strategy ${name} is in ${run.label} only.`);
  const renamed = pairs
    .filter(([a, b]) => a.name !== b.name)
    .map(([a, b]) => `Strategy ${a.name} of ${first.label} is compared with ${b.name} of ${other.label}.`);
  const classes = (run: RunToCompare, than: RunToCompare) =>
    run.result.classes
      .filter(({ name }) => !than.result.classes.some((each) => each.name === name))
      .map(({ name }) => `Class ${name} is in ${run.label} only.`);
  return [...renamed, ...only(first, 0), ...only(other, 1), ...classes(first, other), ...classes(other, first)];
}

interface PairContext {
  readonly first: RunToCompare;
  readonly other: RunToCompare;
  readonly pairing: RunPairing;
  readonly pair: StrategyPair;
}

type RawRow = Omit<ComparedRow, "pHolm" | "verdict" | "needs"> & {
  readonly spread: number | null;
  readonly isSame: boolean;
  readonly least: number | null;
};

function rowsOf(context: PairContext, options: CompareOptions): readonly RawRow[] {
  const [a, b] = context.pair;
  const keys = groupKeys(context.first.result, context.other.result, options);
  return withMetrics(keys, options.metrics, options.also ?? []).flatMap((key) =>
    key.metrics.flatMap((metric) => {
      const [ofA, ofB] = [
        groupEstimate(context.first.result, a, key, metric),
        groupEstimate(context.other.result, b, key, metric),
      ];
      return ofA === undefined || ofB === undefined || (ofA.n === 0 && ofB.n === 0)
        ? []
        : [rowOf(context, { key, metric, a: ofA, b: ofB })];
    }),
  );
}

interface Cell {
  readonly key: GroupKey;
  readonly metric: SampleMetric;
  readonly a: Estimate;
  readonly b: Estimate;
}

function rowOf(context: PairContext, cell: Cell): RawRow {
  const { key, metric, a, b } = cell;
  const found = differenceOf(context, cell);
  return {
    run: context.other.label,
    strategy: context.pair[0].name,
    scope: key.scope,
    name: key.name,
    metric,
    a: found.a ?? a,
    b: found.b ?? b,
    difference: found.difference,
    relative: found.relative,
    p: found.p,
    n: found.n,
    spread: found.spread,
    isSame: found.isSame,
    least: found.least === undefined ? REPLICATIONS_MIN : found.least,
    note: noteOf(context, cell) ?? totalNote(context, cell, found),
  };
}

/** Why a total says nothing of runs that had unlike requests; null of a class, or where both had the same ones. */
function totalNote({ first, other, pairing, pair }: PairContext, { key, metric }: Cell, found: Found): string | null {
  if (key.scope !== "total" || pairing.method === "paired replications") return null;
  const { difference, p } = found;
  return mixNote([first.result, pair[0]], [other.result, pair[1]], { metric, difference: difference.value, p });
}

interface Found extends MeanDifference {
  readonly n: number;
  /** Standard deviation of the difference of one replication; null where replications would not help. */
  readonly spread: number | null;
  readonly isSame: boolean;
  /** Fewest observations for an interval, where these are no replications; null where none would do. */
  readonly least?: number | null;
  readonly a?: Estimate;
  readonly b?: Estimate;
}

function differenceOf(context: PairContext, cell: Cell): Found {
  const { first, other, pairing, pair } = context;
  const { key, metric, a, b } = cell;
  if (pairing.method === "measured requests") {
    const measured = rowsDifference(first, other, {
      strategies: [pair[0].name, pair[1].name],
      key,
      metric,
      estimates: [a, b],
    });
    return { ...measured, spread: null, isSame: false };
  }
  const [samplesA, samplesB] = [valuesOf(pair[0], key, metric), valuesOf(pair[1], key, metric)];
  if (pairing.method === "paired replications" && samplesA !== undefined && samplesB !== undefined) {
    return pairedFound(samplesA, samplesB);
  }
  const [momentsA, momentsB] = [momentsFrom(samplesA, a), momentsFrom(samplesB, b)];
  if (momentsA === undefined || momentsB === undefined) return NOTHING_FOUND;
  const found = welchDifference(momentsA, momentsB);
  const variances = [momentsA.variance, momentsB.variance];
  const spread = variances[0] == null || variances[1] == null ? null : Math.sqrt(variances[0] + variances[1]);
  return {
    ...found,
    n: Math.min(momentsA.n, momentsB.n),
    spread,
    isSame: spread === 0 && found.difference.value === 0,
  };
}

function pairedFound(samplesA: readonly (number | null)[], samplesB: readonly (number | null)[]): Found {
  const pairs = samplesA.flatMap((one, i): readonly (readonly [number, number])[] => {
    const [x, y] = [one, samplesB[i] ?? null];
    return x === null || y === null ? [] : [[x, y]];
  });
  if (pairs.length === 0) return NOTHING_FOUND;
  const [a, b] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
  const differences = b.map((value, i) => value - a[i]!);
  const variance = momentsOf(differences)!.variance;
  return {
    ...pairedDifference(a, b),
    n: pairs.length,
    spread: variance === null ? null : Math.sqrt(variance),
    isSame: differences.every((value) => value === 0),
    a: tInterval(a),
    b: tInterval(b),
  };
}

function momentsFrom(values: readonly (number | null)[] | undefined, estimate: Estimate): Moments | undefined {
  if (values === undefined) return momentsOfEstimate(estimate);
  return momentsOf(values.filter((value): value is number => value !== null));
}

const NO_ESTIMATE: Estimate = { value: null, low: null, high: null, n: 0 };
const NOTHING_FOUND: Found = {
  difference: NO_ESTIMATE,
  relative: NO_ESTIMATE,
  p: null,
  freedom: null,
  n: 0,
  spread: null,
  isSame: false,
};

/**
 * Why a latency cannot be compared: an unstable run, or one that fails more, whose survivors look fast. A difference of
 * failures that chance alone makes is none.
 */
function noteOf(context: PairContext, { key, metric }: Cell): string | null {
  if (!isLatency(metric)) return null;
  const { pair, first, other } = context;
  for (const [side, run] of [
    [pair[0], first],
    [pair[1], other],
  ] as const) {
    if (side.status === "unstable") return `${run.label} is unstable: its latency says how long the run was`;
  }
  const [a, b] = [first.result, other.result].map((result, i) => groupEstimate(result, pair[i]!, key, "failedShare"));
  const more = (b?.value ?? 0) - (a?.value ?? 0);
  if (Math.abs(more) <= FAILED_SHARE_MARGIN) return null;
  const { p } = differenceOf(context, { key, metric: "failedShare", a: a ?? NO_ESTIMATE, b: b ?? NO_ESTIMATE });
  if (p !== null && p >= FAILED_ALPHA) return null;
  return `${(more > 0 ? other : first).label} fails ${(100 * Math.abs(more)).toFixed(1)} points more: those that survive look fast`;
}

/** Holm over all rows that have a p-value and can be compared. */
function withHolm(raw: readonly RawRow[]): readonly ComparedRow[] {
  const isTested = (row: RawRow) => row.p !== null && row.note === null && !row.isSame;
  const tested = raw.filter(isTested);
  const adjusted = new Map(holm(tested.map(({ p }) => p!)).map((p, i) => [tested[i]!, p]));
  return raw.map((row) => {
    const { spread, isSame, least, ...rest } = row;
    const pHolm = adjusted.get(row) ?? null;
    const verdict = verdictOf(row, pHolm);
    const isOpen = verdict === "not shown" && spread !== null && row.difference.value !== null;
    const shownFrom = isOpen
      ? (replicationsNeeded(row.difference.value, spread, { comparisons: tested.length }) ?? null)
      : null;
    const needs = verdict === "too few" ? least : shownFrom;
    return { ...rest, pHolm, verdict, needs };
  });
}

function verdictOf(row: RawRow, pHolm: number | null): RowVerdict {
  if (row.note !== null) return "not comparable";
  if (row.isSame && row.n > 0) return "same";
  if (row.p === null) return "too few";
  if (pHolm === null || pHolm >= ALPHA || row.difference.value === 0) return "not shown";
  const less = lessIsBetter(row.metric);
  if (less === null) return "differs";
  return row.difference.value! < 0 === less ? "better" : "worse";
}
