import { EventHeap } from "../../engine/event-heap.ts";
import type { SlotTable } from "../../engine/slot-table.ts";
import { keyedUniform } from "../../random/keyed-random.ts";
import type { Sampler } from "../../random/law.ts";
import { compileSampler, createLaw } from "../../random/laws/index.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../attempt-table.ts";
import { BackgroundTenants } from "./background.ts";
import {
  type Capacity,
  type CapacityContext,
  HAPPENING,
  type Happening,
  OFFER,
  type Offer,
  type SlotsSpec,
} from "./capacity.ts";
import { STANDARD_LEVEL, WaitingLine } from "./waiting-line.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const FLOAT = ATTEMPT_FLOAT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;
const { started: STARTED, queued: QUEUED, refused: REFUSED } = OFFER;
const { quiet: QUIET, finished: FINISHED, abandoned: ABANDONED } = HAPPENING;

/** Weight of the newest service time in the moving mean behind the expected delay. */
const MEAN_WEIGHT = 0.01;

/**
 * c servers and a queue: first come, first served, or non-preemptive priorities; limited or unlimited waiting room;
 * impatience; any service law. With c = 1 and no limits this is M/G/1, with no waiting room Erlang's loss system.
 */
export class SlotsCapacity implements Capacity {
  nextMs = Number.POSITIVE_INFINITY;
  inService = 0;
  subject = -1;
  declare private readonly spec: SlotsSpec;
  declare private readonly context: CapacityContext;
  declare private readonly table: SlotTable;
  declare private readonly sample: Sampler;
  declare private readonly samplePatience: Sampler | null;
  declare private readonly background: BackgroundTenants | null;
  private readonly completions = new EventHeap();
  private readonly line = new WaitingLine();
  declare private readonly hasPerToken: boolean;
  /** Nothing but completions is on the agenda: the common case, kept free of further checks. */
  declare private readonly onlyCompletions: boolean;
  declare private available: number;
  private factor = 1;
  declare private meanServiceMs: number;

  constructor(spec: SlotsSpec, context: CapacityContext, table: SlotTable) {
    this.spec = spec;
    this.context = context;
    this.table = table;
    const law = createLaw(spec.service);
    this.sample = compileSampler(law);
    this.meanServiceMs = law.mean;
    this.samplePatience = spec.patience === null ? null : compileSampler(createLaw(spec.patience));
    this.background =
      spec.background === null ? null : new BackgroundTenants(spec.background, context.seed, context.localHourAtStart);
    this.hasPerToken = spec.perInputTokenMs > 0 || spec.perOutputTokenMs > 0;
    this.onlyCompletions = this.background === null && this.samplePatience === null;
    this.available = spec.servers;
    if (this.background !== null) this.countServers();
    this.refresh();
  }

  get waiting(): number {
    return this.line.length;
  }

  offer(nowMs: number, attempt: number): Offer {
    const { floats, ints } = this.table;
    const at = attempt * INTS;
    const from = attempt * FLOATS;

    let workMs = this.sample(
      keyedUniform(this.context.serviceKey, ints[at + PLACE.requestId]!, ints[at + PLACE.ordinal]!),
    );
    if (this.hasPerToken) {
      const uncached = ints[at + PLACE.inputTokens]! - ints[at + PLACE.cacheReadTokens]!;
      const perOutputTokenMs = this.spec.perOutputTokenMs * floats[from + FLOAT.decodeFactor]!;
      workMs += uncached * this.spec.perInputTokenMs + ints[at + PLACE.outputTokens]! * perOutputTokenMs;
    }
    floats[from + FLOAT.work] = workMs;
    floats[from + FLOAT.offeredMs] = nowMs;
    if (this.hasRoom()) {
      this.inService++;
      this.completions.push(this.start(nowMs, attempt), attempt);
      this.refresh();
      return STARTED;
    }
    if (this.line.length >= this.spec.waitingRoom) return REFUSED;
    if (this.expectedQueueDelayMs() > this.spec.queueDelayMsMax) return REFUSED;
    const level = this.spec.discipline === "priority" ? ints[at + PLACE.queueLevel]! : STANDARD_LEVEL;
    this.line.join(nowMs, attempt, level, this.patienceMs(attempt));
    this.refresh();
    return QUEUED;
  }

  advance(): Happening {
    const nowMs = this.nextMs;
    if (this.completions.topMs <= nowMs) return this.finish(nowMs);
    if (this.line.nextLeaveMs() <= nowMs) {
      this.subject = this.line.leave();
      this.refresh();
      return ABANDONED;
    }
    this.background!.advance();
    this.countServers();
    this.fill(nowMs);
    return QUIET;
  }

  hasRoom(): boolean {
    return this.inService < this.available && this.line.length === 0;
  }

  expectedQueueDelayMs(): number {
    if (this.hasRoom()) return 0;
    return this.available > 0
      ? ((this.line.length + 1) * this.meanServiceMs) / this.available
      : Number.POSITIVE_INFINITY;
  }

  setCapacityFactor(nowMs: number, factor: number): void {
    this.factor = factor;
    this.countServers();
    this.fill(nowMs);
  }

  evict(_nowMs: number): readonly number[] {
    const attempts = [...this.completions.drain(), ...this.line.drain()];
    this.inService = 0;
    this.refresh();
    return attempts;
  }

  private finish(nowMs: number): Happening {
    this.subject = this.completions.peek();
    if (this.line.length > 0 && this.inService <= this.available) {
      const next = this.line.take();
      this.completions.replaceTop(this.start(nowMs, next), next);
    } else {
      this.completions.pop();
      this.inService--;
    }
    this.refresh();
    return FINISHED;
  }

  /** Marks the start of service; returns its end. */
  private start(nowMs: number, attempt: number): number {
    const { floats, ints } = this.table;
    const at = attempt * INTS;
    const from = attempt * FLOATS;

    const workMs = floats[from + FLOAT.work]!;
    const endMs = nowMs + workMs;
    floats[from + FLOAT.startedMs] = nowMs;
    // Without token times the call answers at once when it is done; with them, after its first token.
    floats[from + FLOAT.firstTokenMs] =
      this.spec.perOutputTokenMs > 0
        ? endMs -
          Math.max(0, ints[at + PLACE.outputTokens]! - 1) *
            this.spec.perOutputTokenMs *
            floats[from + FLOAT.decodeFactor]!
        : endMs;
    this.meanServiceMs += MEAN_WEIGHT * (workMs - this.meanServiceMs);
    this.context.onStart?.(attempt, floats[from + FLOAT.firstTokenMs]!, endMs);
    return endMs;
  }

  private fill(nowMs: number): void {
    while (this.line.length > 0 && this.inService < this.available) {
      const next = this.line.take();
      this.inService++;
      this.completions.push(this.start(nowMs, next), next);
    }
    this.refresh();
  }

  private countServers(): void {
    const occupied = this.background === null ? 0 : this.background.occupied;
    this.available = Math.max(0, Math.round(this.spec.servers * this.factor - occupied));
  }

  private patienceMs(attempt: number): number {
    const { ints } = this.table;
    const at = attempt * INTS;
    if (this.samplePatience === null) return Number.POSITIVE_INFINITY;
    return this.samplePatience(
      keyedUniform(this.context.patienceKey, ints[at + PLACE.requestId]!, ints[at + PLACE.ordinal]!),
    );
  }

  private refresh(): void {
    let nextMs = this.completions.topMs;
    if (!this.onlyCompletions) {
      nextMs = Math.min(nextMs, this.line.nextLeaveMs());
      if (this.background !== null) nextMs = Math.min(nextMs, this.background.nextMs);
    }
    this.nextMs = nextMs;
  }
}
