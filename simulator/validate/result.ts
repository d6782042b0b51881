/**
 * The shape of `validation.json`, and its figures as readers see them, alike in the report, the summary, the terminal and the
 * verdict.
 */
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

/**
 * A value with its unit; n/a where there is none.
 *
 * @example valueText(1234.5, "ms") // => "1.234 s"
 * @example valueText(0.317, "share") // => "31.70 %"
 */
export function valueText(value: number | null, unit: QuantityResult["unit"]): string {
  if (value === null) return "n/a";
  switch (unit) {
    case "ms":
      return value >= 1000 ? `${(value / 1000).toFixed(3)} s` : `${value.toFixed(1)} ms`;
    case "share":
      return `${(100 * value).toFixed(2)} %`;
    default:
      return value.toFixed(4);
  }
}

/** `+1.20 % (−0.30 to +2.70)`: simulated against measured, in percent of it, in points, or per request. */
export function differenceText(quantity: QuantityResult): string {
  const { difference } = quantity;
  if (difference === null) return "n/a";
  const interval = intervalText(quantity);
  return `${signedDifference(quantity)}${interval === "" ? "" : ` (${interval})`}`;
}

/** `+1.20 %` */
export function signedDifference(quantity: QuantityResult): string {
  const { symbol } = scaleOf(quantity);
  return quantity.difference === null ? "n/a" : `${signed(quantity.difference, quantity)}${symbol}`;
}

/** `−0.30 to +2.70`; "" where there is none. */
export function intervalText(quantity: QuantityResult): string {
  const { low, high } = quantity;
  return low === null || high === null ? "" : `${signed(low, quantity)} to ${signed(high, quantity)}`;
}

/** `±5 %`, `±1 point` */
export function marginText(quantity: QuantityResult): string {
  const { factor, symbol } = scaleOf(quantity);
  const size = Number((factor * quantity.margin).toPrecision(4));
  return `±${size}${size === 1 && symbol === " points" ? " point" : symbol}`;
}

/** The outcome, and where it is open the number of requests that would decide it. */
export function outcomeText({ outcome, requestsNeeded }: QuantityResult): string {
  if (outcome !== "undecided" && outcome !== "too few") return outcome;
  return requestsNeeded === null ? outcome : `${outcome}: about ${requestsNeeded} requests needed`;
}

/** What a strategy cost above the least possible, measured and simulated, and where it came from; "" where unknown. */
export function regretText({ name, leastCost }: StrategyValidation): string {
  if (leastCost === undefined || leastCost.measured.regretUsd.value === null) return "";
  const { measured, simulated } = leastCost;
  const usd = ({ value }: { readonly value: number | null }) => (value ?? 0).toFixed(4);
  const parts = `${usd(measured.placementUsd)} by where calls went, which foresight would have told, ${usd(measured.timingUsd)} by when (work that could have waited), ${usd(measured.wastedUsd)} for calls whose callers had gone`;
  return `${name} cost ${valueText(measured.regretShare.value, "share")} more than the least possible for what it served (${usd(measured.regretUsd)} of ${usd(measured.costUsd)} USD: ${parts}); simulated, ${valueText(simulated.regretShare.value, "share")}. Quotas and capacity are left out of this bound, as those of the services are not known.`;
}

function signed(value: number, quantity: QuantityResult): string {
  const { factor, decimals } = scaleOf(quantity);
  const text = (factor * Math.abs(value)).toFixed(decimals);
  return `${Number(text) === 0 ? "" : value < 0 ? "−" : "+"}${text}`;
}

function scaleOf({ isRelative, unit }: QuantityResult) {
  if (isRelative) return { factor: 100, symbol: " %", decimals: 2 };
  if (unit === "share") return { factor: 100, symbol: " points", decimals: 2 };
  return { factor: 1, symbol: "", decimals: 4 };
}
