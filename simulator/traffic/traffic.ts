/**
 * The contract of traffic as the engine reads it, recorded or synthetic alike: chunks of columns in order of arrival.
 */

/** Rows of traffic as columns. Its source may reuse the buffers: a chunk is valid until the next call. */
export interface TrafficChunk {
  /** Rows in use; the columns may be longer. */
  readonly length: number;
  /** Intended arrival, ms since the scenario's start, ascending over the whole source. */
  readonly arrivalMs: Float64Array;
  /** Index into the plan's classes. */
  readonly classIndex: Uint16Array;
  /** Index into the plan's origins: where the caller is. */
  readonly originIndex: Uint16Array;
  /** All input tokens of the prompt, the cacheable prefix included. */
  readonly inputTokens: Int32Array;
  /** Tokens the model would write if nothing cut it short. No strategy may read this. */
  readonly outputTokens: Int32Array;
  /** The caller's max_tokens; 0 = not set, which reserves the model's maximum. */
  readonly maxTokens: Int32Array;
  /** Leading input tokens that a prompt cache could serve; 0 = none. */
  readonly prefixTokens: Int32Array;
  /** Which prefix it is (equal ids share a cache entry); -1 = none. */
  readonly prefixId: Int32Array;
  /** Which session of its class a row begins; -1 = none. Left out where no class has sessions, likewise below. */
  readonly session?: Int32Array;
  /** Requests that are to come of it, the row's own included; 1 without a session. */
  readonly turns?: Int32Array;
}

/**
 * An iterator of chunks, ended by `undefined`; memory does not grow with the number of requests. Pure: all randomness
 * comes from the seed it was made with.
 */
export interface TrafficSource {
  next(): TrafficChunk | undefined;
}
