/** Recordings cut and put together row by row: all columns that they have follow their rows. */
import { timeOrder } from "./growing-columns.ts";
import type { RecordedColumns } from "./recording.ts";

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
