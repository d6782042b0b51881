import { keyedUniform } from "../random/keyed-random.ts";
import type { Sampler } from "../random/law.ts";
import { compileSampler, createLaw } from "../random/laws/index.ts";
import type { CapacitySpec } from "../world/capacity/index.ts";
import type { SlotsSpec } from "../world/capacity/slots.ts";
import { DIRECT, DIRECT_FLOAT, DIRECT_FLOATS, DIRECT_WORDS, type DirectRows } from "./direct-rows.ts";
import { EventHeap } from "./event-heap.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = DIRECT;
const FLOAT = DIRECT_FLOAT;
const WORDS = DIRECT_WORDS;
const FLOATS = DIRECT_FLOATS;

/** As in `SlotsCapacity`, whose common case this is. */
const MEAN_WEIGHT = 0.01;

/**
 * One endpoint's servers for direct calls: c of them and one queue, first come, first served. The same law as
 * `SlotsCapacity` without tokens, priorities, impatience, background and brownouts, on rows of direct calls.
 */
export class DirectServers {
  private inService = 0;
  private meanServiceMs = Number.NaN;
  private readonly completions = new EventHeap();
  /** Calls that wait, in a ring. */
  private queue = new Int32Array(16);
  private head = 0;
  private waiting = 0;
  declare private readonly rows: DirectRows;
  declare private readonly servers: number;
  declare private readonly waitingRoom: number;
  declare private readonly queueDelayMsMax: number;
  declare private readonly serviceKey: number;
  declare private readonly sample: Sampler;

  constructor(spec: SlotsSpec, serviceKey: number, rows: DirectRows) {
    const law = createLaw(spec.service);
    this.sample = compileSampler(law);
    this.meanServiceMs = law.mean;
    this.servers = Math.round(spec.servers);
    this.waitingRoom = spec.waitingRoom;
    this.queueDelayMsMax = spec.queueDelayMsMax;
    this.serviceKey = serviceKey;
    this.rows = rows;
  }

  /** When the next call is done, ms; Infinity while all servers are idle. */
  get nextMs(): number {
    return this.completions.topMs;
  }

  /** Calls in service and waiting. */
  get outstanding(): number {
    return this.inService + this.waiting;
  }

  /** Service time of the call's latest attempt, ms. */
  draw(call: number): number {
    const { words } = this.rows;
    const at = call * WORDS;
    return this.sample(keyedUniform(this.serviceKey, words[at + PLACE.requestId]!, words[at + PLACE.attempts]! - 1));
  }

  /** Takes a call into service or into the queue; false = refuses it. */
  offer(nowMs: number, call: number, workMs: number): boolean {
    this.rows.floats[call * FLOATS + FLOAT.workOrStartMs] = workMs;
    if (this.inService < this.servers && this.waiting === 0) {
      this.inService++;
      this.completions.push(this.start(nowMs, call), call);
      return true;
    }
    if (this.waiting >= this.waitingRoom) return false;
    if (((this.waiting + 1) * this.meanServiceMs) / this.servers > this.queueDelayMsMax) return false;
    this.join(call);
    return true;
  }

  /** The call that is done at `nextMs` leaves, and the next one starts. */
  finish(): number {
    const call = this.completions.peek();
    if (this.waiting > 0) {
      const next = this.queue[this.head]!;
      this.head = (this.head + 1) & (this.queue.length - 1);
      this.waiting--;
      this.completions.replaceTop(this.start(this.nextMs, next), next);
    } else {
      this.completions.pop();
      this.inService--;
    }
    return call;
  }

  /** Marks the start of service; returns its end. */
  private start(nowMs: number, call: number): number {
    const { floats } = this.rows;
    const place = call * FLOATS + FLOAT.workOrStartMs;
    const workMs = floats[place]!;
    floats[place] = nowMs;
    this.meanServiceMs += MEAN_WEIGHT * (workMs - this.meanServiceMs);
    return nowMs + workMs;
  }

  private join(call: number): void {
    if (this.waiting === this.queue.length) this.grow();
    this.queue[(this.head + this.waiting++) & (this.queue.length - 1)] = call;
  }

  private grow(): void {
    const size = this.queue.length;
    const queue = new Int32Array(size * 2);
    for (let k = 0; k < size; k++) queue[k] = this.queue[(this.head + k) & (size - 1)]!;
    this.queue = queue;
    this.head = 0;
  }
}

/** @throws RangeError for another kind of capacity, which `isDirect` leaves to the general path */
export function slotsOf(capacity: CapacitySpec): SlotsSpec {
  if (capacity.kind === "slots") return capacity;
  throw new RangeError("a direct path leads to plain servers");
}
