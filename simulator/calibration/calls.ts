/**
 * The calls of one endpoint as it saw them, by arrival: columns of one length. Instants are ms on the endpoint's own
 * time axis, with the network's round trip taken off.
 */
export interface Calls {
  readonly count: number;
  /** Reached the endpoint. Ascending. */
  readonly atMs: Float64Array;
  /** First token left; NaN where it was not seen. */
  readonly firstMs: Float64Array;
  /** Last token left, or the caller gave up; NaN where the end is not known. */
  readonly endMs: Float64Array;
  /** Tokens of the prompt that no cache held. */
  readonly inputTokens: Float64Array;
  readonly outputTokens: Float64Array;
  /** 1 = answered in full: its times count. 0 = it was there (a time limit, a failure) but its times say less. */
  readonly isServed: Uint8Array;
}

export type CallRow = {
  readonly atMs: number;
  readonly firstMs: number;
  readonly endMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly isServed: boolean;
};

/** Puts rows into columns, in order of arrival. */
export function callsOf(rows: readonly CallRow[]): Calls {
  const sorted = [...rows].sort((a, b) => a.atMs - b.atMs || a.endMs - b.endMs);
  const column = (of: (row: CallRow) => number) => Float64Array.from(sorted, of);
  return {
    count: sorted.length,
    atMs: column((row) => row.atMs),
    firstMs: column((row) => row.firstMs),
    endMs: column((row) => row.endMs),
    inputTokens: column((row) => row.inputTokens),
    outputTokens: column((row) => Math.max(1, row.outputTokens)),
    isServed: Uint8Array.from(sorted, (row) => Number(row.isServed)),
  };
}

/** The calls numbered [from, to). */
export function sliceCalls(calls: Calls, from: number, to: number): Calls {
  return {
    count: to - from,
    atMs: calls.atMs.slice(from, to),
    firstMs: calls.firstMs.slice(from, to),
    endMs: calls.endMs.slice(from, to),
    inputTokens: calls.inputTokens.slice(from, to),
    outputTokens: calls.outputTokens.slice(from, to),
    isServed: calls.isServed.slice(from, to),
  };
}
