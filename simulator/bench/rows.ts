/**
 * Formats of the files of a bench: the schedule that goes in, the rows that come out, and the endpoints' own records.
 */
import type { End } from "../client/request-rules.ts";
import type { OutcomeKind } from "../client/strategy.ts";
import type { CalledTarget } from "./plan.ts";

/**
 * A line written by the replaying client: a JSON object, in no particular order. Instants are ms since the run's start;
 * keys are short because there is a line per attempt.
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
  /** How an answer that had begun ended without serving; idle also where its first byte did not come in time. */
  readonly d?: "broken" | "empty" | "idle";
  /** HTTP status; 0 without an answer. */
  readonly c: number;
  /** Time from sending to the response's headers, ms; null without an answer. */
  readonly f: number | null;
  /** Tokens as the service counted them: uncached input, output, cache read, cache write; null if not reported. */
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
  /** The budget was used up. */
  readonly why?: "budget";
}

/** Once a second from every router, for the progress line. */
export interface BeatRow {
  readonly t: "b";
  readonly router: number;
  readonly sent: number;
  readonly open: number;
}

/** All routers are ready: ms since 1970 of the run's first instant, and of now. */
export interface StartRow {
  readonly t: "s";
  readonly at: number;
  readonly ready: number;
  /** Of one instance of several: the run, and which instance of how many, from 1. */
  readonly run?: string;
  readonly instance?: number;
  readonly instances?: number;
  /** How its targets are called, in their order. */
  readonly targets?: readonly CalledTarget[];
}

/** What the k6 of an instance counted, written at its end. */
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

/** Reads a line. @returns undefined for one that is not a row, such as one cut short */
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
 * i of the list is request i of the simulated run, so both have the same draws.
 */
export type ScheduleRow = readonly [
  /** Intended arrival, ms since the run's start, ascending. */
  arrivalMs: number,
  classIndex: number,
  originIndex: number,
  inputTokens: number,
  /** Tokens of the answer if no limit cut it short. */
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
  /** Conversation that the request belongs to; none in a schedule. */
  readonly sessionId?: number;
}

/** The schedule as text: one row a line, instants to the microsecond. */
export function encodeSchedule(rows: readonly ScheduleRow[]): string {
  return `[\n${rows.map(encodeRow).join(",\n")}\n]\n`;
}

/** Reads what `encodeSchedule` wrote. */
export function decodeSchedule(text: string): ScheduleRow[] {
  return JSON.parse(text) as ScheduleRow[];
}

/**
 * Names the columns of a schedule's row.
 *
 * @example requestOf([5, 0, 1, 100, 20, 0, 0, -1], 3).inputTokens // => 100
 */
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

/** What an endpoint recorded of an attempt and its caller may not know; in a file, one JSON object a line. */
export interface EndpointRecord {
  /** Request and attempt, `17.0`. */
  readonly id: string;
  /** Region that ran it; null where that is unknown or none did. */
  readonly region: string | null;
  /** Tokens billed, in the order of `AttemptRow.u`; null where the answer reported them, or there are none. */
  readonly usage: AttemptRow["u"];
}

/** Records by request and attempt. */
export type EndpointRecords = ReadonlyMap<string, EndpointRecord>;

/** The endpoint's record of an attempt. */
export function recordOf(records: EndpointRecords, { i, o }: Pick<AttemptRow, "i" | "o">): EndpointRecord | undefined {
  return records.get(`${i}.${o}`);
}

/**
 * Fills in the tokens of attempts that timed out or broke off from the endpoint's records: the service runs the former to
 * their end and bills them, and bills what came of the latter (docs/decisions/emulator-given-up-calls.md). Attempts cut off by the end of the run are not billed.
 */
export function settled(attempts: readonly AttemptRow[], records: EndpointRecords): readonly AttemptRow[] {
  return attempts.map((attempt) => {
    if (attempt.u !== null || (attempt.k !== "timeout" && attempt.d !== "broken")) return attempt;
    const usage = recordOf(records, attempt)?.usage ?? null;
    return usage === null ? attempt : { ...attempt, u: usage };
  });
}
