/**
 * The calls of a run to one quota, kept until its end: in blocks, so that a million calls are never copied to make room for
 * more, and without what follows from the rest. A run of many strategies keeps the calls of all of them at once.
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

/** Rows that were written one after the other, in arrays of equal length. */
interface Block extends CallsKept {
  length: number;
}

/** Where a call stands. */
export interface CallPlace {
  readonly block: Block;
  readonly row: number;
}

/** One call after the other; `taken` hands them over. */
export class CallColumns {
  private blocks: Block[] = [];
  private last = newBlock(ROWS_AT_FIRST);

  /** The block whose row `length` is to be written next; its writer counts it. */
  get room(): Block {
    const { last } = this;
    if (last.length < last.atMs.length) return last;
    this.blocks.push(last);
    this.last = newBlock(Math.max(ROWS_AT_FIRST, Math.min(ROWS_MAX, 2 * last.atMs.length)));
    return this.last;
  }

  /** All calls in the order in which they were written. They are kept here no longer. */
  taken(): CallsKept {
    const blocks = [...this.blocks, this.last];
    this.blocks = [];
    this.last = newBlock(0);
    const all = newBlock(blocks.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const block of blocks) {
      const { length } = block;
      all.atMs.set(block.atMs.subarray(0, length), at);
      all.settledAtMs.set(block.settledAtMs.subarray(0, length), at);
      all.inputTokens.set(block.inputTokens.subarray(0, length), at);
      all.cacheReadTokens.set(block.cacheReadTokens.subarray(0, length), at);
      all.maxTokens.set(block.maxTokens.subarray(0, length), at);
      all.outputTokens.set(block.outputTokens.subarray(0, length), at);
      all.classIndex.set(block.classIndex.subarray(0, length), at);
      at += length;
    }
    return all;
  }
}

function newBlock(rows: number): Block {
  return {
    length: 0,
    atMs: new Float64Array(rows),
    settledAtMs: new Float64Array(rows),
    inputTokens: new Int32Array(rows),
    cacheReadTokens: new Int32Array(rows),
    maxTokens: new Int32Array(rows),
    outputTokens: new Int32Array(rows),
    classIndex: new Uint16Array(rows),
  };
}
