/**
 * The turns of a class's sessions: drawn from its laws, or taken from its recording, where rows that follow each other make a
 * session and the time in between is what its caller thought.
 */
import { MeridianError } from "../base/errors.ts";
import { keyedUniform, purposeKey } from "../random/keyed-random.ts";
import type { Sampler } from "../random/law.ts";
import { createLaw, type LawSpec } from "../random/laws/index.ts";
import { compileSampler } from "../random/sampler.ts";
import { selectedRows, type TraceSpec } from "./arrivals/trace.ts";
import { type DrawnSessions, type RecordedSessions, type SessionTraffic, TURNS_MAX, type Turns } from "./sessions.ts";
import { type LengthSpec, lengthLaw } from "./tokens.ts";
import type { RecordedColumns } from "./traffic.ts";

/**
 * The turns of a class. Draws are keyed by (seed, class, session, turn), so that every strategy meets the same session.
 *
 * @throws MeridianError TRAFFIC_*, SESSIONS_* where what they need is missing
 */
export function createTurns(traffic: SessionTraffic, seed: number, replication = 0): Turns {
  const spec = traffic.sessions!;
  const keyOf = (what: string) => purposeKey(seed, `sessions/${replication}/${traffic.name}/${what}`);
  if (spec.kind === "drawn") return drawnTurns(traffic, spec, keyOf);
  const turns = recordedTurns(traffic, spec, keyOf("think"));
  const maxTokens = maxTokensOf(traffic, keyOf("maxTokens"));
  return maxTokens === undefined ? turns : { ...turns, maxTokens };
}

const TOKENS_MAX = 2 ** 31 - 1;

function drawnTurns(traffic: SessionTraffic, spec: DrawnSessions, keyOf: (what: string) => number): Turns {
  const drawOf = (what: string, law: LawSpec) => keyedDraw(compileSampler(createLaw(law)), keyOf(what));
  const turns = spec.turns === null ? null : drawOf("turns", spec.turns);
  const message = drawOf("message", spec.message);
  const output = drawOf("output", lengthOf(traffic, "output"));
  return {
    cache: spec.cache,
    endsOnFailure: spec.afterFailure === "end",
    contextMax: spec.contextMax ?? Number.POSITIVE_INFINITY,
    count: (session) => (turns === null ? TURNS_MAX : Math.max(1, Math.min(TURNS_MAX, Math.round(turns(session, 0))))),
    thinkMs: drawOf("think", spec.thinkMs),
    inputTokens: (session, turn, contextTokens) =>
      wholeTokens(contextTokens + wholeTokens(message(session, turn), 0), 1),
    outputTokens: (session, turn) => wholeTokens(output(session, turn), 1),
    maxTokens: maxTokensOf(traffic, keyOf("maxTokens")) ?? (() => 0),
    cacheableTokens: (_session, _turn, inputTokens) => inputTokens,
  };
}

/** The limits of later turns by the class's spec; undefined where it says nothing. */
function maxTokensOf(traffic: SessionTraffic, key: number): Turns["maxTokens"] | undefined {
  const spec = traffic.tokens?.maxTokens;
  if (spec === undefined) return undefined;
  if (spec.kind === "unset") return () => 0;
  if (spec.kind === "outputTimes") {
    return (_session, _turn, outputTokens) => Math.min(TOKENS_MAX, Math.ceil(spec.factor * outputTokens));
  }
  const draw = keyedDraw(compileSampler(createLaw(lengthOf(traffic, "maxTokens"))), key);
  return (session, turn) => wholeTokens(draw(session, turn), 1);
}

function wholeTokens(value: number, least: number): number {
  return Math.max(least, Math.min(TOKENS_MAX, Math.round(value)));
}

function lengthOf(traffic: SessionTraffic, what: "output" | "maxTokens"): LawSpec {
  const { name: className, recordings = {}, tokens = {} } = traffic;
  return lengthLaw(tokens[what] as LengthSpec | undefined, what, { className, recordings });
}

/** Rows of one recording by session, each session's rows in order of time. */
export interface SessionRows {
  /** All rows, those of a session side by side. */
  readonly rows: Int32Array;
  /** By row: its place in `rows`; -1 for a row that is not among them. */
  readonly placeOf: Int32Array;
  /** By place: how many rows of the session are left from there on, its own included. */
  readonly left: Int32Array;
  /** The first row of each session, in order of time. */
  readonly firsts: Int32Array;
}

/** Groups rows by their session; a row without one is a session of its own. @param rows ascending in time */
export function sessionRows(rows: ArrayLike<number>, { sessionId, arrivalMs }: RecordedColumns): SessionRows {
  const bySession = new Map<number, number[]>();
  const lists: number[][] = [];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const id = sessionId?.[row] ?? -1;
    const known = id < 0 ? undefined : bySession.get(id);
    if (known !== undefined) known.push(row);
    else {
      const list = [row];
      lists.push(list);
      if (id >= 0) bySession.set(id, list);
    }
  }
  const ordered = new Int32Array(rows.length);
  const left = new Int32Array(rows.length);
  const placeOf = new Int32Array(arrivalMs.length).fill(-1);
  let place = 0;
  for (const list of lists) {
    for (let k = 0; k < list.length; k++, place++) {
      ordered[place] = list[k]!;
      left[place] = list.length - k;
      placeOf[list[k]!] = place;
    }
  }
  return { rows: ordered, placeOf, left, firsts: Int32Array.from(lists, ([first]) => first!) };
}

/**
 * Turns as recorded: `session` is the recording's row of the first request. The time between an answer and the next
 * request is what the caller thought; where the next request was sent before the answer, it is 0.
 *
 * @throws MeridianError SESSIONS_NOT_RECORDED where the recording has no sessions or no latencies
 */
export function recordedTurns(traffic: SessionTraffic, spec: RecordedSessions, key: number): Turns {
  const { columns, grouped } = groupedRows(traffic);
  const { rows, placeOf, left } = grouped;
  const { inputTokens, outputTokens, maxTokens, prefixTokens, cacheReadTokens } = columns;
  const rowOf = (session: number, turn: number) => rows[placeOf[session]! + turn]!;
  // Blocks of a prompt that a recording names say more of what is shared than its session does.
  const hasBlocks = prefixTokens !== undefined && cacheReadTokens === undefined;
  const thinkMs =
    spec.thinkMs === null
      ? recordedThinkTimes(traffic, columns, rowOf)
      : keyedDraw(compileSampler(createLaw(spec.thinkMs)), key);
  return {
    cache: spec.cache && !hasBlocks,
    endsOnFailure: spec.afterFailure === "end",
    contextMax: Number.POSITIVE_INFINITY,
    count: (session) => left[placeOf[session]!]!,
    thinkMs,
    inputTokens: (session, turn) => inputTokens[rowOf(session, turn)]!,
    outputTokens: (session, turn) => outputTokens[rowOf(session, turn)]!,
    maxTokens: (session, turn) => maxTokens?.[rowOf(session, turn)] ?? 0,
    cacheableTokens: (session, turn, input) =>
      prefixTokens === undefined ? input : Math.min(input, prefixTokens[rowOf(session, turn)]!),
  };
}

/** Draws by session and turn. */
function keyedDraw(sample: Sampler, key: number): (session: number, turn: number) => number {
  return (session, turn) => sample(keyedUniform(key, session, turn));
}

/** A class has one recording, and each of its runs asks for the same rows. */
const GROUPED = new WeakMap<RecordedColumns, WeakMap<SessionTraffic, SessionRows>>();

function groupedRows(traffic: SessionTraffic): { readonly columns: RecordedColumns; readonly grouped: SessionRows } {
  const { arrivals, name } = traffic;
  if (arrivals.process !== "trace") {
    throw notRecorded(name, "its arrivals are not recorded requests", "give sessions turns, thinkTime and message");
  }
  const recording = traffic.recordings?.[arrivals.trace];
  if (recording?.kind !== "trace") {
    throw notRecorded(name, `"${arrivals.trace}" is not a recording of requests`, "give a recording of requests");
  }
  const { columns } = recording;
  if (columns.sessionId === undefined) {
    const fix = "name the column: columns: { session: conversation_id, ... }; or leave sessions out";
    throw notRecorded(name, `${arrivals.trace} has no session ids`, fix);
  }
  const known = GROUPED.get(columns) ?? new WeakMap<SessionTraffic, SessionRows>();
  GROUPED.set(columns, known);
  const grouped = known.get(traffic) ?? sessionRows(selectedRows(arrivals, columns, name), columns);
  known.set(traffic, grouped);
  return { columns, grouped };
}

/** A call that tells no latency gets the median of those that do. */
function recordedThinkTimes(
  { arrivals, name }: SessionTraffic,
  { arrivalMs, e2eMs }: RecordedColumns,
  rowOf: (session: number, turn: number) => number,
): Turns["thinkMs"] {
  const known = e2eMs?.filter((ms) => ms >= 0).sort();
  if (e2eMs === undefined || known === undefined || known.length === 0) {
    const { trace } = arrivals as TraceSpec;
    const fix = "state them: sessions: { recorded: true, thinkTime: 30s }";
    throw notRecorded(name, `${trace} has no latencies, so that think times cannot be told from it`, fix);
  }
  const usualMs = known[known.length >> 1]!;
  const { timeScale } = arrivals as TraceSpec;
  return (session, turn) => {
    const before = rowOf(session, turn - 1);
    const tookMs = e2eMs[before]! >= 0 ? e2eMs[before]! : usualMs;
    return timeScale * Math.max(0, arrivalMs[rowOf(session, turn)]! - arrivalMs[before]! - tookMs);
  };
}

function notRecorded(className: string, what: string, fix: string): MeridianError {
  return new MeridianError("usage", {
    code: "SESSIONS_NOT_RECORDED",
    where: `class ${className}, sessions`,
    what: `sessions cannot be taken from the recording: ${what}`,
    fix,
  });
}
