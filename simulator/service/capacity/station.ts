/** What capacity models with a queue share (`Station`), and the clock of those whose pace changes (`VirtualClock`). */
import type { SlotTable } from "../../base/slot-table.ts";
import { keyedUniform } from "../../random/keyed-random.ts";
import type { Sampler } from "../../random/law.ts";
import { createLaw } from "../../random/laws/index.ts";
import { compileSampler } from "../../random/sampler.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../attempt-table.ts";
import { BackgroundTenants } from "./background.ts";
import {
  CAPACITY_EVENT,
  type Capacity,
  type CapacityContext,
  type CapacityEvent,
  OFFER,
  type Offer,
  STANDARD_LEVEL,
} from "./capacity.ts";
import { type QueueSpec, WaitingLine } from "./waiting-line.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;
const { offeredMs: OFFERED_MS, workDraw: WORK_DRAW } = ATTEMPT_FLOAT;
const { started: STARTED, queued: QUEUED, refused: REFUSED } = OFFER;
const { internal: INTERNAL, abandoned: ABANDONED } = CAPACITY_EVENT;
const LEVEL = STANDARD_LEVEL;

/** Answer of `serve` when no event of the model's own is due. */
export const NOTHING_DUE = -1;

/**
 * What models with a queue share: the waiting line and its limits, patience, other tenants, the share of capacity that
 * is left, and who starts when. A model says what work a call has (`draw`), whether it may start (`fits`), how it is
 * served (`start`, `serve`, `ownNextMs`) and what a change does to the pace (`settle`).
 */
export abstract class Station<Spec extends QueueSpec> implements Capacity {
  nextMs = Number.POSITIVE_INFINITY;
  subject = -1;
  inService = 0;
  declare protected readonly spec: Spec;
  declare protected readonly context: CapacityContext;
  declare protected readonly table: SlotTable;
  declare protected readonly background: BackgroundTenants | null;
  protected readonly line = new WaitingLine();
  /** Share of capacity that is there. */
  protected factor = 1;
  /** Sum of `workOf` over the waiting calls. */
  protected waitingWork = 0;
  declare private readonly samplePatience: Sampler | null;
  declare private readonly hasLevels: boolean;
  declare private readonly bringsWorkDraws: boolean;

  constructor(spec: Spec, context: CapacityContext, table: SlotTable, hasLevels: boolean) {
    this.spec = spec;
    this.context = context;
    this.table = table;
    this.hasLevels = hasLevels;
    this.bringsWorkDraws = context.bringsWorkDraws === true;
    this.samplePatience = spec.patience === null ? null : compileSampler(createLaw(spec.patience));
    this.background =
      spec.background === null ? null : new BackgroundTenants(spec.background, context.seed, context.localHourAtStart);
  }

  /** Draws the work of a call and stores it; false when it could not be served even alone. */
  protected abstract draw(attempt: number): boolean;
  /** Whether there is room for it now, were the line empty. */
  protected abstract fits(attempt: number): boolean;
  /** What it adds to the work that waits, in the model's own unit. */
  protected abstract workOf(attempt: number): number;
  /** Takes it into service. */
  protected abstract start(nowMs: number, attempt: number): void;
  /** Processes one event of those in service that is due at `nextMs`, or answers NOTHING_DUE. */
  protected abstract serve(): CapacityEvent | typeof NOTHING_DUE;
  /** When the next event of those in service is due, ms. */
  protected abstract ownNextMs(): number;
  /** Updates pace and agenda after a call has come or gone or the capacity has changed. */
  protected abstract settle(nowMs: number): void;
  /** Removes all calls in service; returns them. */
  protected abstract clear(nowMs: number): readonly number[];
  abstract hasRoom(): boolean;
  abstract expectedQueueDelayMs(): number;

  get waiting(): number {
    return this.line.length;
  }

  offer(nowMs: number, attempt: number): Offer {
    const canBeServed = this.draw(attempt);
    this.table.floats[attempt * FLOATS + OFFERED_MS] = nowMs;
    if (!canBeServed) return REFUSED;
    if (this.fits(attempt) && this.goesFirst(attempt)) {
      this.start(nowMs, attempt);
      this.settle(nowMs);
      return STARTED;
    }
    if (this.line.length >= this.spec.waitingRoom) return REFUSED;
    if (this.expectedQueueDelayMs() > this.spec.queueDelayMsMax) return REFUSED;
    this.line.join(nowMs, attempt, this.levelOf(attempt), this.patienceMs(attempt));
    this.waitingWork += this.workOf(attempt);
    this.refresh();
    return QUEUED;
  }

  advance(): CapacityEvent {
    const nowMs = this.nextMs;
    const event = this.serve();
    if (event !== NOTHING_DUE) return event;
    if (this.line.nextLeaveMs() <= nowMs) {
      this.subject = this.line.leave();
      this.waitingWork -= this.workOf(this.subject);
      this.afterLeaving(nowMs);
      return ABANDONED;
    }
    this.background!.advance();
    this.resize(nowMs);
    return INTERNAL;
  }

  isCrowded(share: number): boolean {
    if (this.hasRoom()) return false;
    const { waitingRoom, queueDelayMsMax } = this.spec;
    return this.line.length >= waitingRoom * share || this.expectedQueueDelayMs() > queueDelayMsMax * share;
  }

  setCapacityFactor(nowMs: number, factor: number): void {
    this.factor = factor;
    this.resize(nowMs);
  }

  evict(nowMs: number): readonly number[] {
    const attempts = [...this.clear(nowMs), ...this.line.drain()];
    this.inService = 0;
    this.waitingWork = 0;
    this.settle(nowMs);
    return attempts;
  }

  /** The capacity that is there has changed: by a brownout, or by other tenants. */
  protected resize(nowMs: number): void {
    this.fill(nowMs);
    this.settle(nowMs);
  }

  /** A call has left the line out of impatience: none starts in its place unless a model says otherwise. */
  protected afterLeaving(_nowMs: number): void {
    this.refresh();
  }

  /** Starts calls from the head of the line while they fit. */
  protected fill(nowMs: number): void {
    while (this.line.length > 0) {
      const next = this.line.peek();
      if (!this.fits(next)) return;
      this.takeFromLine();
      this.start(nowMs, next);
    }
  }

  /** Removes and returns the next in line. */
  protected takeFromLine(): number {
    const next = this.line.take();
    this.waitingWork -= this.workOf(next);
    return next;
  }

  protected refresh(): void {
    let nextMs = this.ownNextMs();
    if (this.samplePatience !== null) nextMs = Math.min(nextMs, this.line.nextLeaveMs());
    if (this.background !== null && this.background.nextMs < nextMs) nextMs = this.background.nextMs;
    this.nextMs = nextMs;
  }

  /** What other tenants take now: servers, sequences or calls. */
  protected occupied(): number {
    return this.background === null ? 0 : this.background.occupied;
  }

  /** The draw that an attempt's work begins with: the same for every strategy. */
  protected drawnWork(sample: Sampler, attempt: number): number {
    const { ints, floats } = this.table;
    if (this.bringsWorkDraws && ints[attempt * INTS + PLACE.ordinal] === 0)
      return floats[attempt * FLOATS + WORK_DRAW]!;
    return this.drawn(sample, this.context.serviceKey, attempt);
  }

  private drawn(sample: Sampler, key: number, attempt: number): number {
    const { ints } = this.table;
    const at = attempt * INTS;
    return sample(keyedUniform(key, ints[at + PLACE.requestId]!, ints[at + PLACE.ordinal]!));
  }

  /** Input tokens that are not read from the cache. */
  protected uncached(attempt: number): number {
    const { ints } = this.table;
    const at = attempt * INTS;
    return ints[at + PLACE.inputTokens]! - ints[at + PLACE.cacheReadTokens]!;
  }

  /** No waiting call's turn comes before this one's. */
  private goesFirst(attempt: number): boolean {
    return this.line.length === 0 || this.levelOf(attempt) < this.levelOf(this.line.peek());
  }

  private levelOf(attempt: number): number {
    return this.hasLevels ? this.table.ints[attempt * INTS + PLACE.queueLevel]! : LEVEL;
  }

  private patienceMs(attempt: number): number {
    if (this.samplePatience === null) return Number.POSITIVE_INFINITY;
    return this.drawn(this.samplePatience, this.context.patienceKey, attempt);
  }
}

/**
 * Virtual time of a shared server: V counts units of work done for each customer in service. It runs at rate
 * 1/unitMs while any is served; a customer who joins at V0 with w units leaves when V reaches V0 + w, whatever the
 * rate does in between. (Generalised processor sharing in virtual time: Parekh and Gallager 1993, IEEE/ACM ToN 1(3).)
 */
export class VirtualClock {
  /** V, in units of work. */
  units = 0;
  /** Time of a unit at the present rate, ms. */
  unitMs = 1;
  private lastMs = 0;

  /** Brings V up to now at the rate that has held since the last change. */
  synchronise(nowMs: number, isBusy: boolean): void {
    // Without the comparison, no time at an unlimited rate (a step of 0 ms) would count 0 / 0 units.
    if (isBusy && nowMs > this.lastMs) this.units += (nowMs - this.lastMs) / this.unitMs;
    this.lastMs = nowMs;
  }

  /** V at an instant if the rate holds and the server stays busy; changes nothing. */
  unitsAt(nowMs: number): number {
    return nowMs > this.lastMs ? this.units + (nowMs - this.lastMs) / this.unitMs : this.units;
  }

  /** Lands exactly on a mark, so that rounding does not accumulate. */
  landOn(units: number, nowMs: number): void {
    this.units = units;
    this.lastMs = nowMs;
  }

  /** The rate from now on; synchronise first. */
  setUnitMs(unitMs: number): void {
    this.unitMs = unitMs;
  }

  /** When V reaches a mark at today's rate, ms. */
  reachMs(units: number): number {
    const left = units - this.units;
    return left <= 0 ? this.lastMs : this.lastMs + left * this.unitMs;
  }
}
