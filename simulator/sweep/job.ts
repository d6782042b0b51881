/**
 * A sweep as plain data: its factors, places in the scenario and the values or the range that they take; the contract of a
 * design; and its jobs, each one scenario, run whole, under a key that its content decides.
 */
import { MeridianError } from "../base/errors.ts";
import { parseCount, parseDurationMs, parseRatePerS } from "../base/quantities.ts";
import type { SweepClass, SweepQuestion } from "./points.ts";

/** Version of the job file. */
export const SWEEP_SCHEMA_VERSION = 2;

/** The job file: all that any machine needs to run any of the jobs. Plain data. */
export interface SweepFile {
  readonly schemaVersion: typeof SWEEP_SCHEMA_VERSION;
  /** A job's result belongs to the version that made it: another one makes other keys. */
  readonly meridianVersion: string;
  readonly name: string;
  /** The scenario as it would run without the factors. */
  readonly scenarioYaml: string;
  /** Folder to which paths in the scenario are relative, as it was written. */
  readonly scenarioFile: string;
  readonly design: string;
  readonly seed: number;
  readonly factors: readonly Factor[];
  /** Strategy that the others are compared with. */
  readonly baseline: string;
  /** Classes with their objectives, as the scenario has them without the factors. */
  readonly classes: readonly SweepClass[];
  /** How points are added after those of the design; null: not at all. */
  readonly adaptive: AdaptiveRule | null;
  readonly jobs: readonly SweepJob[];
}

/** When a sweep has enough points. */
export interface AdaptiveRule {
  readonly questions: readonly SweepQuestion[];
  /** Width of the interval of a crossing, as a share of the load there. */
  readonly tolerance: number;
  /** Variants in all. */
  readonly pointsMax: number;
}

/** One point: a value for each factor, null where the scenario's own stands. */
export interface SweepJob {
  /** SHA-256, hexadecimal, of the canonical scenario, its recordings and the version. */
  readonly key: string;
  readonly values: readonly unknown[];
  /** More than the scenario has, where points were added to narrow an interval. */
  readonly replications?: number;
}

/** The job file's values of a point: JSON has no undefined. */
export function jobValues(point: Point): readonly unknown[] {
  return point.map((value) => (value === undefined ? null : value));
}

/**
 * The jobs that a machine takes of many: every `count`-th, so that cheap and dear neighbours spread evenly. Equal keys
 * are one job.
 *
 * @param index from 0, below `count`
 */
export function shardOf(jobs: readonly SweepJob[], index: number, count: number): readonly SweepJob[] {
  return distinct(jobs).filter((_, at) => at % count === index);
}

/** Points of a design may coincide: each key once, in the order of its first point. */
export function distinct(jobs: readonly SweepJob[]): readonly SweepJob[] {
  return [...new Map(jobs.map((job) => [job.key, job] as const)).values()];
}

/** Values that are tried as they are: numbers, texts such as `500k`, lists, maps. */
export interface ListFactor {
  readonly kind: "list";
  /** Path in the scenario, e.g. `traffic[0].arrivals.scale`. */
  readonly path: string;
  readonly values: readonly unknown[];
}

/** A range of numbers; designs that sample take any value of it, a grid takes `steps`. */
export interface RangeFactor {
  readonly kind: "range";
  readonly path: string;
  readonly from: number;
  readonly to: number;
  /** Points of a grid, both ends included. */
  readonly steps: number;
  readonly scale: "linear" | "log";
  /** Written after each number: `k`, `s`, `/s`, `%`; empty for a plain number. */
  readonly unit: string;
}

export type Factor = ListFactor | RangeFactor;

const NUMBER = "[+-]?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?";
const RANGE = new RegExp(`^(${NUMBER})([a-zA-Z%/]*)\\.\\.(${NUMBER})([a-wyzA-Z%/]*)(?:x(\\d+))?(?:\\s+(log))?$`);
/** What begins as a range does and is none. */
const LIKE_A_RANGE = new RegExp(`^\\s*${NUMBER}[a-zA-Z%/]*\\.\\.`);

/** How many of one unit another one is; undefined where they measure different things. */
function ratioOf(unit: string, of: string): number | undefined {
  for (const parse of [parseDurationMs, parseCount, parseRatePerS]) {
    const [one, other] = [parse(`1${unit}`), parse(`1${of}`)];
    if (one !== undefined && other !== undefined) return other / one;
  }
  return undefined;
}

/** Steps of a range that states none. */
const STEPS = 8;
export const STEPS_MAX = 10_000;

/**
 * A range as it is written: `0.5..4x8`, `100k..1600k x5 log`, `5s..1m`.
 *
 * @returns undefined for what is not a range
 * @throws MeridianError usage, SWEEP_RANGE: the ends are equal, measure different things, or a logarithm needs them above zero
 * @example parseRange("scale", "0.5..4x8")?.steps // => 8
 */
export function parseRange(path: string, text: string): RangeFactor | undefined {
  const match = RANGE.exec(text.trim().replace(/\s*x\s*(\d+)/, "x$1"));
  const fail = (what: string, fix: string) =>
    new MeridianError("usage", { code: "SWEEP_RANGE", where: path, what, fix });
  if (match === null) {
    if (!LIKE_A_RANGE.test(text)) return undefined;
    throw fail(`${text} is not a range`, "write low..high, low..highx8 for eight points, or 'low..high log'");
  }
  const [, low, lowUnit = "", high, highUnit = "", steps, log] = match;
  const ratio = lowUnit === highUnit ? 1 : ratioOf(lowUnit, highUnit);
  if (ratio === undefined) throw fail(`the ends of ${text} have different units`, "give both the same: 500k..2000k");
  // In the unit of the lower end, except where only the upper one has any: 0..4k.
  const unit = lowUnit === "" ? highUnit : lowUnit;
  const [from, to] = lowUnit === "" ? [Number(low) / ratio, Number(high)] : [Number(low), Number(high) * ratio];
  if (!Number.isFinite(from) || !Number.isFinite(to) || from === to)
    throw fail(`${text} is not a range`, "write low..high, e.g. 0.5..4x8");
  if (log !== undefined && Math.min(from, to) <= 0)
    throw fail(`${text} cannot be logarithmic`, "start above zero, or leave out log");
  const count = steps === undefined ? STEPS : Number(steps);
  if (count < 2 || count > STEPS_MAX) throw fail(`${text} has ${count} steps`, `take 2 to ${STEPS_MAX}`);
  return { kind: "range", path, from, to, steps: count, scale: log === undefined ? "linear" : "log", unit };
}

/**
 * The value of a factor at a position: 0 is its first value or low end, 1 its last value or high end.
 *
 * @param at in [0, 1]
 */
export function valueAt(factor: Factor, at: number): unknown {
  if (factor.kind === "list")
    return factor.values[Math.min(factor.values.length - 1, Math.floor(at * factor.values.length))];
  return written(factor, numberAt(factor, at));
}

/** The number of a range at a position in [0, 1]. */
export function numberAt({ from, to, scale }: RangeFactor, at: number): number {
  if (at <= 0) return from;
  if (at >= 1) return to;
  return scale === "log" ? from * (to / from) ** at : from + (to - from) * at;
}

/** A number of a range as the scenario takes it, with twelve significant digits, so that its text is its value. */
export function written({ unit }: RangeFactor, number: number): number | string {
  const short = Number(number.toPrecision(12));
  return unit === "" ? short : `${short}${unit}`;
}

/** All values of a grid. */
export function gridValues(factor: Factor): readonly unknown[] {
  if (factor.kind === "list") return factor.values;
  return Array.from({ length: factor.steps }, (_, i) => valueAt(factor, i / (factor.steps - 1)));
}

/** Values of all factors, in their order. */
export type Point = readonly unknown[];

export interface DesignInput {
  readonly factors: readonly Factor[];
  /** Points of a design that samples; a grid has its own number. */
  readonly points: number;
  readonly seed: number;
}

export interface Design {
  readonly name: string;
  /** One line for `meridian list`. */
  readonly summary: string;
  /**
   * The points, in a fixed order.
   * @throws MeridianError usage, where the factors do not suit the design
   */
  points(input: DesignInput): readonly Point[];
}
