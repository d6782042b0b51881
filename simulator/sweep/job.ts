/** The jobs of a sweep: each point of the design is one scenario, run whole, under a key that its content decides. */
import type { Factor, Point } from "./factor.ts";
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
