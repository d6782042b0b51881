/** Answers that did not end as they should: what a run keeps of the few requests and attempts that it happens to. */
import { type CallTokens, INTERRUPTION, type Interruption } from "../client/request-rules.ts";

/** What has happened to a request's answers, once anything has. */
export interface Interrupted {
  /** Attempts, by `INTERRUPTION`. */
  readonly attempts: [none: number, broken: number, idle: number, empty: number];
  /** How its latest attempt failed. */
  last: Interruption;
  /** Attempts before its latest call: the SDK counts from there. */
  attemptsBefore: number;
  /** Calls that the caller's own code made again. */
  callsAgain: number;
  /** The request as its caller made it, once a call is for the rest of its answer; null before. */
  original: CallTokens | null;
  /** Tokens of the answer that earlier calls brought, and that its present one continues. */
  resumedTokens: number;
  /** When its caller got the first token of an answer that a later call continues, ms; NaN where none does. */
  firstTokenMs: number;
}

/** The requests under way that it has happened to, by row. */
export class InterruptedRequests {
  private readonly byRow = new Map<number, Interrupted>();

  get(row: number): Interrupted | undefined {
    return this.byRow.get(row);
  }

  /** An attempt of a request has failed in such a way; `none` in another, which is kept only where one did before. */
  note(row: number, interruption: Interruption): void {
    const known = this.byRow.get(row);
    if (known !== undefined) {
      known.attempts[interruption]++;
      known.last = interruption;
    } else if (interruption !== INTERRUPTION.none) {
      const attempts: Interrupted["attempts"] = [0, 0, 0, 0];
      attempts[interruption] = 1;
      this.byRow.set(row, {
        attempts,
        last: interruption,
        attemptsBefore: 0,
        callsAgain: 0,
        original: null,
        resumedTokens: 0,
        firstTokenMs: Number.NaN,
      });
    }
  }

  forget(row: number): void {
    this.byRow.delete(row);
  }
}

/** When a caller gives up an attempt, which is void if its row holds another by then. */
export interface GiveUp {
  readonly attempt: number;
  readonly generation: number;
  /** Its answer had begun. */
  readonly hasBegun: boolean;
}

/** A hedge that is due unless another attempt has left, or the row holds another request, by then. */
export interface DueHedge {
  readonly request: number;
  readonly generation: number;
  /** When the request's latest attempt left, ms. */
  readonly sentMs: number;
}

/** What is due at single instants, under numbers that an agenda can hold. */
export class Appointments {
  private readonly byNumber = new Map<number, GiveUp | DueHedge>();
  private next = 0;

  add(appointment: GiveUp | DueHedge): number {
    // An agenda's payload leaves 29 bits.
    const number = this.next++ & 0x1fff_ffff;
    this.byNumber.set(number, appointment);
    return number;
  }

  take(number: number): GiveUp | DueHedge {
    const appointment = this.byNumber.get(number)!;
    this.byNumber.delete(number);
    return appointment;
  }
}

/** When the first bytes of attempts reach their callers, by row, as far as that is known. */
export class FirstBytes {
  private atMs = new Float64Array(0);

  /** An attempt leaves in a row. */
  clear(row: number): void {
    this.set(row, Number.POSITIVE_INFINITY);
  }

  set(row: number, ms: number): void {
    if (row >= this.atMs.length) {
      const longer = new Float64Array(Math.max(1024, 2 * row));
      longer.set(this.atMs);
      this.atMs = longer;
    }
    this.atMs[row] = ms;
  }

  /** Whether an attempt's first byte has come. */
  isIn(row: number, nowMs: number): boolean {
    return this.atMs[row]! <= nowMs;
  }
}
