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
