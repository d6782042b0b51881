import type { End } from "../client/request-rules.ts";
import type { OutcomeKind } from "../client/strategy.ts";
import type { CalledTarget } from "./plan.ts";

/**
 * What a replaying client writes, one JSON object a line, in no order. Instants are ms since the run's start; keys are
 * short because there is a line per attempt.
 */
export type ReplayRow = AttemptRow | RequestRow | BeatRow | StartRow | CountRow | FaultRow;

/** An attempt has ended, or the run was cut off before it did. */
export interface AttemptRow {
  readonly t: "a";
  /** Request, and which of its attempts this is, from 0. */
  readonly i: number;
  readonly o: number;
  /** Target index. */
  readonly g: number;
  /** Sent and ended. */
  readonly s: number;
  readonly e: number;
  /** `unfinished` when the run was cut off. */
  readonly k: OutcomeKind | "unfinished";
  /** HTTP status; 0 without an answer. */
  readonly c: number;
  /** Time from sending to the response's headers, ms; null without an answer. */
  readonly f: number | null;
  /** Tokens as the service counted them: uncached input, output, cache read, cache write; null when it did not say. */
  readonly u: readonly [input: number, output: number, cacheRead: number, cacheWrite: number] | null;
  /** The service's request id; "" without an answer. */
  readonly id: string;
  /** Name of the error; "" for none. */
  readonly x: string;
}

/** A request has ended for its caller. */
export interface RequestRow {
  readonly t: "r";
  readonly i: number;
  /** When the dispatcher took it up: later than its intended arrival by the dispatch lag. */
  readonly b: number;
  readonly e: number;
  readonly end: End;
  /** Attempts sent until then. */
  readonly n: number;
  /** The attempt that served it; -1 = none. */
  readonly w: number;
  /** The budget let it be sent no further. */
  readonly why?: "budget";
}

/** Once a second from every router, for the progress line. */
export interface BeatRow {
  readonly t: "b";
  readonly router: number;
  readonly sent: number;
  readonly open: number;
}

/** All routers are made: ms since 1970 of the run's first instant, and of now. */
export interface StartRow {
  readonly t: "s";
  readonly at: number;
  readonly ready: number;
  /** Of one instance of several: whose run it is, which of how many it is, from 1. */
  readonly run?: string;
  readonly instance?: number;
  readonly instances?: number;
  /** How its targets are called, in their order. */
  readonly targets?: readonly CalledTarget[];
}

/** What an instance's k6 counted, at its end. */
export interface CountRow {
  readonly t: "c";
  readonly httpRequests: number;
  readonly attempts: number;
  readonly requestsEnded: number;
}

/** The replaying client itself failed. */
export interface FaultRow {
  readonly t: "x";
  readonly what: string;
}

/** @returns the row; undefined for a line that is none, such as one cut short */
export function parseRow(line: string): ReplayRow | undefined {
  try {
    const row = JSON.parse(line) as ReplayRow;
    return typeof row === "object" && row !== null && typeof row.t === "string" ? row : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The exact traffic of one run, as a file that Node writes and k6 reads: a JSON list with one line per request. Request
 * i of the list is request i of the simulated run, so both draw the same luck.
 */
export type ScheduleRow = readonly [
  /** Intended arrival, ms since the run's start, ascending. */
  arrivalMs: number,
  classIndex: number,
  originIndex: number,
  inputTokens: number,
  /** Tokens that the model would write if nothing cut it short. */
  outputTokens: number,
  /** The caller's max_tokens; 0 = not set. */
  maxTokens: number,
  prefixTokens: number,
  /** -1 = no cacheable prefix. */
  prefixId: number,
];

/** A request of the schedule with its number. */
export interface ScheduledRequest {
  readonly requestId: number;
  readonly arrivalMs: number;
  readonly classIndex: number;
  readonly originIndex: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly maxTokens: number;
  readonly prefixTokens: number;
  readonly prefixId: number;
}

/** One row a line, instants to the microsecond. */
export function encodeSchedule(rows: readonly ScheduleRow[]): string {
  return `[\n${rows.map(encodeRow).join(",\n")}\n]\n`;
}

export function decodeSchedule(text: string): ScheduleRow[] {
  return JSON.parse(text) as ScheduleRow[];
}

export function requestOf(row: ScheduleRow, requestId: number): ScheduledRequest {
  const [arrivalMs, classIndex, originIndex, inputTokens, outputTokens, maxTokens, prefixTokens, prefixId] = row;
  return {
    requestId,
    arrivalMs,
    classIndex,
    originIndex,
    inputTokens,
    outputTokens,
    maxTokens,
    prefixTokens,
    prefixId,
  };
}

function encodeRow([arrivalMs, ...rest]: ScheduleRow): string {
  return `[${Number(arrivalMs.toFixed(3))},${rest.join(",")}]`;
}

/** What an endpoint itself knows of an attempt, which its caller may not. One JSON object a line when written down. */
export interface EndpointRecord {
  /** Request and attempt, `17.0`. */
  readonly id: string;
  /** Region that ran it; null where nobody knows or none did. */
  readonly region: string | null;
  /** Tokens that it is billed for, in the order of `AttemptRow.u`; null where the answer says it, or there is none. */
  readonly usage: AttemptRow["u"];
}

export type EndpointRecords = ReadonlyMap<string, EndpointRecord>;

export function recordOf(records: EndpointRecords, { i, o }: Pick<AttemptRow, "i" | "o">): EndpointRecord | undefined {
  return records.get(`${i}.${o}`);
}

/**
 * Gives attempts that their caller gave up the tokens that the endpoint counted: the service runs such calls to their
 * end and bills them (docs/decisions/emulator-given-up-calls.md). What the end of the run cut off is billed by nobody.
 */
export function settled(attempts: readonly AttemptRow[], records: EndpointRecords): readonly AttemptRow[] {
  return attempts.map((attempt) => {
    if (attempt.u !== null || attempt.k !== "timeout") return attempt;
    const usage = recordOf(records, attempt)?.usage ?? null;
    return usage === null ? attempt : { ...attempt, u: usage };
  });
}
