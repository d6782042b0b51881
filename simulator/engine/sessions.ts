/** Sessions under way in a run: what each has said so far, and the request that follows an answer. */
import { SlotTable } from "../base/slot-table.ts";
import { END, type End } from "../client/request-rules.ts";
import type { Plan } from "../scenario/plan.ts";
import { ATTEMPT, ATTEMPT_INTS } from "../service/attempt-table.ts";
import type { Conversations } from "../service/prompt-cache.ts";
import type { Turns } from "../traffic/sessions.ts";
import type { TrafficChunk } from "../traffic/traffic.ts";
import { createTurns } from "../traffic/turns.ts";

/** What became of the sessions of a run. */
export interface SessionCounts {
  begun: number;
  /** All turns were sent. */
  completed: number;
  /** The caller left after a turn that was not served. */
  left: number;
  /** The next prompt would have been longer than the limit. */
  full: number;
  /** The run ended first. */
  cut: number;
}

/** Places of a session's row: its own numbers, and its conversation so far. */
const PLACE = {
  generation: 0,
  classIndex: 1,
  originIndex: 2,
  session: 3,
  turn: 4,
  turns: 5,
  /** Tokens of the conversation: the last prompt, and its answer if there was one. */
  contextTokens: 6,
  promptTokens: 7,
  sharedTokens: 8,
  sharedId: 9,
  /** The turn from which on prompts go on from each other. */
  beganAtTurn: 10,
} as const;
const WIDTH = 11;

/** Null where no class has sessions. */
export function createSessions(plan: Plan, rows: SlotTable, seed: number): Sessions | null {
  return plan.traffic.some(({ sessions }) => sessions !== undefined) ? new Sessions(plan, rows, seed) : null;
}

/**
 * The sessions of one run. Each takes a row from its first request to its last, so that memory follows the sessions
 * that are under way. A session's requests have ids of their own from its beginning on, whatever happens: every strategy
 * meets the same session with the same draws.
 */
export class Sessions implements Conversations {
  readonly counts: SessionCounts = { begun: 0, completed: 0, left: 0, full: 0, cut: 0 };
  /** How long the caller thinks before the next turn of the session that `ended` returned, ms. */
  thinkMs = Number.NaN;
  /** When the last request of a session arrived, ms; NaN before. */
  lastArrivalMs = Number.NaN;
  declare private readonly rows: SlotTable;
  /** By class. */
  declare private readonly turns: readonly (Turns | null)[];
  declare private readonly endMs: number;
  private readonly table = new SlotTable({ ints: WIDTH, floats: 1 });
  /** The request that `next` made, in its only row; used again. */
  readonly following: TrafficChunk = oneRow();
  private nextId = 0;
  /** Session of the request that is arriving; -1 = none. */
  private current = -1;
  /** By row of a request: its session's row, its conversation, and what that shares with others. */
  private sessionOf = new Int32Array(0);
  private conversation = new Float64Array(0);
  private key = new Int32Array(0);
  /** -1 where the conversation is not cached. */
  private shared = new Int32Array(0);

  constructor(plan: Plan, rows: SlotTable, seed: number) {
    this.rows = rows;
    this.endMs = plan.durationMs;
    this.turns = plan.traffic.map((each) => (each.sessions === undefined ? null : createTurns(each, seed)));
  }

  /** Sessions that have not ended. */
  get underWay(): number {
    return this.table.inUse;
  }

  /** The id of a request that arrives, and for the first of a session as many more as it has turns. */
  identify(chunk: TrafficChunk, row: number): number {
    const { ints, floats } = this.table;
    if (chunk === this.following) return floats[this.current]! + ints[this.current * WIDTH + PLACE.turn]!;
    const id = this.nextId;
    const turns = chunk.turns?.[row] ?? 1;
    this.nextId += turns;
    this.current = (chunk.session?.[row] ?? -1) < 0 ? -1 : this.begin(chunk, row, id);
    return id;
  }

  /** The request that `identify` named has got a row. */
  attach(request: number): void {
    if (this.sessionOf.length < this.rows.capacity) this.grow();
    this.sessionOf[request] = this.current;
    this.key[request] = -1;
    this.shared[request] = -1;
    if (this.current < 0) return;
    const { ints, floats } = this.table;
    const at = this.current * WIDTH;
    const turns = this.turns[ints[at + PLACE.classIndex]!]!;
    const prompt = this.rows.ints[request * ATTEMPT_INTS + ATTEMPT.inputTokens]!;
    ints[at + PLACE.promptTokens] = prompt;
    this.key[request] = floats[this.current]! % 2 ** 31;
    this.conversation[request] = floats[this.current]! + ints[at + PLACE.beganAtTurn]!;
    if (!turns.cache) return;
    const cacheable = turns.cacheableTokens(ints[at + PLACE.session]!, ints[at + PLACE.turn]!, prompt);
    this.shared[request] = ints[at + PLACE.sharedTokens]!;
    this.rows.ints[request * ATTEMPT_INTS + ATTEMPT.prefixTokens] = cacheable;
  }

  /**
   * A request has ended. Returns its session, with `thinkMs`, if a turn is to follow; -1 if not.
   */
  ended(request: number, end: End): number {
    const slot = this.sessionOf[request]!;
    if (slot < 0) return -1;
    const { ints } = this.table;
    const at = slot * WIDTH;
    const turns = this.turns[ints[at + PLACE.classIndex]!]!;
    const session = ints[at + PLACE.session]!;
    const turn = ints[at + PLACE.turn]! + 1;
    if (end === END.inFlight) return this.close(slot, "cut");
    if (turn >= ints[at + PLACE.turns]!) return this.close(slot, "completed");
    if (end !== END.served && turns.endsOnFailure) return this.close(slot, "left");
    const answer = end === END.served ? this.rows.ints[request * ATTEMPT_INTS + ATTEMPT.outputTokens]! : 0;
    const context = ints[at + PLACE.promptTokens]! + answer;
    if (turns.inputTokens(session, turn, context) > turns.contextMax) return this.close(slot, "full");
    ints[at + PLACE.turn] = turn;
    ints[at + PLACE.contextTokens] = context;
    this.thinkMs = turns.thinkMs(session, turn);
    return slot;
  }

  /** Puts the next request of a session, which arrives now, into `following`; false if arrivals have ended. */
  next(slot: number, nowMs: number): boolean {
    if (nowMs >= this.endMs) {
      this.close(slot, "cut");
      return false;
    }
    const { following } = this;
    const { ints } = this.table;
    const at = slot * WIDTH;
    const turns = this.turns[ints[at + PLACE.classIndex]!]!;
    const [session, turn] = [ints[at + PLACE.session]!, ints[at + PLACE.turn]!];
    const input = turns.inputTokens(session, turn, ints[at + PLACE.contextTokens]!);
    const output = turns.outputTokens(session, turn);
    // A prompt that got shorter was put together anew.
    if (input < ints[at + PLACE.promptTokens]!) ints[at + PLACE.beganAtTurn] = turn;
    following.arrivalMs[0] = nowMs;
    following.classIndex[0] = ints[at + PLACE.classIndex]!;
    following.originIndex[0] = ints[at + PLACE.originIndex]!;
    following.inputTokens[0] = input;
    following.outputTokens[0] = output;
    following.maxTokens[0] = turns.maxTokens(session, turn, output);
    following.prefixTokens[0] = Math.min(input, ints[at + PLACE.sharedTokens]!);
    following.prefixId[0] = ints[at + PLACE.sharedId]!;
    this.current = slot;
    this.lastArrivalMs = nowMs;
    return true;
  }

  /** Ends the sessions whose callers are thinking: the run is over. */
  endAll(): void {
    for (const slot of this.table.slotsInUse()) this.close(slot, "cut");
  }

  conversationOf(attempt: number): number {
    const request = this.rows.ints[attempt * ATTEMPT_INTS + ATTEMPT.request]!;
    return this.shared[request]! < 0 ? -1 : this.conversation[request]!;
  }

  sharedTokens(attempt: number): number {
    return this.shared[this.rows.ints[attempt * ATTEMPT_INTS + ATTEMPT.request]!]!;
  }

  /** The session of a request, as strategies know it: the id of its first request; -1 = none. */
  keyOf(request: number): number {
    return this.key[request]!;
  }

  private begin(chunk: TrafficChunk, row: number, id: number): number {
    const slot = this.table.allocate();
    const { ints, floats } = this.table;
    const at = slot * WIDTH;
    const classIndex = chunk.classIndex[row]!;
    floats[slot] = id;
    ints[at + PLACE.classIndex] = classIndex;
    ints[at + PLACE.originIndex] = chunk.originIndex[row]!;
    ints[at + PLACE.session] = chunk.session![row]!;
    ints[at + PLACE.turn] = 0;
    ints[at + PLACE.turns] = chunk.turns![row]!;
    ints[at + PLACE.sharedTokens] = chunk.prefixTokens[row]!;
    ints[at + PLACE.sharedId] = chunk.prefixId[row]!;
    ints[at + PLACE.beganAtTurn] = 0;
    this.counts.begun++;
    return slot;
  }

  private close(slot: number, how: Exclude<keyof SessionCounts, "begun">): -1 {
    this.counts[how]++;
    this.table.release(slot);
    return -1;
  }

  private grow(): void {
    const size = this.rows.capacity;
    this.sessionOf = grown(new Int32Array(size), this.sessionOf);
    this.conversation = grown(new Float64Array(size), this.conversation);
    this.key = grown(new Int32Array(size), this.key);
    this.shared = grown(new Int32Array(size), this.shared);
  }
}

function grown<C extends Int32Array | Float64Array>(longer: C, column: C): C {
  longer.set(column);
  return longer;
}

function oneRow(): TrafficChunk {
  const ints = () => new Int32Array(1);
  return {
    length: 1,
    arrivalMs: new Float64Array(1),
    classIndex: new Uint16Array(1),
    originIndex: new Uint16Array(1),
    inputTokens: ints(),
    outputTokens: ints(),
    maxTokens: ints(),
    prefixTokens: ints(),
    prefixId: ints(),
  };
}
