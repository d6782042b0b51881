import { type FileHandle, open } from "node:fs/promises";
import { orderStatistic } from "../../simulator/base/statistics.ts";
import { type AttemptRow, parseRow, type RequestRow, type ScheduleRow } from "../../simulator/bench/rows.ts";
import { bucketOf, HistogramSet, histogramQuantile } from "../../simulator/engine/histogram.ts";

/** How a run stands. */
export interface RunState {
  readonly sent: number;
  readonly inFlight: number;
  readonly ended: number;
  readonly throttled: number;
  /** Null before the first served request. */
  readonly e2eMsP95: number | null;
  readonly lagMsP99: number | null;
  /** By the tokens reported so far. */
  readonly costUsd: number;
}

/** Reads the rows that a running k6 appends to a file. */
export interface RowReader {
  readonly attempts: readonly AttemptRow[];
  readonly requests: readonly RequestRow[];
  /** What the client said of failures of its own. */
  readonly faults: readonly string[];
  /** All routers were ready so many ms before the run's start; undefined before they were. */
  readonly readyBeforeMs: number | undefined;
  /** Takes in what has been written since. */
  poll(): Promise<void>;
  state(): RunState;
  close(): Promise<void>;
}

const CHUNK_BYTES = 1 << 20;

/**
 * @param file    may come into being later
 * @param priceOf what an attempt costs, USD
 */
export function createRowReader(
  file: string,
  schedule: readonly ScheduleRow[],
  priceOf: (attempt: AttemptRow) => number = () => 0,
): RowReader {
  const attempts: AttemptRow[] = [];
  const requests: RequestRow[] = [];
  const faults: string[] = [];
  const beats = new Map<number, { readonly sent: number; readonly open: number }>();
  const e2e = new HistogramSet(1);
  const lag = new HistogramSet(1);
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let served = 0;
  let throttled = 0;
  let costUsd = 0;
  let readyBeforeMs: number | undefined;
  let handle: FileHandle | undefined;
  let offset = 0;
  let rest = Buffer.alloc(0);
  let broken = 0;

  function take(line: string): void {
    const row = parseRow(line);
    switch (row?.t) {
      case "a":
        attempts.push(row);
        if (row.k === "throttled") throttled++;
        costUsd += priceOf(row);
        break;
      case "r": {
        requests.push(row);
        const arrivalMs = schedule[row.i]?.[0] ?? row.b;
        note(lag, Math.max(0, row.b - arrivalMs));
        if (row.w < 0) break;
        served++;
        note(e2e, Math.max(0, row.e - arrivalMs));
        break;
      }
      case "b":
        beats.set(row.router, row);
        break;
      case "s":
        readyBeforeMs = row.at - row.ready;
        break;
      case "c":
        // One k6 on this machine leaves a summary of its own.
        break;
      case "x":
        faults.push(`the k6 script failed: ${row.what.slice(0, 300)}`);
        break;
      default:
        if (++broken === 1) faults.push(`k6 wrote a line that is no row: ${line.slice(0, 100)}`);
    }
  }

  return {
    attempts,
    requests,
    faults,
    get readyBeforeMs() {
      return readyBeforeMs;
    },
    async poll() {
      handle ??= await open(file, "r").catch(() => undefined);
      if (handle === undefined) return;
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, offset);
        if (bytesRead === 0) return;
        offset += bytesRead;
        const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
        const end = bytes.lastIndexOf(0x0a) + 1;
        rest = Buffer.from(bytes.subarray(end));
        for (const line of bytes.toString("utf8", 0, end).split("\n")) if (line !== "") take(line);
      }
    },
    state() {
      let sent = 0;
      let inFlight = 0;
      for (const beat of beats.values()) {
        sent += beat.sent;
        inFlight += beat.open;
      }
      return {
        sent,
        inFlight,
        ended: requests.length,
        throttled,
        e2eMsP95: served === 0 ? null : histogramQuantile(e2e.counts, 0, served, 0.95),
        costUsd,
        lagMsP99: requests.length === 0 ? null : histogramQuantile(lag.counts, 0, requests.length, 0.99),
      };
    },
    async close() {
      await handle?.close();
      handle = undefined;
    },
  };
}

function note(histogram: HistogramSet, ms: number): void {
  histogram.record(0, ms, bucketOf(ms));
}

/** Watches how late this process wakes up: an emulator in it answers as late. */
export interface LoopWatch {
  /** Lateness so far at a quantile, ms. */
  lateMs(quantile: number): number;
  stop(): void;
}

const TICK_MS = 10;

/**
 * Wakes every 10 ms at absolute instants. A pause counts once for each instant that it swallowed, as every call in it
 * waited.
 */
export function watchLoop(clockMs: () => number = () => performance.now()): LoopWatch {
  const late: number[] = [];
  let dueMs = clockMs() + TICK_MS;
  let timer = wake();

  function wake(): NodeJS.Timeout {
    // Timers are of whole milliseconds: rounded up, for one that is early would have to be set again.
    const next = setTimeout(tick, Math.max(1, Math.ceil(dueMs - clockMs())));
    next.unref();
    return next;
  }

  function tick(): void {
    const nowMs = clockMs();
    for (; dueMs <= nowMs; dueMs += TICK_MS) late.push(nowMs - dueMs);
    timer = wake();
  }

  return {
    lateMs(quantile) {
      const ascending = Float64Array.from(late).sort();
      return ascending.length === 0 ? 0 : orderStatistic(ascending, quantile);
    },
    stop: () => clearTimeout(timer),
  };
}
