/** The shape of `validation.json`. */
import type { StrategyBound } from "../experiment/result-detail.ts";
import type { Margins } from "../scenario/plan.ts";
import type { Outcome } from "./equivalence.ts";
import type { QuantityUnit } from "./quantities.ts";

/**
 * Differences are simulated against measured: for relative quantities simulated / measured - 1, else simulated -
 * measured. `null` stands for "not available". Additive changes keep the version; others raise it.
 */
export const VALIDATION_SCHEMA_VERSION = 1;

export interface ValidationResult {
  readonly schemaVersion: typeof VALIDATION_SCHEMA_VERSION;
  readonly kind: "validation";
  readonly scenario: { readonly name: string; readonly description: string; readonly sha256: string };
  readonly versions: { readonly meridian: string };
  readonly seed: number;
  /** Start of the window, also on the scenario's clock, and how long arrivals last from there, ms. */
  readonly window: { readonly startsAt: string; readonly fromMs: number; readonly lengthMs: number };
  readonly requests: number;
  /** Description of what was measured. */
  readonly place: string;
  readonly margins: Margins;
  readonly resamples: number;
  readonly harness: HarnessError | null;
  readonly strategies: readonly StrategyValidation[];
  /** Why nothing can be concluded; empty for a valid validation. */
  readonly invalid: readonly string[];
  readonly outcome: ValidationOutcome;
  /** One sentence with the figures behind it. */
  readonly verdict: string;
  readonly notes: readonly string[];
}

/** `different` takes precedence over `undecided`: one proven difference is enough. */
export type ValidationOutcome = "equivalent" | "different" | "undecided" | "invalid";

/** What the harness measured of an endpoint whose answers are known in advance. */
export interface HarnessError {
  readonly requests: number;
  /** Description of the queue. */
  readonly law: string;
  readonly lagMsP99: number;
  readonly serverLateMsP99: number | null;
  readonly rows: readonly HarnessRow[];
}

/** The harness's error at one percentile. */
export interface HarnessRow {
  readonly metric: "e2e" | "ttft";
  readonly percentile: "p50" | "p95" | "p99";
  /** By the queue's law, of the same arrivals. */
  readonly exactMs: number;
  /** By k6. */
  readonly measuredMs: number;
  readonly errorMs: number;
  /** Error over the exact value. */
  readonly errorShare: number;
  /** Error over the smallest margin of this percentile; null where none was compared. */
  readonly shareOfMargin: number | null;
}

/** The comparison of one strategy. */
export interface StrategyValidation {
  readonly name: string;
  readonly kind: string;
  readonly outcome: ValidationOutcome;
  readonly total: GroupValidation;
  readonly byClass: readonly GroupValidation[];
  readonly byRegion: readonly GroupValidation[];
  readonly e2eCurve: readonly CurvePoint[];
  /** What both runs cost above the least possible for what they served; left out where no bound can be stated. */
  readonly leastCost?: { readonly simulated: StrategyBound; readonly measured: StrategyBound };
  /** Empty where answers do not stream. */
  readonly ttftCurve: readonly CurvePoint[];
}

/** The comparison of one group: all requests, a class or a region. */
export interface GroupValidation {
  readonly name: string;
  /** Block length of the bootstrap, requests. */
  readonly blockRequests: number;
  readonly quantities: readonly QuantityResult[];
}

/** The comparison of one quantity. */
export interface QuantityResult {
  readonly id: string;
  readonly name: string;
  readonly unit: QuantityUnit;
  readonly isRelative: boolean;
  readonly simulated: number | null;
  readonly measured: number | null;
  readonly difference: number | null;
  /** 90 % interval of the difference; within the margin means equivalent at 5 %. */
  readonly low: number | null;
  readonly high: number | null;
  readonly margin: number;
  readonly outcome: Outcome;
  /** A gating quantity must be equivalent; any other must not be different. */
  readonly isGating: boolean;
  /** Requests (or attempts) behind the figure. */
  readonly count: number;
  /** Where undecided or too few: requests that would probably decide it; null where more would not. */
  readonly requestsNeeded: number | null;
}

/** Both distributions at one percentile. */
export interface CurvePoint {
  readonly share: number;
  readonly simulatedMs: number;
  readonly measuredMs: number;
  /** Simulated / measured - 1 with its pointwise 90 % interval. */
  readonly residual: number;
  readonly low: number;
  readonly high: number;
}
