/** Columns that grow row by row outside the heap, and their order in time: recordings have millions of rows. */

type Column = Float64Array | Int32Array | Uint16Array;

/** Blocks double up to this many rows, so that a short recording takes little and a long one leaves no copies behind. */
const BLOCK_ROWS = 65_536;
const ROWS_AT_FIRST = 1024;

/** A typed column in blocks: nothing is copied until it is whole. */
export class Growing<C extends Column> {
  length = 0;
  private readonly full: C[] = [];
  private last: C;
  private at = 0;
  private readonly make: new (
    length: number,
  ) => C;

  constructor(make: new (length: number) => C) {
    this.make = make;
    this.last = new make(0);
  }

  push(value: number): void {
    if (this.at === this.last.length) this.begin();
    this.last[this.at++] = value;
    this.length++;
  }

  /** What was pushed, as one column in an order or as it is; the blocks behind it are let go. */
  release(order: Uint32Array | undefined): C {
    const column = new this.make(this.length);
    let at = 0;
    for (const block of this.full.splice(0)) {
      column.set(block, at);
      at += block.length;
      letGo(block);
    }
    column.set(this.last.subarray(0, this.at), at);
    this.last = new this.make(0);
    this.at = 0;
    this.length = 0;
    if (order === undefined) return column;
    const sorted = ordered(column, order);
    letGo(column);
    return sorted;
  }

  private begin(): void {
    if (this.length > 0) this.full.push(this.last);
    this.last = new this.make(Math.min(BLOCK_ROWS, Math.max(ROWS_AT_FIRST, this.length)));
    this.at = 0;
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
