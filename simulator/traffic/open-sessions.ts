/**
 * Sessions as requests at fixed instants, for files that other tools replay: a turn follows the answer before it, whose
 * time only a running service knows, so that one is assumed.
 */
import { EventHeap } from "../base/event-queue.ts";
import type { Turns } from "./sessions.ts";
import { copyRequest } from "./source.ts";
import type { TrafficChunk, TrafficSource } from "./traffic.ts";

/** Requests with the conversation that each is a part of. */
export interface TurnChunk extends TrafficChunk {
  /** Conversation, numbered over all classes in order of its beginning; -1 = none. */
  readonly session: Int32Array;
  /** Counted from 0. */
  readonly turn: Int32Array;
  /** Tokens of the prompt that were said before: the last prompt and its answer. */
  readonly contextTokens: Int32Array;
  /** From the end of the answer before to this request, ms; 0 for a first one. */
  readonly thinkMs: Float64Array;
}

export interface OpenSessionsOptions {
  /** Time that an answer of so many tokens is assumed to take, ms. */
  readonly answerMs: (outputTokens: number) => number;
  /** Turns at or after this are left out, ms; may be Infinity. */
  readonly durationMs: number;
  readonly chunkRows?: number;
}

const CHUNK_ROWS = 65_536;

/** A conversation that goes on. */
interface Session {
  readonly number: number;
  readonly drawn: number;
  readonly classIndex: number;
  readonly originIndex: number;
  readonly prefixTokens: number;
  readonly prefixId: number;
  readonly turns: Turns;
  /** The next turn, and how many are left with it. */
  turn: number;
  left: number;
  contextTokens: number;
  thinkMs: number;
}

/**
 * The requests of a source in order of time, turns of its sessions among them. Memory follows the sessions that are under
 * way. The instants of first requests are those of the source; of later ones, answers' assumed times and drawn think
 * times added up.
 *
 * @param turnsOf each class; null where it has no sessions
 */
export function openSessions(
  source: TrafficSource,
  turnsOf: readonly (Turns | null)[],
  options: OpenSessionsOptions,
): { next(): TurnChunk | undefined } {
  const rows = options.chunkRows ?? CHUNK_ROWS;
  const chunk = createChunk(rows);
  const under = new Underway(options);
  let arrived: TrafficChunk | undefined = source.next();
  let row = 0;
  let begun = 0;
  return {
    next() {
      chunk.length = 0;
      while (chunk.length < rows) {
        if (arrived !== undefined && row === arrived.length) {
          arrived = source.next();
          row = 0;
        }
        const nextMs = arrived === undefined ? Number.POSITIVE_INFINITY : arrived.arrivalMs[row]!;
        if (under.nextMs < nextMs) under.take(chunk);
        else if (arrived === undefined) break;
        else {
          const turns = turnsOf[arrived.classIndex[row]!]!;
          const number = turns === null ? -1 : begun++;
          append(arrived, row, chunk, number);
          if (turns !== null) under.begin(arrived, row, turns, number);
          row++;
        }
      }
      return chunk.length === 0 ? undefined : chunk;
    },
  };
}

/** Sessions whose next turn waits for its instant. */
class Underway {
  private readonly queue = new EventHeap();
  private readonly sessions: Session[] = [];
  private readonly free: number[] = [];
  private readonly options: OpenSessionsOptions;

  constructor(options: OpenSessionsOptions) {
    this.options = options;
  }

  get nextMs(): number {
    return this.queue.topMs;
  }

  begin(chunk: TrafficChunk, row: number, turns: Turns, number: number): void {
    const session: Session = {
      number,
      drawn: chunk.session![row]!,
      classIndex: chunk.classIndex[row]!,
      originIndex: chunk.originIndex[row]!,
      prefixTokens: chunk.prefixTokens[row]!,
      prefixId: chunk.prefixId[row]!,
      turns,
      turn: 0,
      left: chunk.turns![row]!,
      contextTokens: 0,
      thinkMs: 0,
    };
    this.plan(session, chunk.arrivalMs[row]!, chunk.inputTokens[row]!, chunk.outputTokens[row]!);
  }

  /** Writes the turn that is due. */
  take(chunk: MutableChunk): void {
    const ms = this.queue.topMs;
    const slot = this.queue.pop();
    const session = this.sessions[slot]!;
    this.free.push(slot);
    const { turns, drawn, turn } = session;
    const at = chunk.length++;
    const input = turns.inputTokens(drawn, turn, session.contextTokens);
    const output = turns.outputTokens(drawn, turn);
    chunk.arrivalMs[at] = ms;
    chunk.classIndex[at] = session.classIndex;
    chunk.originIndex[at] = session.originIndex;
    chunk.inputTokens[at] = input;
    chunk.outputTokens[at] = output;
    chunk.maxTokens[at] = turns.maxTokens(drawn, turn, output);
    chunk.prefixTokens[at] = Math.min(input, session.prefixTokens);
    chunk.prefixId[at] = session.prefixId;
    chunk.session[at] = session.number;
    chunk.turn[at] = turn;
    chunk.contextTokens[at] = Math.min(input, session.contextTokens);
    chunk.thinkMs[at] = session.thinkMs;
    this.plan(session, ms, input, output);
  }

  /** The turn after one that was sent; none where the session ends, its context is full or the time is up. */
  private plan(session: Session, ms: number, input: number, output: number): void {
    session.turn++;
    session.left--;
    if (session.left <= 0) return;
    const { turns, drawn, turn } = session;
    session.contextTokens = input + output;
    if (turns.inputTokens(drawn, turn, session.contextTokens) > turns.contextMax) return;
    session.thinkMs = turns.thinkMs(drawn, turn);
    const nextMs = ms + this.options.answerMs(output) + session.thinkMs;
    if (nextMs >= this.options.durationMs) return;
    const slot = this.free.pop() ?? this.sessions.length;
    this.sessions[slot] = session;
    this.queue.push(nextMs, slot);
  }
}

type MutableChunk = { -readonly [Column in keyof TurnChunk]: TurnChunk[Column] };

function createChunk(rows: number): MutableChunk {
  const counts = () => new Int32Array(rows);
  return {
    length: 0,
    arrivalMs: new Float64Array(rows),
    classIndex: new Uint16Array(rows),
    originIndex: new Uint16Array(rows),
    inputTokens: counts(),
    outputTokens: counts(),
    maxTokens: counts(),
    prefixTokens: counts(),
    prefixId: counts(),
    session: counts(),
    turn: counts(),
    contextTokens: counts(),
    thinkMs: new Float64Array(rows),
  };
}

/** A first request, or one of no session, at the chunk's end. */
function append(from: TrafficChunk, row: number, to: MutableChunk, session: number): void {
  const at = to.length++;
  copyRequest(from, row, to, at);
  to.session[at] = session;
  to.turn[at] = 0;
  to.contextTokens[at] = 0;
  to.thinkMs[at] = 0;
}
