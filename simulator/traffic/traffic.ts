/**
 * Traffic as plain columns: the contract of what the engine reads, chunks in order of arrival, and of the recorded material
 * that traffic is made from.
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

/**
 * A recording that a scenario names. An adapter loads it; workers receive it by structured clone, and its columns may
 * lie on a SharedArrayBuffer.
 */
export type Recording =
  | { readonly kind: "trace"; readonly columns: RecordedColumns }
  | { readonly kind: "shape"; readonly shape: DayShape }
  | { readonly kind: "clients"; readonly clients: readonly RecordedClient[] }
  | { readonly kind: "lengths"; readonly quantiles: readonly (readonly [number, number])[] };

/** Single recorded requests, ascending in time. */
export interface RecordedColumns {
  /** ms since the recording's start: its first row, or its own zero where it states relative times. */
  readonly arrivalMs: Float64Array;
  readonly inputTokens: Int32Array;
  readonly outputTokens: Int32Array;
  /** 0 = not set. Absent where the format has no such column; likewise below. */
  readonly maxTokens?: Int32Array;
  readonly prefixTokens?: Int32Array;
  readonly prefixId?: Int32Array;
  /** Index into `classNames`. */
  readonly classIndex?: Uint16Array;
  readonly classNames?: readonly string[];
  /** Index into `originNames`. */
  readonly originIndex?: Uint16Array;
  readonly originNames?: readonly string[];
  readonly modelIndex?: Uint16Array;
  readonly modelNames?: readonly string[];
  /** Team, application or customer. */
  readonly tenantIndex?: Uint16Array;
  readonly tenantNames?: readonly string[];
  /** Input tokens that were read from a cache, and those that were written to one; parts of `inputTokens`. */
  readonly cacheReadTokens?: Int32Array;
  readonly cacheWriteTokens?: Int32Array;
  /** Place of each call's end in `OUTCOMES`. */
  readonly outcome?: Uint16Array;
  /** ms; NaN where a call does not tell. */
  readonly e2eMs?: Float64Array;
  readonly ttftMs?: Float64Array;
  /** Equal in calls of one conversation; -1 = none. */
  readonly sessionId?: Int32Array;
  /** The instant of `arrivalMs` 0, ms since 1970 UTC. */
  readonly startEpochMs?: number;
  /** The recording tells no token counts: classes have to bring them. */
  readonly isWithoutTokens?: boolean;
}

/** Relative rates over a day, from midnight, or over a week, from Monday's; the mean is 1. */
export interface DayShape {
  readonly stepMs: number;
  readonly weights: Float64Array;
  /** Whether midnight is that of UTC for all origins, and not the local one of each. */
  readonly isUtc?: boolean;
}

/** One recorded client (tenant): its rate over a day and how bursty its requests come. */
export interface RecordedClient {
  readonly name: string;
  readonly stepMs: number;
  /** Requests per second in each step. */
  readonly ratePerS: Float64Array;
  /** Family and shape parameter of the inter-arrival law; its mean follows from the rate. */
  readonly family: "gamma" | "weibull";
  readonly shape: number;
  /** How long its prompts and answers are, where that is told. */
  readonly lengths?: ClientLengths;
}

export interface ClientLengths {
  readonly input?: LengthHistogram;
  readonly output?: LengthHistogram;
}

/** Token counts, ascending, and how often each is seen. */
export interface LengthHistogram {
  readonly tokens: readonly number[];
  readonly weights: readonly number[];
}
