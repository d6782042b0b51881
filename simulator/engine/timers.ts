/** A client's timers: timeouts, deadlines and hedges, each kind in a queue of equal delays. */
import type { SlotTable } from "../base/slot-table.ts";
import { deadlineInMs, firstByteLimitMs } from "../client/request-rules.ts";
import type { ClientPlan } from "../scenario/plan.ts";
import { ATTEMPT, ATTEMPT_INTS } from "../service/attempt-table.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const INTS = ATTEMPT_INTS;

export const TIMER = { timeout: 0, deadline: 1, hedge: 2, firstByte: 3 } as const;
export type Timer = (typeof TIMER)[keyof typeof TIMER];

/**
 * A client's timers: an attempt's timeout and first byte, a request's deadline, the delay before a hedge. None is ever cancelled: each
 * names a row and its generation, and is void when the row has another generation by then. Void ones are dropped
 * together when the oldest falls due, so most timers never become events.
 */
export class Timers {
  /** No timer is due before this, ms; Infinity when none is set. */
  nextMs = Number.POSITIVE_INFINITY;
  /** Row and generation of the timer that `take` took. */
  slot = 0;
  generation = 0;
  declare private readonly rows: SlotTable;
  /** By `TIMER`; null = this client has none of the kind. */
  declare private readonly lines: readonly (DelayLine | null)[];

  /** @param rows requests and attempts, as `request-rows.ts` writes them */
  constructor({ timeout, hedge }: ClientPlan, rows: SlotTable) {
    this.rows = rows;
    this.lines = [
      lineOf(timeout.attemptMs),
      // In the simulator a request arrives at its intended arrival.
      lineOf(deadlineInMs(timeout, 0, 0)),
      hedge.hedgesMax > 0 && hedge.quantile === 0 ? new DelayLine(hedge.afterMs) : null,
      lineOf(firstByteLimitMs(timeout)),
    ];
    this.isUsed = this.lines.some((line, timer) => line !== null && timer !== TIMER.deadline);
  }

  /** Whether attempts have timers. */
  declare readonly isUsed: boolean;

  has(timer: Timer): boolean {
    return this.lines[timer] !== null;
  }

  set(timer: Timer, nowMs: number, slot: number, generation: number): void {
    const line = this.lines[timer]!;
    line.push(nowMs, slot, generation);
    if (line.topMs < this.nextMs) this.nextMs = line.topMs;
  }

  /**
   * Takes the timer that is due at `nextMs`, at equal instants in the order of `TIMER`; -1 where it turns out void, and
   * `nextMs` has moved on.
   */
  take(): Timer | -1 {
    const dueMs = this.nextMs;
    let taken: Timer | -1 = -1;
    let nextMs = Number.POSITIVE_INFINITY;
    for (let timer = 0; timer < this.lines.length; timer++) {
      const line = this.lines[timer]!;
      if (line === null) continue;
      if (line.topMs <= dueMs && taken < 0) {
        this.dropVoid(line, timer as Timer);
        if (line.topMs <= dueMs) {
          taken = timer as Timer;
          this.slot = line.topSlot;
          this.generation = line.topGeneration;
          line.pop();
        }
      }
      if (line.topMs < nextMs) nextMs = line.topMs;
    }
    this.nextMs = nextMs;
    return taken;
  }

  private dropVoid(line: DelayLine, timer: Timer): void {
    const place = timer === TIMER.timeout || timer === TIMER.firstByte ? PLACE.attemptGeneration : PLACE.generation;
    const { ints } = this.rows;
    while (line.topMs < Number.POSITIVE_INFINITY && ints[line.topSlot * INTS + place] !== line.topGeneration)
      line.pop();
  }
}

function lineOf(delayMs: number): DelayLine | null {
  return delayMs < Number.POSITIVE_INFINITY ? new DelayLine(delayMs) : null;
}

/**
 * A queue of timers that all have the same delay (a client's timeout, a hedge delay): they fall due in the order in
 * which they were set, so a ring buffer serves where a heap would cost a logarithm. Owners cancel lazily: each entry
 * carries the generation of its row, and an entry of an older generation is void.
 */
export class DelayLine {
  declare readonly delayMs: number;
  /** When the oldest entry falls due, ms; Infinity when empty. */
  topMs = Number.POSITIVE_INFINITY;
  private head = 0;
  private length = 0;
  private dueMs = new Float64Array(1024);
  private slots = new Int32Array(1024);
  private generations = new Int32Array(1024);

  constructor(delayMs: number) {
    this.delayMs = delayMs;
  }

  get size(): number {
    return this.length;
  }

  push(nowMs: number, slot: number, generation: number): void {
    if (this.length === this.dueMs.length) this.grow();
    const i = (this.head + this.length) & (this.dueMs.length - 1);
    this.dueMs[i] = nowMs + this.delayMs;
    this.slots[i] = slot;
    this.generations[i] = generation;
    if (this.length++ === 0) this.topMs = nowMs + this.delayMs;
  }

  get topSlot(): number {
    return this.slots[this.head]!;
  }

  get topGeneration(): number {
    return this.generations[this.head]!;
  }

  /** Drops the oldest entry; must not be called when empty. */
  pop(): void {
    this.head = (this.head + 1) & (this.dueMs.length - 1);
    this.length--;
    this.topMs = this.length > 0 ? this.dueMs[this.head]! : Number.POSITIVE_INFINITY;
  }

  private grow(): void {
    const size = this.dueMs.length;
    const due = new Float64Array(size * 2);
    const slots = new Int32Array(size * 2);
    const generations = new Int32Array(size * 2);
    for (let k = 0; k < this.length; k++) {
      const i = (this.head + k) & (size - 1);
      due[k] = this.dueMs[i]!;
      slots[k] = this.slots[i]!;
      generations[k] = this.generations[i]!;
    }
    this.dueMs = due;
    this.slots = slots;
    this.generations = generations;
    this.head = 0;
  }
}
