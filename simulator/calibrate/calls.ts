/** What calibration starts from: observed calls, and the same calls from the endpoint's point of view. */

/**
 * The calls of one endpoint as it saw them, by arrival: columns of one length. Instants are ms on the endpoint's own
 * time axis, with the network's round trip taken off.
 */
export interface Calls {
  readonly count: number;
  /** Reached the endpoint. Ascending. */
  readonly atMs: Float64Array;
  /** The first token left; NaN where it was not observed. */
  readonly firstMs: Float64Array;
  /** The last token left, or the caller gave up; NaN where the end is unknown. */
  readonly endMs: Float64Array;
  /** Prompt tokens not read from a cache. */
  readonly inputTokens: Float64Array;
  readonly outputTokens: Float64Array;
  /**
   * 1 = answered in full: its times count. 0 = it occupied the endpoint (a time limit, a failure), but its times do not
   * count.
   */
  readonly isServed: Uint8Array;
}

/** One call of `Calls`. */
export type CallRow = {
  readonly atMs: number;
  readonly firstMs: number;
  readonly endMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly isServed: boolean;
};

/** Puts rows into columns, in order of arrival. */
export function callsOf(rows: readonly CallRow[]): Calls {
  const sorted = [...rows].sort((a, b) => a.atMs - b.atMs || a.endMs - b.endMs);
  const column = (of: (row: CallRow) => number) => Float64Array.from(sorted, of);
  return {
    count: sorted.length,
    atMs: column((row) => row.atMs),
    firstMs: column((row) => row.firstMs),
    endMs: column((row) => row.endMs),
    inputTokens: column((row) => row.inputTokens),
    outputTokens: column((row) => Math.max(1, row.outputTokens)),
    isServed: Uint8Array.from(sorted, (row) => Number(row.isServed)),
  };
}

/** The calls numbered [from, to). */
export function sliceCalls(calls: Calls, from: number, to: number): Calls {
  return {
    count: to - from,
    atMs: calls.atMs.slice(from, to),
    firstMs: calls.firstMs.slice(from, to),
    endMs: calls.endMs.slice(from, to),
    inputTokens: calls.inputTokens.slice(from, to),
    outputTokens: calls.outputTokens.slice(from, to),
    isServed: calls.isServed.slice(from, to),
  };
}

/** One measured call, from whatever source. */
export interface Observation {
  /** Calls of one axis share a clock and the endpoints' load; calls of different axes never overlapped. */
  readonly axis: string;
  /** Region that was called, and model. */
  readonly region: string;
  readonly model: string;
  /** When the call left the caller, ms on the axis; and its end there, NaN where it was not observed. */
  readonly sentMs: number;
  readonly endMs: number;
  /** Time from sending to the first token, ms; NaN where it was not observed. */
  readonly ttftMs: number;
  /** Prompt tokens not read from a cache, and those read from one. */
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly outputTokens: number;
  /** The caller's max_tokens; NaN = unknown. */
  readonly maxTokens: number;
  /**
   * served: answered in full. throttled: 429. refused: 503. failed: another error. left: the caller gave up, and what
   * the endpoint did with the call is unknown.
   */
  readonly outcome: "served" | "throttled" | "refused" | "failed" | "left";
  /** Network round trip contained in these times, ms; NaN = unknown, and left in. */
  readonly roundTripMs: number;
  /** Instant of the axis's 0, ms since 1970 UTC; NaN where it is unknown. */
  readonly axisStartMs: number;
}

/** All observations of one region and model. */
export interface EndpointObservations {
  readonly region: string;
  readonly model: string;
  readonly observations: readonly Observation[];
}

/** Groups observations by region and model, in that order. */
export function byEndpoint(observations: readonly Observation[]): readonly EndpointObservations[] {
  const groups = new Map<string, Observation[]>();
  for (const each of observations) {
    const key = JSON.stringify([each.region, each.model]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  return [...groups.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, group]) => ({ region: group[0]!.region, model: group[0]!.model, observations: group }));
}

/** Idle time between two axes laid end to end, ms: longer than any call lasts. */
const AXIS_GAP_MS = 120_000;

/**
 * The calls as the endpoint saw them: the network's round trip is subtracted, half in each direction. Axes are laid end
 * to end. Calls that it rejected at once (429, 503) are left out, since they took no capacity.
 */
export function endpointCalls(observations: readonly Observation[]): Calls {
  const rows: CallRow[] = [];
  let offsetMs = 0;
  for (const axis of axesOf(observations)) {
    const fromMs = axis.reduce((least, { sentMs }) => Math.min(least, sentMs), Number.POSITIVE_INFINITY);
    const lastMs = axis.reduce((most, each) => Math.max(most, Number.isNaN(each.endMs) ? each.sentMs : each.endMs), 0);
    for (const each of axis) {
      const row = rowOf(each, offsetMs - fromMs, lastMs);
      if (row !== undefined) rows.push(row);
    }
    offsetMs += lastMs - fromMs + AXIS_GAP_MS;
  }
  return callsOf(rows);
}

/** Observations by axis, in order of name. */
export function axesOf(observations: readonly Observation[]): readonly (readonly Observation[])[] {
  const axes = new Map<string, Observation[]>();
  for (const each of observations) {
    const axis = axes.get(each.axis);
    if (axis === undefined) axes.set(each.axis, [each]);
    else axis.push(each);
  }
  return [...axes.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, axis]) => axis);
}

function rowOf(each: Observation, shiftMs: number, lastMs: number): CallRow | undefined {
  if (each.outcome === "throttled" || each.outcome === "refused") return undefined;
  const delayMs = oneWayMs(each);
  const atMs = each.sentMs + shiftMs + delayMs;
  const seenMs = Number.isNaN(each.endMs) ? lastMs : each.endMs;
  const endMs = Math.max(atMs, seenMs + shiftMs - delayMs);
  const firstMs = Math.min(endMs, Math.max(atMs, each.sentMs + shiftMs + each.ttftMs - delayMs));
  return {
    atMs,
    firstMs: each.outcome === "served" ? firstMs : Number.NaN,
    endMs,
    inputTokens: each.inputTokens,
    outputTokens: each.outputTokens,
    isServed: each.outcome === "served" && !Number.isNaN(each.endMs),
  };
}

/** One-way network delay, ms; 0 where the round trip is unknown. */
export function oneWayMs({ roundTripMs }: Observation): number {
  return Number.isNaN(roundTripMs) ? 0 : roundTripMs / 2;
}
