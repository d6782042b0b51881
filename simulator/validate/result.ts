import type { Margins } from "../scenario/plan.ts";
import type { Outcome } from "./equivalence.ts";
import type { QuantityUnit } from "./quantities.ts";

/**
 * `validation.json`: how wrong the simulator was, with evidence. Differences are simulated against measured: of
 * relative quantities simulated / measured - 1, else simulated - measured. `null` stands for "not to be had".
 * Additive changes keep the version; others raise it.
 */
export const VALIDATION_SCHEMA_VERSION = 1;

export interface ValidationResult {
  readonly schemaVersion: typeof VALIDATION_SCHEMA_VERSION;
  readonly kind: "validation";
  readonly scenario: { readonly name: string; readonly description: string; readonly sha256: string };
  readonly versions: { readonly meridian: string };
  readonly seed: number;
  /** Instant at which the window begins, and how long arrivals last from there. */
  readonly window: { readonly startsAt: string; readonly fromMs: number; readonly lengthMs: number };
  readonly requests: number;
  /** What was measured, for people. */
  readonly place: string;
  readonly margins: Margins;
  readonly resamples: number;
  readonly harness: HarnessError | null;
  readonly strategies: readonly StrategyValidation[];
  /** Why nothing can be concluded; empty for a valid run. */
  readonly invalid: readonly string[];
  readonly outcome: ValidationOutcome;
  /** One sentence with the figures behind it. */
  readonly verdict: string;
  readonly notes: readonly string[];
}

/** `different` before `undecided`: one shown difference is enough. */
export type ValidationOutcome = "equivalent" | "different" | "undecided" | "invalid";

/** What the harness measured of an endpoint whose every answer is known beforehand. */
export interface HarnessError {
  readonly requests: number;
  /** The queue, for people. */
  readonly law: string;
  readonly lagMsP99: number;
  readonly serverLateMsP99: number | null;
  readonly rows: readonly HarnessRow[];
}

export interface HarnessRow {
  /** `e2e` or `ttft`. */
  readonly metric: "e2e" | "ttft";
  readonly percentile: "p50" | "p95" | "p99";
  /** What the law says of these very arrivals. */
  readonly exactMs: number;
  /** What k6 measured. */
  readonly measuredMs: number;
  readonly errorMs: number;
  /** Error over the exact value. */
  readonly errorShare: number;
  /** What of the error is the harness's share of a margin at most; null where nothing was compared. */
  readonly shareOfMargin: number | null;
}

export interface StrategyValidation {
  readonly name: string;
  readonly kind: string;
  readonly outcome: ValidationOutcome;
  readonly total: GroupValidation;
  readonly byClass: readonly GroupValidation[];
  readonly byRegion: readonly GroupValidation[];
  readonly e2eCurve: readonly CurvePoint[];
  /** Empty where answers do not stream. */
  readonly ttftCurve: readonly CurvePoint[];
}

export interface GroupValidation {
  readonly name: string;
  /** Neighbouring requests that were resampled together. */
  readonly blockRequests: number;
  readonly quantities: readonly QuantityResult[];
}

export interface QuantityResult {
  readonly id: string;
  readonly name: string;
  readonly unit: QuantityUnit;
  readonly isRelative: boolean;
  readonly simulated: number | null;
  readonly measured: number | null;
  readonly difference: number | null;
  /** 90 % interval of the difference: equivalence at 5 % is that it lies within the margin. */
  readonly low: number | null;
  readonly high: number | null;
  readonly margin: number;
  readonly outcome: Outcome;
  /** All of these must be equivalent; of the others, none may be different. */
  readonly isGating: boolean;
  /** Requests (or attempts) that the figure stands on. */
  readonly count: number;
  /** Of an undecided or too small one: requests that would probably decide it; null where more of them would not. */
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
