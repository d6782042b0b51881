/** What is counted of a run: how requests end, latencies, what is billed, how many requests are in the system. */
import type { SlotTable } from "../base/slot-table.ts";
import { END, type End, INTERRUPTION } from "../client/request-rules.ts";
import type { ClassPlan, Plan } from "../scenario/plan.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../service/attempt-table.ts";
import { isStreaming } from "../service/capacity/index.ts";
import { createLedger, type Ledger } from "../service/pricing/billing.ts";
import { CACHE_READ, CACHE_WRITE, INPUT, OUTPUT, TOKEN_KINDS } from "../service/pricing/prices.ts";
import { OUTCOME, type Outcome } from "../service/service.ts";
import type { Interrupted } from "./interruptions.ts";
import { CELL, type EndedRequest, Recorder } from "./recorder.ts";
import { REQUEST_FLAG } from "./request-rows.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const FLOAT = ATTEMPT_FLOAT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;
const IS_COUNTED = REQUEST_FLAG.isCounted;
const { ok: OK, throttled: THROTTLED, unavailable: UNAVAILABLE, broken: BROKEN, empty: EMPTY } = OUTCOME;
const COLUMN = CELL;
const KINDS = TOKEN_KINDS.length;
const KIND = { input: INPUT, output: OUTPUT, cacheRead: CACHE_READ, cacheWrite: CACHE_WRITE } as const;

/** Reads the rows of requests and their attempts as they pass, and counts them. */
export class RunStatistics {
  declare readonly recorder: Recorder;
  declare readonly ledger: Ledger;
  declare readonly batch: BatchCount;
  /** Requests that have arrived and not ended. */
  inSystem = 0;
  declare private readonly plan: Plan;
  declare private readonly rows: SlotTable;
  declare private readonly models: number;
  declare private readonly placements: number;
  declare private readonly classes: number;
  declare private readonly regionOfTarget: Int32Array;
  /** By target and model: where its routing decisions are entered; -1 = the target does not sell the model. */
  declare private readonly decisionPlacement: Int32Array;
  declare private readonly chargesDecisions: boolean;
  declare private readonly regionOfEndpoint: Int32Array;
  /** By class. */
  declare private readonly hasObjective: readonly boolean[];
  private readonly entry = newEntry();
  /** Instant of the end that is counted next, ms. A field: a number passed as an argument is boxed at every call. */
  nowMs = Number.NaN;
  /** Requests in the system × ms, since the first counted arrival. */
  private area = Number.NaN;
  private areaFromMs = Number.NaN;
  private lastChangeMs = Number.NaN;
  private broken: Interrupted | undefined;
  /** Below 0 where answers never break off. */
  private wholeTokens = -1;

  /** @param rows requests and attempts, as `request-rows.ts` writes them */
  constructor(plan: Plan, rows: SlotTable) {
    this.area = 0;
    this.lastChangeMs = 0;
    this.plan = plan;
    this.rows = rows;
    this.recorder = new Recorder(plan.classes.length, plan.regionNames.length, hasStreams(plan));
    this.batch = new BatchCount(plan);
    const { schedule, placements, routingFeeUsdPer1kDecisions } = plan.money;
    this.chargesDecisions = routingFeeUsdPer1kDecisions > 0;
    this.models = plan.models.length;
    this.placements = placements.length;
    this.classes = plan.classes.length;
    this.ledger = createLedger({
      epochs: schedule.epochStartMs.length,
      placements: placements.length,
      classes: plan.classes.length,
    });
    this.regionOfTarget = Int32Array.from(plan.targets, (target) => target.region);
    this.regionOfEndpoint = Int32Array.from(plan.world.endpoints, (endpoint) => endpoint.region);
    this.decisionPlacement = Int32Array.from(plan.world.routes, (route) => route?.placements[0] ?? -1);
    this.hasObjective = plan.classes.map(hasObjective);
  }

  arrived(classIndex: number, isCounted: boolean, nowMs: number): void {
    this.passTime(nowMs);
    this.inSystem++;
    if (!isCounted) return;
    if (Number.isNaN(this.areaFromMs)) {
      this.areaFromMs = nowMs;
      this.area = 0;
    }
    this.recorder.arrived[classIndex]!++;
  }

  /** An attempt leaves for its target, in the price epoch given: a routing decision, if its request is counted. */
  sent(request: number, target: number, epoch: number, nowMs: number): void {
    const { ints } = this.rows;
    const at = request * INTS;
    const isCounted = (ints[at + PLACE.flags]! & IS_COUNTED) !== 0;
    this.recorder.count(this.regionOfTarget[target]!, nowMs, COLUMN.attempts, isCounted);
    // Decisions are counted for what is charged for them.
    if (!isCounted || this.chargesDecisions === false) return;
    const placement = this.decisionPlacement[target * this.models + ints[at + PLACE.modelIndex]!]!;
    this.ledger.decisions[this.ledgerRow(epoch, placement, ints[at + PLACE.classIndex]!)]!++;
  }

  /**
   * The service is done with an attempt. One that was served is billed, whether or not its caller still waits for it, and
   * so is what came of an answer that broke off; all are counted in the hour of their source region.
   */
  answered(attempt: number, outcome: Outcome, nowMs: number): void {
    const { ints } = this.rows;
    const at = attempt * INTS;
    const region = this.regionOfTarget[ints[at + PLACE.target]!]!;
    const isCounted = (ints[ints[at + PLACE.request]! * INTS + PLACE.flags]! & IS_COUNTED) !== 0;
    if (outcome === OK) {
      if (isCounted) this.bill(attempt);
      this.recorder.count(region, nowMs, COLUMN.served, isCounted);
    } else if (outcome === THROTTLED) this.recorder.count(region, nowMs, COLUMN.attemptsThrottled, isCounted);
    else if (outcome === BROKEN || outcome === EMPTY) {
      if (isCounted) this.bill(attempt);
    } else if (outcome === UNAVAILABLE) this.recorder.count(region, nowMs, COLUMN.attemptsUnavailable, isCounted);
  }

  /** What `ended` must know beforehand of a request whose answers may have broken off. */
  interrupted(known: Interrupted | undefined, wholeTokens: number): void {
    this.broken = known;
    this.wholeTokens = wholeTokens;
  }

  /** A request leaves the system at `nowMs`. @param attempt the serving attempt; -1 unless the request was served */
  ended(request: number, end: End, attempt: number): void {
    const { nowMs } = this;
    this.passTime(nowMs);
    this.inSystem--;
    const { entry } = this;
    const { ints, floats } = this.rows;
    const at = request * INTS;
    if ((ints[at + PLACE.flags]! & IS_COUNTED) === 0) return;
    const classIndex = ints[at + PLACE.classIndex]!;
    const arrivalMs = floats[request * FLOATS + FLOAT.arrivalMs]!;
    const lastTarget = ints[at + PLACE.lastTarget]!;
    entry.classIndex = classIndex;
    entry.arrivalMs = arrivalMs;
    entry.inputTokens = ints[at + PLACE.inputTokens]!;
    entry.outputTokens = ints[at + PLACE.outputTokens]!;
    const attempts = ints[at + PLACE.attempts]!;
    entry.attempts = attempts;
    // Of a request that was served by its only attempt they are not counted.
    if (attempts !== 1 || attempt < 0) {
      entry.attemptsThrottled = ints[at + PLACE.attemptsThrottled]!;
      entry.attemptsUnavailable = ints[at + PLACE.attemptsUnavailable]!;
      entry.attemptsTimedOut = ints[at + PLACE.attemptsTimedOut]!;
    }
    if (this.wholeTokens >= 0) this.enterInterrupted(entry);
    entry.end = end;
    entry.hasObjective = this.hasObjective[classIndex]!;
    entry.isWithinObjective = false;
    entry.isViolation = false;
    if (attempt < 0) entry.region = lastTarget < 0 ? -1 : this.regionOfTarget[lastTarget]!;
    else {
      const from = attempt * FLOATS;
      const startedMs = floats[from + FLOAT.startedMs]!;
      const region = this.regionOfEndpoint[ints[attempt * INTS + PLACE.endpoint]!]!;
      const each = this.plan.classes[classIndex]!;
      const e2eMs = nowMs - arrivalMs;
      const ttftMs = e2eMs - (floats[from + FLOAT.endedMs]! - floats[from + FLOAT.firstTokenMs]!);
      entry.region = region;
      entry.e2eMs = e2eMs;
      const resumedMs = this.broken?.firstTokenMs ?? Number.NaN;
      entry.ttftMs = Number.isNaN(resumedMs) ? ttftMs : resumedMs - arrivalMs;
      entry.waitMs = startedMs - arrivalMs;
      entry.hasWaited = startedMs > floats[from + FLOAT.offeredMs]!;
      entry.isViolation = each.allowedRegions[region] === 0;
      if (entry.hasObjective) entry.isWithinObjective = e2eMs <= each.sloE2eMs && entry.ttftMs <= each.sloTtftMs;
    }
    this.recorder.record(entry);
  }

  private enterInterrupted(entry: Entry): void {
    const known = this.broken;
    entry.outputTokens = known?.original?.outputTokens ?? this.wholeTokens;
    entry.inputTokens = known?.original?.inputTokens ?? entry.inputTokens;
    entry.interruptions = known?.attempts ?? null;
    entry.lastInterruption = known?.last ?? INTERRUPTION.none;
  }

  /** When the first counted request arrived, ms; NaN before. */
  get countedFromMs(): number {
    return this.areaFromMs;
  }

  /** Requests in the system, averaged from the first counted arrival to now; NaN when there was none. */
  meanInSystem(nowMs: number): number {
    this.passTime(nowMs);
    const spanMs = nowMs - this.areaFromMs;
    return spanMs > 0 ? this.area / spanMs : Number.NaN;
  }

  private passTime(nowMs: number): void {
    this.area += this.inSystem * (nowMs - this.lastChangeMs);
    this.lastChangeMs = nowMs;
  }

  /** Enters the tokens of a served attempt: what the cache read or kept is not input. */
  private bill(attempt: number): void {
    const { ints } = this.rows;
    const at = attempt * INTS;
    const read = ints[at + PLACE.cacheReadTokens]!;
    const written = ints[at + PLACE.cacheWriteTokens]!;
    const { tokens } = this.ledger;
    const row = this.ledgerRow(ints[at + PLACE.epoch]!, ints[at + PLACE.placement]!, ints[at + PLACE.classIndex]!);
    const to = row * KINDS;
    tokens[to + KIND.input]! += ints[at + PLACE.inputTokens]! - read - written;
    tokens[to + KIND.output]! += ints[at + PLACE.outputTokens]!;
    if (read > 0) tokens[to + KIND.cacheRead]! += read;
    if (written > 0) tokens[to + KIND.cacheWrite]! += written;
  }

  private ledgerRow(epoch: number, placement: number, classIndex: number): number {
    return (epoch * this.placements + placement) * this.classes + classIndex;
  }
}

/** Counts the requests that wait for a batch: they may wait for hours, and do not tell whether a run is stable. */
export class BatchCount {
  waiting = 0;
  /** By target: its answers are fetched later. */
  declare readonly isBatch: readonly boolean[];
  declare private readonly isUsed: boolean;

  constructor(plan: Plan) {
    this.isBatch = plan.targets.map((target) => target.isAsync);
    this.isUsed = this.isBatch.includes(true);
  }

  /** A request moves from one target to another; -1 = from or to none. */
  move(from: number, to: number): void {
    if (!this.isUsed) return;
    if (from >= 0 && this.isBatch[from]!) this.waiting--;
    if (to >= 0 && this.isBatch[to]!) this.waiting++;
  }
}

/** Whether some answer's first token comes before its last. */
function hasStreams(plan: Plan): boolean {
  return plan.world.endpoints.some(({ capacity }) => isStreaming(capacity));
}

/** Whether a class has a latency that its requests should stay under. */
function hasObjective({ sloE2eMs, sloTtftMs }: Pick<ClassPlan, "sloE2eMs" | "sloTtftMs">): boolean {
  return Math.min(sloE2eMs, sloTtftMs) < Number.POSITIVE_INFINITY;
}

type Entry = { -readonly [Field in keyof EndedRequest]: EndedRequest[Field] };

/** Instants start as NaN, so that the compiler keeps them as doubles from the first one on. */
function newEntry(): Entry {
  return {
    classIndex: 0,
    arrivalMs: Number.NaN,
    inputTokens: 0,
    outputTokens: 0,
    attempts: 0,
    attemptsThrottled: 0,
    attemptsUnavailable: 0,
    attemptsTimedOut: 0,
    interruptions: null,
    lastInterruption: INTERRUPTION.none,
    end: END.served,
    region: -1,
    e2eMs: Number.NaN,
    ttftMs: Number.NaN,
    waitMs: Number.NaN,
    hasWaited: false,
    hasObjective: false,
    isWithinObjective: false,
    isViolation: false,
  };
}
