/** The harness's own error: k6 measured against a queue whose every answer follows from the arrivals. */
import { orderStatistic } from "../base/statistics.ts";
import type { RequestRow, ScheduleRow } from "../bench/rows.ts";
import type { Margins } from "../scenario/plan.ts";
import { PERCENTILES } from "./quantities.ts";
import type { HarnessError, HarnessRow, StrategyValidation } from "./result.ts";

/** A queue whose answers follow from the arrivals: c servers, first come first served, constant service time. */
export interface KnownQueue {
  readonly servers: number;
  readonly serviceMs: number;
}

/** Exact latencies of a schedule. */
export interface KnownAnswers {
  /** From the intended arrival to the last and to the first token, by request, ms. */
  readonly e2eMs: Float64Array;
  readonly ttftMs: Float64Array;
}

/** Load at which calls wait for each other without a growing backlog. */
const UTILISATION = 0.7;
const SERVICE_MS = 1000;

/**
 * A queue that serves this many requests a second at 70 % load.
 *
 * @example queueFor(7) // => { servers: 10, serviceMs: 1000 }
 */
export function queueFor(requestsPerS: number): KnownQueue {
  return { servers: Math.max(1, Math.ceil((requestsPerS * SERVICE_MS) / 1000 / UTILISATION)), serviceMs: SERVICE_MS };
}

/**
 * The exact latencies of a schedule: service begins when the call has arrived and a server is free, so with constant
 * service times the k-th begins at max(arrival, end of the (k - c)-th). Source: J. Kiefer and J. Wolfowitz (1955).
 * Tokens are spread evenly over the service.
 *
 * @param schedule in order of arrival
 */
export function knownAnswers(schedule: readonly ScheduleRow[], { servers, serviceMs }: KnownQueue): KnownAnswers {
  const endsMs = new Float64Array(schedule.length);
  const e2eMs = new Float64Array(schedule.length);
  const ttftMs = new Float64Array(schedule.length);
  schedule.forEach(([arrivalMs, , , , outputTokens, maxTokens], k) => {
    const startMs = k < servers ? arrivalMs : Math.max(arrivalMs, endsMs[k - servers]!);
    endsMs[k] = startMs + serviceMs;
    e2eMs[k] = endsMs[k]! - arrivalMs;
    const wanted = Math.max(1, outputTokens);
    const tokens = maxTokens > 0 ? Math.min(wanted, maxTokens) : wanted;
    ttftMs[k] = startMs - arrivalMs + serviceMs / tokens;
  });
  return { e2eMs, ttftMs };
}

/** A measured run against the known queue. */
export interface KnownAnswerRun {
  readonly schedule: readonly ScheduleRow[];
  readonly queue: KnownQueue;
  readonly requests: readonly RequestRow[];
  /** Time to the first token, from the intended arrival, by request, ms; null where answers did not stream. */
  readonly ttftMs: Float64Array | null;
  readonly lagMsP99: number;
  readonly serverLateMsP99: number | null;
}

/** Errors of the percentiles that k6 measured against the exact ones of the same arrivals. */
export function harnessError(run: KnownAnswerRun): HarnessError {
  const { schedule, queue, requests } = run;
  const exact = knownAnswers(schedule, queue);
  const e2eMs = requests.map((row) => row.e - schedule[row.i]![0]);
  const ofFirstTokens = run.ttftMs === null ? [] : rowsOf("ttft", exact.ttftMs, run.ttftMs);
  const rows = [...rowsOf("e2e", exact.e2eMs, Float64Array.from(e2eMs)), ...ofFirstTokens];
  return {
    requests: requests.length,
    law: `${queue.servers} servers, first come first served, ${queue.serviceMs} ms each`,
    lagMsP99: run.lagMsP99,
    serverLateMsP99: run.serverLateMsP99,
    rows,
  };
}

function rowsOf(metric: HarnessRow["metric"], exact: Float64Array, measured: Float64Array): HarnessRow[] {
  const [ofExact, ofMeasured] = [exact.toSorted(), measured.toSorted()];
  return PERCENTILES.map(({ name, share }) => {
    const exactMs = orderStatistic(ofExact, share);
    const measuredMs = orderStatistic(ofMeasured, share);
    const errorMs = measuredMs - exactMs;
    return {
      metric,
      percentile: name,
      exactMs,
      measuredMs,
      errorMs,
      errorShare: errorMs / exactMs,
      shareOfMargin: null,
    };
  });
}

/** Most of a margin that the harness's own error may take. */
export const HARNESS_SHARE_MAX = 1 / 3;

/**
 * Relates the harness's error, in ms, to the margins: those of the same percentile of the strategy with the smallest
 * measured value.
 */
export function againstMargins(
  harness: HarnessError,
  strategies: readonly Pick<StrategyValidation, "total">[],
  margins: Margins,
): HarnessError {
  const rows = harness.rows.map((row): HarnessRow => {
    const id = `${row.metric}.${row.percentile}`;
    const measuredMs = strategies.flatMap(({ total }) => {
      const found = total.quantities.find((quantity) => quantity.id === id)?.measured;
      return found === null || found === undefined ? [] : [found];
    });
    if (measuredMs.length === 0) return row;
    const marginMs = margins[row.percentile] * Math.min(...measuredMs);
    return { ...row, shareOfMargin: marginMs > 0 ? Math.abs(row.errorMs) / marginMs : null };
  });
  return { ...harness, rows };
}

/** Why the harness is too inaccurate for these margins; empty when it is not. */
export function harnessFaults({ rows }: HarnessError): readonly string[] {
  return rows
    .filter(({ shareOfMargin }) => shareOfMargin !== null && shareOfMargin > HARNESS_SHARE_MAX)
    .map(({ metric, percentile, errorMs, shareOfMargin }) => {
      const share = `${(100 * shareOfMargin!).toFixed(0)} % of the smallest margin`;
      return `the harness itself errs by ${errorMs.toFixed(1)} ms at ${percentile} ${metric.toUpperCase()}, ${share}`;
    });
}
