/** The shape of a comparison of runs: what `meridian compare --json` prints and every rendering is made from. */
import type { Estimate } from "../base/statistics.ts";
import type { GroupSamples, RunResult, SampleMetric } from "../experiment/result.ts";

export const COMPARISON_SCHEMA_VERSION = 1;

/** A run as far as a comparison names it. */
export interface RunHeader {
  /** How it is called throughout: as it was named, or its id. */
  readonly label: string;
  readonly kind: RunResult["kind"];
  readonly scenario: string;
  readonly scenarioSha256: string;
  readonly trafficSha256: string | null;
  readonly seed: number;
  readonly replications: number;
  readonly meridian: string;
  readonly machine: string | null;
}

/** Something in which two runs differ. */
export interface RunDifference {
  /** What: `traffic`, `seed`, `version`, or a path of the scenario such as `world.quotas.us-east-1`. */
  readonly what: string;
  readonly a: string;
  readonly b: string;
  readonly isScenario: boolean;
}

/** How one run stands to the baseline run. */
export interface RunPairing {
  readonly label: string;
  readonly method: "paired replications" | "independent replications" | "measured requests";
  /** Why, one phrase. */
  readonly reason: string;
  readonly differences: readonly RunDifference[];
  /** Reasons for which the comparison is refused unless it is forced, whole sentences. */
  readonly refusals: readonly string[];
}

/** What is shown of a difference. */
export type RowVerdict =
  /** Shown to differ, in a metric that has a better direction. */
  | "better"
  | "worse"
  /** Shown to differ, in one that has none. */
  | "differs"
  | "not shown"
  /** Every replication gave the same value on both sides. */
  | "same"
  /** Too few replications or requests for an interval. */
  | "too few"
  | "not comparable";

/** One metric of one group of one strategy: a run against the baseline run. */
export interface ComparedRow {
  /** Label of the run. */
  readonly run: string;
  readonly strategy: string;
  readonly scope: GroupSamples["scope"] | "tag";
  /** Class, region, or tag and value (`team=search`); empty for the total. */
  readonly name: string;
  readonly metric: SampleMetric;
  /** Value of the baseline run, and of the run. */
  readonly a: Estimate;
  readonly b: Estimate;
  /** b - a with its 95 % interval, and b / a - 1. */
  readonly difference: Estimate;
  readonly relative: Estimate;
  /** Two-sided p-value, and Holm's over all rows of the comparison; null where no interval exists. */
  readonly p: number | null;
  readonly pHolm: number | null;
  readonly verdict: RowVerdict;
  /** Replications (or, of measured runs, requests) behind the difference. */
  readonly n: number;
  /**
   * Replications with which a difference like this one would be shown; of too few, how many (of measured runs: requests)
   * give an interval at all. Null where that is not known.
   */
  readonly needs: number | null;
  /** Why it is not comparable, or what to bear in mind. */
  readonly note: string | null;
}

/** A comparison of two or more runs; the first is the baseline run. */
export interface ComparisonResult {
  readonly schemaVersion: typeof COMPARISON_SCHEMA_VERSION;
  readonly kind: "comparison";
  /** One sentence with numbers, intervals and condition. */
  readonly verdict: string;
  /** Baseline run first. */
  readonly runs: readonly RunHeader[];
  /** One for each run but the first. */
  readonly pairings: readonly RunPairing[];
  /** Refusals were overruled. */
  readonly forced: boolean;
  readonly rows: readonly ComparedRow[];
  /** How many differences were tested at once. */
  readonly tests: number;
  /** What is in some runs only, whole sentences. */
  readonly unmatched: readonly string[];
  readonly gates: readonly GateResult[];
}

/** A gate of `--fail-on` and what was found. */
export interface GateResult {
  readonly text: string;
  readonly passed: boolean;
  /** What was found, as a phrase with numbers. */
  readonly found: string;
}

/** Whether less of a metric is better; null where neither is. */
export function lessIsBetter(metric: SampleMetric): boolean | null {
  if (metric === "goodputShare") return false;
  return metric === "trafficShare" ? null : true;
}

/** Latency of served requests: says nothing of an unstable run, and flatters a run that fails more. */
export function isLatency(metric: SampleMetric): boolean {
  return metric.startsWith("e2eMs") || metric.startsWith("ttftMs") || metric.startsWith("waitMs");
}
