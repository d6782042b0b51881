import { deadlineInMs } from "../client/request-rules.ts";
import type { ClientPlan } from "../scenario/plan.ts";
import { DelayLine } from "./delay-line.ts";

export const TIMER = { timeout: 0, deadline: 1, hedge: 2 } as const;
export type Timer = (typeof TIMER)[keyof typeof TIMER];

/**
 * A client's timers: an attempt's timeout, a request's deadline, the delay before a hedge. None is ever cancelled: each
 * names a row and its generation, and finds another generation when the row's business is over.
 */
export class Timers {
  /** When the next one falls due, ms; Infinity when none will. */
  nextMs = Number.POSITIVE_INFINITY;
  /** What `take` took. */
  slot = 0;
  generation = 0;
  /** By `TIMER`; null = this client has none of the kind. */
  declare private readonly lines: readonly (DelayLine | null)[];

  constructor({ timeout, hedge }: ClientPlan) {
    this.lines = [
      lineOf(timeout.attemptMs),
      // The simulator takes requests at their intended arrival.
      lineOf(deadlineInMs(timeout, 0, 0)),
      hedge.hedgesMax > 0 ? new DelayLine(hedge.afterMs) : null,
    ];
  }

  /** Whether attempts have timers. */
  get isUsed(): boolean {
    return this.lines[TIMER.timeout] !== null || this.lines[TIMER.hedge] !== null;
  }

  has(timer: Timer): boolean {
    return this.lines[timer] !== null;
  }

  set(timer: Timer, nowMs: number, slot: number, generation: number): void {
    this.lines[timer]!.push(nowMs, slot, generation);
    this.refresh();
  }

  /** Takes the timer that is due at `nextMs`; at equal instants in the order of `TIMER`. */
  take(): Timer {
    for (const timer of [TIMER.timeout, TIMER.deadline, TIMER.hedge]) {
      const line = this.lines[timer]!;
      if (line === null || line.topMs > this.nextMs) continue;
      this.slot = line.topSlot;
      this.generation = line.topGeneration;
      line.pop();
      this.refresh();
      return timer;
    }
    throw new RangeError("no timer is due");
  }

  private refresh(): void {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const line of this.lines) if (line !== null && line.topMs < nextMs) nextMs = line.topMs;
    this.nextMs = nextMs;
  }
}

function lineOf(delayMs: number): DelayLine | null {
  return delayMs < Number.POSITIVE_INFINITY ? new DelayLine(delayMs) : null;
}
