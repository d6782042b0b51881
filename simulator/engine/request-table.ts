import { extended } from "./columns.ts";

/** Requests that a caller still waits for, as columns over recycled slots. */
export class RequestTable {
  /** Number of the request in the traffic, from 0, modulo 2^32: what its luck is keyed by. */
  id!: Int32Array;
  arrivalMs!: Float64Array;
  classIndex!: Uint16Array;
  originIndex!: Uint16Array;
  router!: Uint16Array;
  inputTokens!: Int32Array;
  outputTokens!: Int32Array;
  maxTokens!: Int32Array;
  prefixTokens!: Int32Array;
  prefixId!: Int32Array;
  /** Attempts sent so far. */
  attempts!: Int32Array;
  attemptsThrottled!: Int32Array;
  attemptsUnavailable!: Int32Array;
  /** Attempts whose answer is still awaited. */
  outstanding!: Int32Array;
  hedges!: Int32Array;
  lastTarget!: Int32Array;
  lastRetryCost!: Float64Array;
  isCounted!: Uint8Array;
  /** A retry or a deferral is scheduled. */
  isPending!: Uint8Array;
  /** It has ended, but an event still names its slot: that event will release it. */
  isEnded!: Uint8Array;
  generation!: Int32Array;
  private free!: Int32Array;
  private freeCount = 0;
  private size = 0;

  constructor(capacity = 1024) {
    this.grow(capacity);
  }

  get inUse(): number {
    return this.size - this.freeCount;
  }

  allocate(): number {
    if (this.freeCount === 0) this.grow(this.size * 2);
    return this.free[--this.freeCount]!;
  }

  release(slot: number): void {
    this.generation[slot]!++;
    this.free[this.freeCount++] = slot;
  }

  /** Ends a request whose slot an event still names: answers that come later no longer find it. */
  retire(slot: number): void {
    this.isEnded[slot] = 1;
    this.generation[slot]!++;
  }

  /** Slots in use, in slot order: for the end of a run. */
  slotsInUse(): number[] {
    const isFree = new Uint8Array(this.size);
    for (let i = 0; i < this.freeCount; i++) isFree[this.free[i]!] = 1;
    const slots: number[] = [];
    for (let slot = 0; slot < this.size; slot++) if (isFree[slot] === 0 && this.isEnded[slot] === 0) slots.push(slot);
    return slots;
  }

  private grow(size: number): void {
    const old = this.size;
    this.id = extended(this.id, new Int32Array(size));
    this.arrivalMs = extended(this.arrivalMs, new Float64Array(size));
    this.classIndex = extended(this.classIndex, new Uint16Array(size));
    this.originIndex = extended(this.originIndex, new Uint16Array(size));
    this.router = extended(this.router, new Uint16Array(size));
    this.inputTokens = extended(this.inputTokens, new Int32Array(size));
    this.outputTokens = extended(this.outputTokens, new Int32Array(size));
    this.maxTokens = extended(this.maxTokens, new Int32Array(size));
    this.prefixTokens = extended(this.prefixTokens, new Int32Array(size));
    this.prefixId = extended(this.prefixId, new Int32Array(size));
    this.attempts = extended(this.attempts, new Int32Array(size));
    this.attemptsThrottled = extended(this.attemptsThrottled, new Int32Array(size));
    this.attemptsUnavailable = extended(this.attemptsUnavailable, new Int32Array(size));
    this.outstanding = extended(this.outstanding, new Int32Array(size));
    this.hedges = extended(this.hedges, new Int32Array(size));
    this.lastTarget = extended(this.lastTarget, new Int32Array(size));
    this.lastRetryCost = extended(this.lastRetryCost, new Float64Array(size));
    this.isCounted = extended(this.isCounted, new Uint8Array(size));
    this.isPending = extended(this.isPending, new Uint8Array(size));
    this.isEnded = extended(this.isEnded, new Uint8Array(size));
    this.generation = extended(this.generation, new Int32Array(size));
    this.free = extended(this.free, new Int32Array(size));
    for (let slot = size - 1; slot >= old; slot--) this.free[this.freeCount++] = slot;
    this.size = size;
  }
}
