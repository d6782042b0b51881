import type { FittedSpec } from "../world/capacity/fitted-work.ts";
import { type Calls, sliceCalls } from "./calls.ts";
import { type Extrapolation, extrapolationOf, underMoreLoad } from "./extrapolate.ts";
import { type CallsFit, fitCalls } from "./fit-calls.ts";
import { fitQuota, type QuotaFit } from "./fit-quota.ts";
import { type Estimate, estimatesOf } from "./intervals.ts";
import { type EndpointObservations, endpointCalls, type Observation } from "./observation.ts";
import { quantileSorted } from "./quantiles.ts";
import type { PercentileError } from "./score.ts";
import { specOf, type Variant } from "./variant.ts";
import { type CalibrationWarning, warningsOf } from "./warnings.ts";

/** What calibration found out about one endpoint. */
export interface EndpointFit {
  readonly region: string;
  readonly model: string;
  readonly counts: Readonly<Record<Observation["outcome"], number>>;
  readonly spec: FittedSpec;
  readonly variant: Variant;
  readonly estimates: readonly Estimate[];
  readonly seen: SeenRange;
  /** Of a fit to the first part of the time, on the rest. */
  readonly heldOut: readonly PercentileError[];
  readonly extrapolation: Extrapolation;
  readonly quota: QuotaFit | undefined;
  readonly warnings: readonly CalibrationWarning[];
}

/** What the fit has seen: beyond it, it guesses. Token counts are the 1st and 99th percentiles. */
export interface SeenRange {
  readonly calls: number;
  readonly spanMs: number;
  readonly callsPerS: number;
  readonly insideMax: number;
  readonly inputTokens: readonly [number, number];
  readonly outputTokens: readonly [number, number];
}

/** Fewer answered calls than this fit nothing. */
export const CALLS_MIN = 40;
/** The newest so many are fitted. */
const CALLS_MAX = 5000;

/**
 * Fits one endpoint.
 *
 * @param burndowns what an output token may count for against its quota
 * @returns undefined with fewer than 40 answered calls, or none that took any time
 */
export function fitEndpoint(
  { region, model, observations }: EndpointObservations,
  burndowns: readonly number[] = [1, 2, 3, 5],
): EndpointFit | undefined {
  const all = endpointCalls(observations);
  const calls = sliceCalls(all, Math.max(0, all.count - CALLS_MAX), all.count);
  if (calls.isServed.reduce((sum, each) => sum + each, 0) < CALLS_MIN) return undefined;
  const fit = fitCalls(calls);
  if (fit === undefined) return undefined;
  const { variant, parameters } = fit.candidate;
  const spec = withRefusals(specOf(variant, parameters, fit.options.peak), observations, calls);
  const estimates = estimatesOf(calls, variant, parameters, { peak: fit.options.peak });
  const seen = seenIn(calls, fit);
  const quota = fitQuota(observations, burndowns);
  const extrapolation = extrapolationOf(underMoreLoad(calls, spec), fit.rivals);
  const counts = countsOf(observations);
  const warnings = warningsOf({ fit, spec, seen, counts, observations, quota, extrapolation });
  const heldOut = fit.heldOut.percentiles;
  return { region, model, counts, spec, variant, estimates, seen, heldOut, extrapolation, quota, warnings };
}

function countsOf(observations: readonly Observation[]): Record<Observation["outcome"], number> {
  const counts = { served: 0, throttled: 0, refused: 0, failed: 0, left: 0 };
  for (const { outcome } of observations) counts[outcome]++;
  return counts;
}

function seenIn(calls: Calls, { options }: CallsFit): SeenRange {
  const range = (column: Float64Array): readonly [number, number] => {
    const sorted = Float64Array.from(column).sort();
    return [Math.round(quantileSorted(sorted, 0.01)), Math.round(quantileSorted(sorted, 0.99))];
  };
  const spanMs = calls.atMs[calls.count - 1]! - calls.atMs[0]!;
  return {
    calls: calls.count,
    spanMs,
    callsPerS: spanMs > 0 ? (calls.count / spanMs) * 1000 : 0,
    insideMax: options.peak,
    inputTokens: range(calls.inputTokens),
    outputTokens: range(calls.outputTokens),
  };
}

/** An endpoint that answers 503 when so many are inside has that many places. */
function withRefusals(spec: FittedSpec, observations: readonly Observation[], calls: Calls): FittedSpec {
  const refused = observations.filter(({ outcome }) => outcome === "refused").length;
  if (refused < REFUSALS_MIN) return spec;
  const places = mostInside(calls);
  const servers = Math.min(spec.servers, places);
  return { ...spec, servers, waitingRoom: places - servers };
}

const REFUSALS_MIN = 5;

function mostInside(calls: Calls): number {
  const endsMs = Float64Array.from(calls.endMs).sort();
  let ended = 0;
  let most = 1;
  for (let i = 0; i < calls.count; i++) {
    while (endsMs[ended]! <= calls.atMs[i]!) ended++;
    most = Math.max(most, i + 1 - ended);
  }
  return most;
}
