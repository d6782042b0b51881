/** The quantities that a validation compares, and the columns of requests that they are computed from. */
import type { Margins } from "../scenario/plan.ts";
import { createQuantileColumn, type Figure, type PairedQuantity } from "./paired-intervals.ts";
import type { RunSample } from "./samples.ts";

export type QuantityUnit = "ms" | "share" | "perRequest" | "usd";

/** A quantity that is compared, with its margin. */
export interface Quantity extends PairedQuantity {
  /** Unique in its group: `e2e.p95`, `throttled`, `split.us-east-1`. */
  readonly id: string;
  /** Display name. */
  readonly name: string;
  readonly unit: QuantityUnit;
  /** Largest difference that counts as equivalent, in the unit of the difference. */
  readonly margin: number;
  /** Requests (or attempts) behind the figure on the side with fewer, and the least that it needs. */
  readonly count: number;
  readonly countMin: number;
}

/** What the figures of a group are computed from. */
export interface GroupSource {
  readonly simulated: GroupColumns;
  readonly measured: GroupColumns;
  readonly margins: Margins;
  readonly isStreaming: boolean;
}

/** The columns of one side of a group, by request; requests outside the group are 0 or NaN. */
export interface GroupColumns {
  readonly e2eMs: Float64Array;
  readonly ttftMs: Float64Array;
  /** 1 for each request that belongs to the group; 1 for each that was served in it, or failed. */
  readonly asked: Float64Array;
  readonly served: Float64Array;
  readonly failed: Float64Array;
  /** Attempts until the request ended, and how many of them were answered 429 and 503. */
  readonly sent: Float64Array;
  readonly throttled: Float64Array;
  readonly unavailable: Float64Array;
  /** Attempts after a request's first. */
  readonly again: Float64Array;
  readonly costUsd: Float64Array;
}

/** The percentiles compared, each with the fewest requests for which its 95 % interval exists. */
export const PERCENTILES = [
  { name: "p50", share: 0.5, countMin: 59 },
  { name: "p95", share: 0.95, countMin: 59 },
  { name: "p99", share: 0.99, countMin: 299 },
] as const;

/** Fewest requests from which a share is judged. */
export const COUNT_MIN = 59;

/** Percentiles of E2E latency and, where answers stream, of the time to the first token. */
export function latencies(source: GroupSource): Quantity[] {
  const columns = source.isStreaming ? (["e2eMs", "ttftMs"] as const) : (["e2eMs"] as const);
  return columns.flatMap((key) => {
    const [simulated, measured] = [source.simulated[key], source.measured[key]];
    const [ofSimulated, ofMeasured] = [createQuantileColumn(simulated), createQuantileColumn(measured)];
    const id = key === "e2eMs" ? "e2e" : "ttft";
    return PERCENTILES.map(
      ({ name, share, countMin }): Quantity => ({
        id: `${id}.${name}`,
        name: `${name} ${id.toUpperCase()}`,
        unit: "ms",
        margin: source.margins[name],
        isRelative: true,
        count: Math.min(ofSimulated.count, ofMeasured.count),
        countMin,
        simulated: { kind: "quantile", column: ofSimulated, values: simulated, share },
        measured: { kind: "quantile", column: ofMeasured, values: measured, share },
      }),
    );
  });
}

/** A quotient of two sums: `over` divided by `per`. */
interface RatioOptions {
  readonly id: string;
  readonly name: string;
  readonly unit: QuantityUnit;
  readonly margin: number;
  readonly isRelative?: boolean;
  readonly over: (columns: GroupColumns) => Float64Array;
  readonly per: (columns: GroupColumns) => Float64Array;
}

function ratio(source: GroupSource, options: RatioOptions): Quantity {
  const figure = (columns: GroupColumns): Figure => ({
    kind: "ratio",
    numerator: options.over(columns),
    denominator: options.per(columns),
  });
  const sum = (columns: GroupColumns) => options.per(columns).reduce((total, value) => total + value, 0);
  const { id, name, unit, margin, isRelative = false } = options;
  return {
    id,
    name,
    unit,
    margin,
    isRelative,
    count: Math.min(sum(source.simulated), sum(source.measured)),
    countMin: COUNT_MIN,
    simulated: figure(source.simulated),
    measured: figure(source.measured),
  };
}

/** Share of the attempts answered 429. */
export function throttledShare(source: GroupSource): Quantity {
  const { throttled: margin } = source.margins;
  const labels = { id: "throttled", name: "attempts answered 429", unit: "share", margin } as const;
  return ratio(source, { ...labels, over: ({ throttled }) => throttled, per: ({ sent }) => sent });
}

/** Share of the attempts answered 503. */
export function unavailableShare(source: GroupSource): Quantity {
  const { unavailable: margin } = source.margins;
  const labels = { id: "unavailable", name: "attempts answered 503", unit: "share", margin } as const;
  return ratio(source, { ...labels, over: ({ unavailable }) => unavailable, per: ({ sent }) => sent });
}

/** Attempts after the first, per request. */
export function retries(source: GroupSource): Quantity {
  const { retries: margin } = source.margins;
  const labels = { id: "retries", name: "retries per request", unit: "perRequest", margin } as const;
  return ratio(source, { ...labels, over: ({ again }) => again, per: ({ asked }) => asked });
}

/** Share of the requests that were not served. */
export function failedShare(source: GroupSource): Quantity {
  const { failed: margin } = source.margins;
  const labels = { id: "failed", name: "requests not served", unit: "share", margin } as const;
  return ratio(source, { ...labels, over: ({ failed }) => failed, per: ({ asked }) => asked });
}

/** Cost of all requests of the group, served or not, per 1,000 served. */
export function cost(source: GroupSource): Quantity {
  const { cost: margin } = source.margins;
  const labels = { id: "cost", name: "USD per 1,000 served", unit: "usd", margin, isRelative: true } as const;
  return ratio(source, {
    ...labels,
    over: ({ costUsd }) => costUsd.map((usd) => 1000 * usd),
    per: ({ served }) => served,
  });
}

/** Share of the served requests that ran in a region. @param ranHere 1 for those, simulated and measured */
export function split(source: GroupSource, name: string, ranHere: readonly [Float64Array, Float64Array]): Quantity {
  const { split: margin } = source.margins;
  const labels = { id: `split.${name}`, name: `served in ${name}`, unit: "share", margin } as const;
  return ratio(source, {
    ...labels,
    over: (columns) => ranHere[columns === source.simulated ? 0 : 1],
    per: ({ served }) => served,
  });
}

/**
 * The columns of one side for a group: the requests of a class, or served by a region (attempts: that called it), or
 * all.
 */
export function groupColumns(
  sample: RunSample,
  group: { readonly classIndex?: number; readonly region?: number },
): GroupColumns {
  const { requests: n, classIndex, region } = sample;
  const isAsked = (k: number) => group.classIndex === undefined || classIndex[k] === group.classIndex;
  const isHere = (k: number) => isAsked(k) && (group.region === undefined || region[k] === group.region);
  const column = (of: (k: number) => number) => Float64Array.from({ length: n }, (_, k) => of(k));
  const called = sample.attempts.filter((_, r) => group.region === undefined || r === group.region);
  const sum = (k: number, key: "sent" | "throttled" | "unavailable") =>
    isAsked(k) ? called.reduce((total, columns) => total + columns[key][k]!, 0) : 0;
  return {
    e2eMs: column((k) => (isHere(k) ? sample.e2eMs[k]! : Number.NaN)),
    ttftMs: column((k) => (isHere(k) ? sample.ttftMs[k]! : Number.NaN)),
    asked: column((k) => (isAsked(k) ? 1 : 0)),
    served: column((k) => (isHere(k) && region[k]! >= 0 ? 1 : 0)),
    failed: column((k) => (isAsked(k) && region[k]! < 0 ? 1 : 0)),
    sent: column((k) => sum(k, "sent")),
    throttled: column((k) => sum(k, "throttled")),
    unavailable: column((k) => sum(k, "unavailable")),
    again: column((k) => Math.max(0, sum(k, "sent") - 1)),
    costUsd: column((k) => (isAsked(k) ? sample.costUsd[k]! : 0)),
  };
}
