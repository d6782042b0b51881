import { purposeStream } from "../../../simulator/random/sampler.ts";
import type { ArrivalContext, OriginShare } from "../../../simulator/traffic/arrival-process.ts";
import { type ArrivalSpec, arrivalSchema, createArrivals } from "../../../simulator/traffic/arrivals/index.ts";
import type { ClassTraffic, TrafficOptions } from "../../../simulator/traffic/class-stream.ts";
import { createTraffic } from "../../../simulator/traffic/source.ts";
import type { RecordedColumns, Recording, TrafficChunk } from "../../../simulator/traffic/traffic.ts";

export const ONE_ORIGIN: readonly OriginShare[] = [{ originIndex: 0, share: 1, shapeShiftMs: 0 }];

/** What arrivals need around them, for tests. */
export function contextOf(seed: number, overrides: Partial<ArrivalContext> = {}): ArrivalContext {
  return {
    className: "test",
    random: (purpose) => purposeStream(seed, purpose),
    recordings: {},
    origins: ONE_ORIGIN,
    durationMs: Number.POSITIVE_INFINITY,
    ...overrides,
  };
}

/** The first `count` arrivals of a YAML form, fewer if it ends. */
export function arrivalsOf(
  yaml: unknown,
  count: number,
  seed = 1,
  overrides: Partial<ArrivalContext> = {},
): Float64Array {
  const process = createArrivals(arrivalSchema.parse(yaml), contextOf(seed, overrides));
  const times = new Float64Array(count);
  return times.subarray(0, process.fill(times, 0, count, new Int32Array(count)));
}

/** Arrivals before `endMs`. */
export function arrivalsUntil(
  yaml: unknown,
  endMs: number,
  seed = 1,
  overrides: Partial<ArrivalContext> = {},
): number[] {
  const process = createArrivals(arrivalSchema.parse(yaml), contextOf(seed, { durationMs: endMs, ...overrides }));
  const block = new Float64Array(1000);
  const rows = new Int32Array(1000);
  const times: number[] = [];
  for (;;) {
    const end = process.fill(block, 0, 1000, rows);
    for (let i = 0; i < end; i++) {
      if (block[i]! >= endMs) return times;
      times.push(block[i]!);
    }
    if (end < 1000) return times;
  }
}

/** Mean and coefficient of variation of the gaps, the first from time 0. */
export function gapMoments(times: ArrayLike<number>): { mean: number; cv: number } {
  let square = 0;
  for (let i = 0; i < times.length; i++) square += (times[i]! - (i === 0 ? 0 : times[i - 1]!)) ** 2;
  const mean = times[times.length - 1]! / times.length;
  return { mean, cv: Math.sqrt(square / times.length - mean * mean) / mean };
}

/** How many times fall in each of `bins` equal parts of [0, end). */
export function histogram(times: ArrayLike<number>, endMs: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < times.length; i++) counts[Math.floor((times[i]! / endMs) * bins)]!++;
  return counts;
}

export interface Row {
  readonly arrivalMs: number;
  readonly classIndex: number;
  readonly originIndex: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly maxTokens: number;
  readonly prefixTokens: number;
  readonly prefixId: number;
}

const COLUMNS = [
  "arrivalMs",
  "classIndex",
  "originIndex",
  "inputTokens",
  "outputTokens",
  "maxTokens",
  "prefixTokens",
  "prefixId",
] as const;

/** All rows of a traffic source, copied out of its reused buffers. */
export function rowsOf(classes: readonly ClassTraffic[], options: Partial<TrafficOptions> = {}): Row[] {
  const source = createTraffic(classes, {
    seed: 1,
    replication: 0,
    durationMs: Number.POSITIVE_INFINITY,
    requestsMax: Number.POSITIVE_INFINITY,
    ...options,
  });
  const rows: Row[] = [];
  for (let chunk = source.next(); chunk !== undefined; chunk = source.next()) {
    for (let i = 0; i < chunk.length; i++) rows.push(rowAt(chunk, i));
  }
  return rows;
}

function rowAt(chunk: TrafficChunk, i: number): Row {
  return Object.fromEntries(COLUMNS.map((column) => [column, chunk[column][i]!])) as unknown as Row;
}

/** A class of constant lengths. */
export function classOf(name: string, arrivals: ArrivalSpec, more: Partial<ClassTraffic> = {}): ClassTraffic {
  const tokens = { input: { kind: "constant", value: 100 }, output: { kind: "constant", value: 10 } } as const;
  return { name, arrivals, tokens, originShares: ONE_ORIGIN, ...more };
}

/** A small recording; lengths number the rows. */
export function recordingOf(timesMs: readonly number[], more: Partial<RecordedColumns> = {}): Recording {
  return {
    kind: "trace",
    columns: {
      arrivalMs: Float64Array.from(timesMs),
      inputTokens: Int32Array.from(timesMs, (_, i) => 1000 + i),
      outputTokens: Int32Array.from(timesMs, (_, i) => 10 + i),
      ...more,
    },
  };
}
