/**
 * Columns of recordings: grown row by row outside the heap, since recordings have millions of rows; ordered in time; cut and
 * put together so that all columns follow their rows.
 */
import type { RecordedColumns } from "./traffic.ts";

/** Columns that grow row by row outside the heap, and their order in time: recordings have millions of rows. */
type Column = Float64Array | Int32Array | Uint16Array;

const ROWS_AT_FIRST = 1024;
/** Room that nothing was written to takes no memory, and each move leaves a hole: so columns grow in long steps. */
const GROWTH = 4;

/** A typed column to whose end values are put. */
export class Growing<C extends Column> {
  length = 0;
  private values: C;
  private readonly make: new (
    length: number,
  ) => C;

  constructor(make: new (length: number) => C) {
    this.make = make;
    this.values = new make(0);
  }

  push(value: number): void {
    if (this.length === this.values.length) this.grow();
    this.values[this.length++] = value;
  }

  /** What was pushed, as one column in an order or as it is; the room behind it is let go. */
  release(order: Uint32Array | undefined): C {
    const whole = this.values.subarray(0, this.length) as C;
    const column = order === undefined ? (whole.slice() as C) : ordered(whole, order);
    letGo(this.values);
    this.values = new this.make(0);
    this.length = 0;
    return column;
  }

  private grow(): void {
    const more = new this.make(Math.max(ROWS_AT_FIRST, GROWTH * this.length));
    more.set(this.values);
    letGo(this.values);
    this.values = more;
  }
}

/** Gives a column's memory back at once. Node 20 cannot, and does so at its next collection. */
export function letGo({ buffer }: Column): void {
  (buffer as { readonly transfer?: (bytes: number) => unknown }).transfer?.(0);
}

/**
 * Positions in ascending order of time, equal times in the order they have; undefined where they ascend already.
 * A merge sort from the bottom up, on typed arrays alone: the engine's own sort takes a copy on the heap.
 */
export function timeOrder(times: Float64Array): Uint32Array | undefined {
  const rows = times.length;
  if (ascends(times)) return undefined;
  let from = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) from[i] = i;
  let to = new Uint32Array(rows);
  for (let width = 1; width < rows; width *= 2) {
    for (let start = 0; start < rows; start += 2 * width) {
      const middle = Math.min(start + width, rows);
      mergeRuns({ times, from, to }, start, middle, Math.min(middle + width, rows));
    }
    [from, to] = [to, from];
  }
  return from;
}

/** A copy of a column in an order. */
export function ordered<C extends Column>(values: C, order: Uint32Array): C {
  const copy = values.slice() as C;
  for (let i = 0; i < order.length; i++) copy[i] = values[order[i]!]!;
  return copy;
}

function ascends(times: Float64Array): boolean {
  for (let i = 1; i < times.length; i++) if (times[i]! < times[i - 1]!) return false;
  return true;
}

interface Merge {
  readonly times: Float64Array;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
}

function mergeRuns({ times, from, to }: Merge, start: number, middle: number, end: number): void {
  let left = start;
  let right = middle;
  for (let i = start; i < end; i++) {
    const isLeft = left < middle && (right >= end || times[from[left]!]! <= times[from[right]!]!);
    to[i] = from[isLeft ? left++ : right++]!;
  }
}

/** Columns of numbers, with what stands for a row that has none. */
const INTS = [
  ["maxTokens", 0],
  ["prefixTokens", 0],
  ["prefixId", -1],
  ["cacheReadTokens", 0],
  ["cacheWriteTokens", 0],
  ["sessionId", -1],
] as const;
const TIMES = ["e2eMs", "ttftMs"] as const;
/** Columns of labels: their indices and their names. */
export const LABELS = [
  ["classIndex", "classNames"],
  ["originIndex", "originNames"],
  ["modelIndex", "modelNames"],
  ["tenantIndex", "tenantNames"],
] as const;

/** Columns that can be written. */
type Columns = { -readonly [Name in keyof RecordedColumns]: RecordedColumns[Name] };

/**
 * The recording with these rows alone, in this order, at these times.
 *
 * @param rows      of the recording; a row may stand there more than once
 * @param arrivalMs of each of them, ascending
 */
export function takeRows(columns: RecordedColumns, rows: Int32Array, arrivalMs: Float64Array): RecordedColumns {
  const taken: Columns = {
    ...columns,
    arrivalMs,
    inputTokens: Int32Array.from(rows, (row) => columns.inputTokens[row]!),
    outputTokens: Int32Array.from(rows, (row) => columns.outputTokens[row]!),
  };
  for (const [name] of INTS) {
    const column = columns[name];
    if (column !== undefined) taken[name] = Int32Array.from(rows, (row) => column[row]!);
  }
  for (const name of TIMES) {
    const column = columns[name];
    if (column !== undefined) taken[name] = Float64Array.from(rows, (row) => column[row]!);
  }
  for (const name of [...LABELS.map(([index]) => index), "outcome" as const]) {
    const column = columns[name];
    if (column !== undefined) taken[name] = Uint16Array.from(rows, (row) => column[row]!);
  }
  return taken;
}

/**
 * Recordings put together: by the clock where all of them tell it, each from its own start otherwise. Labels of one
 * name are one; sessions and prefixes of different recordings are different.
 */
export function mergeRecordings(parts: readonly RecordedColumns[]): RecordedColumns {
  if (parts.length === 1) return parts[0]!;
  const starts = parts.map(({ startEpochMs }) => startEpochMs);
  const isByClock = starts.every((start) => start !== undefined);
  const startEpochMs = Math.min(...(isByClock ? (starts as number[]) : [0]));
  const count = parts.reduce((sum, { arrivalMs }) => sum + arrivalMs.length, 0);
  const joined: Join = (all, fill) => {
    let at = 0;
    parts.forEach((part, index) => {
      fill(part, all.subarray(at, at + part.arrivalMs.length) as typeof all, index);
      at += part.arrivalMs.length;
    });
    return all;
  };
  const merged: Columns = {
    arrivalMs: joined(new Float64Array(count), ({ arrivalMs }, into, p) => {
      const offset = isByClock ? starts[p]! - startEpochMs : 0;
      for (let i = 0; i < into.length; i++) into[i] = arrivalMs[i]! + offset;
    }),
    inputTokens: joined(new Int32Array(count), (part, into) => into.set(part.inputTokens)),
    outputTokens: joined(new Int32Array(count), (part, into) => into.set(part.outputTokens)),
    ...(isByClock ? { startEpochMs } : {}),
  };
  for (const [name, none] of INTS) {
    if (!parts.some((part) => part[name] !== undefined)) continue;
    const isId = name === "prefixId" || name === "sessionId";
    let base = 0;
    merged[name] = joined(new Int32Array(count), (part, into) => {
      let most = -1;
      for (let i = 0; i < into.length; i++) {
        const value = part[name]?.[i] ?? none;
        into[i] = isId && value >= 0 ? base + value : value;
        most = Math.max(most, value);
      }
      if (isId) base += most + 1;
    });
  }
  for (const name of TIMES) {
    if (!parts.some((part) => part[name] !== undefined)) continue;
    merged[name] = joined(new Float64Array(count), (part, into) =>
      part[name] === undefined ? into.fill(Number.NaN) : into.set(part[name]),
    );
  }
  if (parts.some(({ outcome }) => outcome !== undefined)) {
    merged.outcome = joined(
      new Uint16Array(count),
      (part, into) => part.outcome !== undefined && into.set(part.outcome),
    );
  }
  mergeLabels(parts, merged, joined);
  const order = timeOrder(merged.arrivalMs);
  if (order === undefined) return merged;
  const rows = Int32Array.from(order);
  return takeRows(
    merged,
    rows,
    Float64Array.from(rows, (row) => merged.arrivalMs[row]!),
  );
}

/** Fills a column of all rows, part by part. */
type Join = <C extends Float64Array | Int32Array | Uint16Array>(
  all: C,
  fill: (part: RecordedColumns, into: C, index: number) => void,
) => C;

function mergeLabels(parts: readonly RecordedColumns[], merged: Columns, joined: Join): void {
  const count = merged.arrivalMs.length;
  for (const [index, names] of LABELS) {
    if (!parts.some((part) => part[index] !== undefined)) continue;
    const known = new Map<string, number>();
    const numberOf = (label: string) => known.get(label) ?? known.set(label, known.size).size - 1;
    merged[index] = joined(new Uint16Array(count), (part, into) => {
      const numbers = (part[names] ?? [""]).map(numberOf);
      for (let i = 0; i < into.length; i++) into[i] = numbers[part[index]?.[i] ?? 0]!;
    });
    merged[names] = [...known.keys()];
  }
}
