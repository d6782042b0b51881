import { CELL, END, type End, type Ending, Recorder } from "../metrics/recorder.ts";
import type { Plan } from "../scenario/plan.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../world/attempt-table.ts";
import { createLedger, type Ledger, ledgerCell } from "../world/pricing/ledger.ts";
import { CACHE_READ, CACHE_WRITE, INPUT, OUTPUT, TOKEN_KINDS } from "../world/pricing/prices.ts";
import { OUTCOME, type Outcome } from "../world/world.ts";
import type { Request } from "./request.ts";
import type { SlotTable } from "./slot-table.ts";

/** What is written down of a run: counts, latencies, what is billed, how many requests are in the system. */
export class Books {
  readonly recorder: Recorder;
  readonly ledger: Ledger;
  /** Requests that have arrived and not ended. */
  inSystem = 0;
  private readonly plan: Plan;
  private readonly attempts: SlotTable;
  private readonly modelCount: number;
  private readonly regionOfTarget: Int32Array;
  private readonly regionOfEndpoint: Int32Array;
  /** By class. */
  private readonly hasObjective: readonly boolean[];
  private readonly ending: Ending = newEnding();
  /** Requests in the system x ms, since the first counted arrival. */
  private area = 0;
  private areaFromMs = Number.NaN;
  private lastChangeMs = 0;

  constructor(plan: Plan, attempts: SlotTable) {
    this.plan = plan;
    this.attempts = attempts;
    this.modelCount = plan.models.length;
    this.regionOfTarget = Int32Array.from(plan.targets, (target) => target.region);
    this.regionOfEndpoint = Int32Array.from(plan.world.endpoints, (endpoint) => endpoint.region);
    this.hasObjective = plan.classes.map((each) => Math.min(each.sloE2eMs, each.sloTtftMs) < Number.POSITIVE_INFINITY);
    this.recorder = new Recorder(plan.classes.length, plan.regionNames.length, isStreaming(plan));
    const { schedule, placements } = plan.money;
    this.ledger = createLedger({
      epochs: schedule.epochStartMs.length,
      placements: placements.length,
      classes: plan.classes.length,
    });
  }

  arrived(request: Request): void {
    const { arrivalMs } = request;
    this.passTime(arrivalMs);
    this.inSystem++;
    if (!request.isCounted) return;
    if (Number.isNaN(this.areaFromMs)) {
      this.areaFromMs = arrivalMs;
      this.area = 0;
    }
    this.recorder.arrived[request.classIndex]!++;
  }

  /** An attempt leaves for its target, in the price epoch given. */
  sent(request: Request, target: number, epoch: number, nowMs: number): void {
    this.recorder.count(this.regionOfTarget[target]!, nowMs, CELL.attempts);
    if (!request.isCounted) return;
    const route = this.plan.world.routes[target * this.modelCount + request.modelIndex]!;
    this.ledger.decisions[ledgerCell(this.ledger, epoch, route.placements[0]!, request.classIndex)]!++;
  }

  /** The service is done with an attempt: served attempts are billed, whether or not somebody still waits for them. */
  answered(attempt: number, request: Request, outcome: Outcome, nowMs: number): void {
    const region = this.regionOfTarget[this.attempts.ints[attempt * ATTEMPT_INTS + ATTEMPT.target]!]!;
    if (outcome === OUTCOME.ok) {
      if (request.isCounted) this.bill(attempt, request);
      this.recorder.count(region, nowMs, CELL.served);
    } else if (outcome === OUTCOME.throttled) this.recorder.count(region, nowMs, CELL.attemptsThrottled);
    else if (outcome === OUTCOME.unavailable) this.recorder.count(region, nowMs, CELL.attemptsUnavailable);
  }

  /** @param attempt the serving attempt; -1 unless the request was served */
  ended(request: Request, end: End, nowMs: number, attempt: number): void {
    this.passTime(nowMs);
    this.inSystem--;
    if (!request.isCounted) return;
    const { ending } = this;
    const { classIndex, lastTarget, arrivalMs } = request;
    ending.end = end;
    ending.hasObjective = this.hasObjective[classIndex]!;
    ending.isWithinObjective = false;
    ending.isViolation = false;
    if (attempt < 0) ending.region = lastTarget < 0 ? -1 : this.regionOfTarget[lastTarget]!;
    else {
      const { ints, floats } = this.attempts;
      const from = attempt * ATTEMPT_FLOATS;
      const startedMs = floats[from + ATTEMPT_FLOAT.startedMs]!;
      const region = this.regionOfEndpoint[ints[attempt * ATTEMPT_INTS + ATTEMPT.endpoint]!]!;
      const each = this.plan.classes[classIndex]!;
      const e2eMs = nowMs - arrivalMs;
      const ttftMs = e2eMs - (floats[from + ATTEMPT_FLOAT.endedMs]! - floats[from + ATTEMPT_FLOAT.firstTokenMs]!);
      ending.region = region;
      ending.e2eMs = e2eMs;
      ending.ttftMs = ttftMs;
      ending.waitMs = startedMs - arrivalMs;
      ending.hasWaited = startedMs > floats[from + ATTEMPT_FLOAT.offeredMs]!;
      ending.isViolation = each.allowedRegions[region] === 0;
      if (ending.hasObjective) ending.isWithinObjective = e2eMs <= each.sloE2eMs && ttftMs <= each.sloTtftMs;
    }
    this.recorder.record(request, ending);
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

  private bill(attempt: number, request: Request): void {
    const { tokens } = this.ledger;
    const { ints } = this.attempts;
    const at = attempt * ATTEMPT_INTS;
    const cacheReadTokens = ints[at + ATTEMPT.cacheReadTokens]!;
    const cacheWriteTokens = ints[at + ATTEMPT.cacheWriteTokens]!;
    const epoch = ints[at + ATTEMPT.epoch]!;
    const placement = ints[at + ATTEMPT.placement]!;
    const to = ledgerCell(this.ledger, epoch, placement, request.classIndex) * TOKEN_KINDS.length;
    tokens[to + INPUT]! += request.inputTokens - cacheReadTokens - cacheWriteTokens;
    tokens[to + OUTPUT]! += request.outputTokens;
    if (cacheReadTokens > 0) tokens[to + CACHE_READ]! += cacheReadTokens;
    if (cacheWriteTokens > 0) tokens[to + CACHE_WRITE]! += cacheWriteTokens;
  }

  private passTime(nowMs: number): void {
    this.area += this.inSystem * (nowMs - this.lastChangeMs);
    this.lastChangeMs = nowMs;
  }
}

/** Whether some answer's first token comes before its last. */
function isStreaming(plan: Plan): boolean {
  return plan.world.endpoints.some(({ capacity }) => capacity.kind !== "slots" || capacity.perOutputTokenMs > 0);
}

function newEnding(): Ending {
  return {
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
