/** Runs driven by a native executor of k6 instead of the schedule's dispatcher: their checks and their figures. */
import { END } from "../client/request-rules.ts";
import {
  checkRows,
  type HarnessInput,
  type HarnessReport,
  type NativeReport,
  type Quantiles,
  quantileOrZero,
} from "./checks.ts";
import type { RequestRow, ScheduleRow } from "./rows.ts";

/** The rows of such a run. */
export interface NativeInput extends HarnessInput {
  /** k6's executor, and the virtual users that it had. */
  readonly executor: string;
  readonly vus: number;
  /** Iterations that k6 dropped. */
  readonly droppedIterations: number;
  /** End of the run, ms of the scenario's clock. */
  readonly endMs: number;
}

/** The checked run, in the form of a replayed one. */
export interface NativeRun {
  readonly report: HarnessReport;
  /** One per request of the schedule. */
  readonly requests: readonly RequestRow[];
  /** With the intended arrivals, or the instant of sending where that was earlier: latency counts from there. */
  readonly schedule: readonly ScheduleRow[];
}

/**
 * Checks the rows of a run that a native executor drove. Each request that was never sent gets a row that says that it
 * was still waiting at the end, and makes the run faulty.
 */
export function checkNativeRows(input: NativeInput): NativeRun {
  const { schedule, requests, endMs, executor, vus, droppedIterations } = input;
  const sent = new Map(requests.map((row) => [row.i, row]));
  const missing = schedule.flatMap((_, i): readonly RequestRow[] =>
    sent.has(i) ? [] : [{ t: "r", i, b: endMs, e: endMs, end: END.inFlight, n: 0, w: -1 }],
  );
  const all = [...requests, ...missing];
  const counts = input.counts && { ...input.counts, requestsEnded: input.counts.requestsEnded + missing.length };
  const report = checkRows({ ...input, requests: all, counts });
  const faults: string[] = [];
  if (missing.length > 0) faults.push(`${missing.length} of ${schedule.length} requests were never sent`);
  if (droppedIterations > 0) faults.push(`k6 dropped ${droppedIterations} iterations: too few virtual users (${vus})`);
  const offered = schedule.map((row, i): ScheduleRow => {
    const [arrivalMs, ...rest] = row;
    return [Math.min(arrivalMs, sent.get(i)?.b ?? arrivalMs), ...rest];
  });
  const early = requests.map(({ i, b }) => Math.max(0, (schedule[i]?.[0] ?? b) - b)).sort((a, b) => a - b);
  return {
    schedule: offered,
    requests: all,
    report: {
      ...report,
      faults: [...report.faults, ...faults],
      plain: {
        reason: reasonOf(executor, vus),
        executor,
        vus,
        droppedIterations,
        neverSent: missing.length,
        earlyMsP99: quantileOrZero(early, 0.99),
        fromSendMs: latencies(requests, (row) => row.b),
        fromIntendedMs: latencies(requests, (row) => offered[row.i]?.[0] ?? row.b),
      },
    },
  };
}

/** How such a run went, in one sentence. */
export function nativeNote(requests: number, native: NativeReport): string {
  const { executor, vus, neverSent, droppedIterations, fromSendMs, fromIntendedMs } = native;
  const from = (what: string, { p50, p95, p99 }: Quantiles): string =>
    `from the ${what} p50 ${p50.toFixed(0)}, p95 ${p95.toFixed(0)}, p99 ${p99.toFixed(0)} ms`;
  return (
    `${executor} with ${vus} virtual users sent ${requests - neverSent} of ${requests} requests and dropped ` +
    `${droppedIterations} iterations; latency ${from("send", fromSendMs)}; ${from("intended instant", fromIntendedMs)}`
  );
}

function reasonOf(executor: string, vus: number): string {
  return (
    `k6's ${executor} executor with ${vus} virtual users said when requests left, and each of those routed with a ` +
    "state of its own; not for comparison with a simulation"
  );
}

function latencies(requests: readonly RequestRow[], fromMs: (row: RequestRow) => number): Quantiles {
  const ascending = Float64Array.from(requests.flatMap((row) => (row.w < 0 ? [] : [row.e - fromMs(row)]))).sort();
  return {
    p50: quantileOrZero(ascending, 0.5),
    p95: quantileOrZero(ascending, 0.95),
    p99: quantileOrZero(ascending, 0.99),
  };
}
