/** Waiting for service: the queue keys of a capacity block, and the line with its order and impatience. */
import { z } from "zod";
import { EventHeap } from "../../base/event-queue.ts";
import { count, durationMs } from "../../base/schema-forms.ts";
import { type LawSpec, lawSchema } from "../../random/laws/index.ts";
import { type BackgroundSpec, backgroundOf, backgroundSchema } from "./background.ts";
import { QUEUE_LEVELS } from "./capacity.ts";

/** How calls may wait, and which other tenants share the machines: part of a model's spec. */
export interface QueueSpec {
  /** Places to wait; Infinity = no limit, 0 = none. */
  readonly waitingRoom: number;
  /** How long a call waits before it leaves, ms; null = for ever. */
  readonly patience: LawSpec | null;
  /** Refuse when the expected delay is above this, ms. */
  readonly queueDelayMsMax: number;
  readonly background: BackgroundSpec | null;
}

const unlimited = z.literal("unlimited").transform(() => Number.POSITIVE_INFINITY);
const limit = z.union([unlimited, count]);
/** A number above 0, or `unlimited`, which is Infinity. */
export const positiveLimit = limit.refine((value) => value > 0, "must be more than 0; write 1 or more, or unlimited");

/** The keys of a capacity block that say how calls may wait. */
export const queueShape = {
  waitingRoom: limit
    .default(Number.POSITIVE_INFINITY)
    .meta({ description: "Places to wait: a number, 0 for none, or unlimited" }),
  maxQueueDelay: durationMs.optional().meta({ description: "Refuse with 503 when the expected delay is longer" }),
  patience: lawSchema("durationMs")
    .optional()
    .meta({ description: "How long a call waits before it leaves the queue" }),
  background: backgroundSchema.optional(),
};

const queueKeys = z.strictObject(queueShape);
type QueueBlock = z.output<typeof queueKeys>;

/** The plain spec of these keys. */
export function queueOf(block: QueueBlock): QueueSpec {
  return {
    waitingRoom: block.waitingRoom,
    patience: block.patience ?? null,
    queueDelayMsMax: block.maxQueueDelay ?? Number.POSITIVE_INFINITY,
    background: block.background === undefined ? null : backgroundOf(block.background),
  };
}

/** Those of the keys by which a call may be refused or leave. */
export function refusingKeys(block: QueueBlock): readonly string[] {
  return [
    ...(block.waitingRoom < Number.POSITIVE_INFINITY ? ["waitingRoom"] : []),
    ...(block.maxQueueDelay === undefined ? [] : ["maxQueueDelay"]),
    ...(block.patience === undefined ? [] : ["patience"]),
  ];
}

/**
 * The queue in front of an endpoint: first come, first served within a priority level, lower levels first, with
 * impatience. Calls that leave are removed lazily: their place stays in the ring until it reaches the head.
 */
export class WaitingLine {
  length = 0;
  private readonly rings: Ring[] = [];
  private readonly patience = new EventHeap(8);
  /** Per attempt slot: the ticket it waits on, or 0. */
  private tickets = new Int32Array(1024);
  private lastTicket = 0;
  private readonly ticketOfPatience: number[] = [];
  private readonly freePatience: number[] = [];
  private readonly slotOfPatience: number[] = [];

  constructor() {
    for (let level = 0; level < QUEUE_LEVELS; level++) this.rings.push(new Ring());
  }

  /** @param patienceMs Infinity = waits for ever */
  join(nowMs: number, attempt: number, level: number, patienceMs: number): void {
    if (attempt >= this.tickets.length) {
      const grown = new Int32Array(Math.max(attempt + 1, this.tickets.length * 2));
      grown.set(this.tickets);
      this.tickets = grown;
    }
    const ticket = (this.lastTicket = this.lastTicket === 0x7fffffff ? 1 : this.lastTicket + 1);
    this.tickets[attempt] = ticket;
    this.rings[Math.min(level, QUEUE_LEVELS - 1)]!.push(attempt, ticket);
    this.length++;
    if (patienceMs < Number.POSITIVE_INFINITY) {
      const entry = this.freePatience.pop() ?? this.slotOfPatience.length;
      this.slotOfPatience[entry] = attempt;
      this.ticketOfPatience[entry] = ticket;
      this.patience.push(nowMs + patienceMs, entry);
    }
  }

  /** The next attempt to serve without removing it, or -1. */
  peek(): number {
    for (const ring of this.rings) {
      for (; ring.length > 0; ring.shift()) {
        const attempt = ring.headAttempt;
        if (this.tickets[attempt] === ring.headTicket) return attempt;
      }
    }
    return -1;
  }

  /** Removes and returns the next attempt to serve, or -1. */
  take(): number {
    const attempt = this.peek();
    if (attempt >= 0) {
      this.tickets[attempt] = 0;
      this.length--;
    }
    return attempt;
  }

  /** Removes all, in the order in which they would have been served. */
  drain(): number[] {
    const attempts: number[] = [];
    while (this.length > 0) attempts.push(this.take());
    return attempts;
  }

  /** When the next one's patience ends, ms; Infinity when none's does. Drops the entries of those already served. */
  nextLeaveMs(): number {
    const patience = this.patience;
    while (patience.size > 0) {
      const entry = patience.peek();
      if (this.tickets[this.slotOfPatience[entry]!] === this.ticketOfPatience[entry]) return patience.topMs;
      patience.pop();
      this.freePatience.push(entry);
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Removes and returns the attempt whose patience has just ended; call only at `nextLeaveMs`. */
  leave(): number {
    const entry = this.patience.pop();
    this.freePatience.push(entry);
    const attempt = this.slotOfPatience[entry]!;
    this.tickets[attempt] = 0;
    this.length--;
    return attempt;
  }
}

/** A growing ring of (attempt, ticket). */
class Ring {
  length = 0;
  private head = 0;
  private attempts = new Int32Array(16);
  private tickets = new Int32Array(16);

  get headAttempt(): number {
    return this.attempts[this.head]!;
  }

  get headTicket(): number {
    return this.tickets[this.head]!;
  }

  push(attempt: number, ticket: number): void {
    if (this.length === this.attempts.length) this.grow();
    const i = (this.head + this.length) & (this.attempts.length - 1);
    this.attempts[i] = attempt;
    this.tickets[i] = ticket;
    this.length++;
  }

  shift(): void {
    this.head = (this.head + 1) & (this.attempts.length - 1);
    this.length--;
  }

  private grow(): void {
    const size = this.attempts.length;
    const attempts = new Int32Array(size * 2);
    const tickets = new Int32Array(size * 2);
    for (let k = 0; k < this.length; k++) {
      const i = (this.head + k) & (size - 1);
      attempts[k] = this.attempts[i]!;
      tickets[k] = this.tickets[i]!;
    }
    this.attempts = attempts;
    this.tickets = tickets;
    this.head = 0;
  }
}
