/**
 * The calls of a run to one quota, kept until its end: in blocks, so that a million calls are never copied to make room for
 * more; and dropped column by column, so that they need not stand in memory twice.
 */

/** Rows of the first block, and of the largest: short runs of many quotas have little in each. */
const ROWS_AT_FIRST = 64;
const ROWS_MAX = 16_384;

/** By call. */
export interface CallsKept {
  readonly atMs: Float64Array;
  /** NaN stands for a settlement that is not known. */
  readonly settledAtMs: Float64Array;
  readonly inputTokens: Int32Array;
  /** Of the input. */
  readonly cacheReadTokens: Int32Array;
  readonly maxTokens: Int32Array;
  readonly outputTokens: Int32Array;
  readonly classIndex: Uint16Array;
}

const NEW_COLUMN: { readonly [C in keyof CallsKept]: (rows: number) => CallsKept[C] } = {
  atMs: (rows) => new Float64Array(rows),
  settledAtMs: (rows) => new Float64Array(rows),
  inputTokens: (rows) => new Int32Array(rows),
  cacheReadTokens: (rows) => new Int32Array(rows),
  maxTokens: (rows) => new Int32Array(rows),
  outputTokens: (rows) => new Int32Array(rows),
  classIndex: (rows) => new Uint16Array(rows),
};

/** Rows that were written one after the other, in arrays of equal length; of a column that was dropped none are left. */
interface Block extends CallsKept {
  length: number;
}

/** Where a call stands. */
export interface CallPlace {
  readonly block: Block;
  readonly row: number;
}

/** One call after the other. */
export class CallColumns {
  readonly blocks: Block[] = [newBlock(ROWS_AT_FIRST)];
  private last = this.blocks[0]!;

  /** The block whose row `length` is to be written next; its writer counts it. */
  get room(): Block {
    const { last } = this;
    if (last.length < last.atMs.length) return last;
    this.last = newBlock(Math.max(ROWS_AT_FIRST, Math.min(ROWS_MAX, 2 * last.atMs.length)));
    this.blocks.push(this.last);
    return this.last;
  }

  /** A column in the order in which calls were written, block by block. */
  parts<C extends keyof CallsKept>(name: C): readonly CallsKept[C][] {
    return this.blocks.map((block) => block[name].subarray(0, block.length) as CallsKept[C]);
  }

  /** A column in another order: in `places`, where each call is to stand. */
  inOrder<C extends keyof CallsKept>(name: C, places: Int32Array): CallsKept[C] {
    const all = NEW_COLUMN[name](places.length);
    let at = 0;
    for (const part of this.parts(name)) for (let row = 0; row < part.length; row++) all[places[at++]!] = part[row]!;
    return all;
  }

  /** Keeps some columns no longer. */
  drop(...names: readonly (keyof CallsKept)[]): void {
    for (const block of this.blocks) for (const name of names) Object.assign(block, { [name]: NEW_COLUMN[name](0) });
  }
}

function newBlock(rows: number): Block {
  return {
    length: 0,
    atMs: NEW_COLUMN.atMs(rows),
    settledAtMs: NEW_COLUMN.settledAtMs(rows),
    inputTokens: NEW_COLUMN.inputTokens(rows),
    cacheReadTokens: NEW_COLUMN.cacheReadTokens(rows),
    maxTokens: NEW_COLUMN.maxTokens(rows),
    outputTokens: NEW_COLUMN.outputTokens(rows),
    classIndex: NEW_COLUMN.classIndex(rows),
  };
}
