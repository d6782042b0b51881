/** Reads the rows that a running k6 appends to a file, and keeps the figures of the progress line. */
import { type FileHandle, open } from "node:fs/promises";
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

/** The rows so far, and the figures of the progress line. */
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

/**
 * Reads rows as k6 writes them.
 *
 * @param file    may come into being later
 * @param schedule the requests that k6 was given
 * @param priceOf what an attempt costs, USD
 */
export function createRowReader(
  file: string,
  schedule: readonly ScheduleRow[],
  priceOf: (attempt: AttemptRow) => number = () => 0,
): RowReader {
  const tally = new RowTally(schedule, priceOf);
  const tail = tailLines(file, (line) => tally.take(line));
  return {
    attempts: tally.attempts,
    requests: tally.requests,
    faults: tally.faults,
    get readyBeforeMs() {
      return tally.readyBeforeMs;
    },
    poll: tail.poll,
    state: () => tally.state(),
    close: tail.close,
  };
}

/** Sorts rows by their kind and counts as they come. */
class RowTally {
  readonly attempts: AttemptRow[] = [];
  readonly requests: RequestRow[] = [];
  readonly faults: string[] = [];
  readyBeforeMs: number | undefined;
  private readonly schedule: readonly ScheduleRow[];
  private readonly priceOf: (attempt: AttemptRow) => number;
  private readonly beats = new Map<number, { readonly sent: number; readonly open: number }>();
  private readonly e2e = new HistogramSet(1);
  private readonly lag = new HistogramSet(1);
  private served = 0;
  private throttled = 0;
  private costUsd = 0;
  private broken = 0;

  constructor(schedule: readonly ScheduleRow[], priceOf: (attempt: AttemptRow) => number) {
    this.schedule = schedule;
    this.priceOf = priceOf;
  }

  take(line: string): void {
    const row = parseRow(line);
    switch (row?.t) {
      case "a":
        this.attempts.push(row);
        if (row.k === "throttled") this.throttled++;
        this.costUsd += this.priceOf(row);
        break;
      case "r":
        this.takeRequest(row);
        break;
      case "b":
        this.beats.set(row.router, row);
        break;
      case "s":
        this.readyBeforeMs = row.at - row.ready;
        break;
      case "c":
        // One k6 on this machine leaves a summary of its own.
        break;
      case "x":
        this.faults.push(`the k6 script failed: ${row.what.slice(0, 300)}`);
        break;
      default:
        if (++this.broken === 1) this.faults.push(`k6 wrote a line that is not a row: ${line.slice(0, 100)}`);
    }
  }

  state(): RunState {
    const ended = this.requests.length;
    const beats = [...this.beats.values()];
    return {
      sent: beats.reduce((sum, { sent }) => sum + sent, 0),
      inFlight: beats.reduce((sum, { open }) => sum + open, 0),
      ended,
      throttled: this.throttled,
      e2eMsP95: this.served === 0 ? null : histogramQuantile(this.e2e.merged([0]), 0, this.served, 0.95),
      costUsd: this.costUsd,
      lagMsP99: ended === 0 ? null : histogramQuantile(this.lag.merged([0]), 0, ended, 0.99),
    };
  }

  private takeRequest(row: RequestRow): void {
    this.requests.push(row);
    const arrivalMs = this.schedule[row.i]?.[0] ?? row.b;
    record(this.lag, Math.max(0, row.b - arrivalMs));
    if (row.w < 0) return;
    this.served++;
    record(this.e2e, Math.max(0, row.e - arrivalMs));
  }
}

function record(histogram: HistogramSet, ms: number): void {
  histogram.record(0, ms, bucketOf(ms));
}

const CHUNK_BYTES = 1 << 20;

/** Hands on the whole lines that were appended to a file since the last poll. */
function tailLines(file: string, onLine: (line: string) => void): Pick<RowReader, "poll" | "close"> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let handle: FileHandle | undefined;
  let offset = 0;
  let rest = Buffer.alloc(0);
  return {
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
        for (const line of bytes.toString("utf8", 0, end).split("\n")) if (line !== "") onLine(line);
      }
    },
    async close() {
      await handle?.close();
      handle = undefined;
    },
  };
}
