import { CELL, Recorder } from "../metrics/recorder.ts";
import type { Plan } from "../scenario/plan.ts";
import { isStreaming } from "../world/capacity/index.ts";
import { createLedger, type Ledger } from "../world/pricing/ledger.ts";
import { INPUT, OUTPUT, TOKEN_KINDS } from "../world/pricing/prices.ts";
import { OUTCOME, type Outcome } from "../world/world.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const { throttled: THROTTLED, unavailable: UNAVAILABLE } = OUTCOME;
const COLUMN = CELL;
const KINDS = TOKEN_KINDS.length;
const KIND = { input: INPUT, output: OUTPUT } as const;

/** What is written down of a run: counts, latencies, what is billed, how many requests are in the system. */
export class Books {
  declare readonly recorder: Recorder;
  declare readonly ledger: Ledger;
  /** Requests that have arrived and not ended. */
  inSystem = 0;
  declare private readonly placements: number;
  declare private readonly classes: number;
  /** Requests in the system x ms, since the first counted arrival. */
  private area = Number.NaN;
  private areaFromMs = Number.NaN;
  private lastChangeMs = Number.NaN;

  constructor(plan: Plan) {
    this.area = 0;
    this.lastChangeMs = 0;
    this.recorder = new Recorder(plan.classes.length, plan.regionNames.length, someStream(plan));
    const { schedule, placements } = plan.money;
    this.placements = placements.length;
    this.classes = plan.classes.length;
    this.ledger = createLedger({
      epochs: schedule.epochStartMs.length,
      placements: placements.length,
      classes: plan.classes.length,
    });
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

  /** A routing decision of a counted request. */
  decided(epoch: number, placement: number, classIndex: number): void {
    this.ledger.decisions[(epoch * this.placements + placement) * this.classes + classIndex]!++;
  }

  /** An attempt was not served; counted in the hour of its source region. */
  failed(region: number, outcome: Outcome, nowMs: number): void {
    if (outcome === THROTTLED) this.recorder.count(region, nowMs, COLUMN.attemptsThrottled);
    else if (outcome === UNAVAILABLE) this.recorder.count(region, nowMs, COLUMN.attemptsUnavailable);
  }

  /** Tokens of a served attempt, billed in its epoch and placement. @param inputTokens without those cached */
  bill(epoch: number, placement: number, classIndex: number, inputTokens: number, outputTokens: number): number {
    const { tokens } = this.ledger;
    const to = ((epoch * this.placements + placement) * this.classes + classIndex) * KINDS;
    tokens[to + KIND.input]! += inputTokens;
    tokens[to + KIND.output]! += outputTokens;
    return to;
  }

  /** A request leaves the system. */
  left(nowMs: number): void {
    this.passTime(nowMs);
    this.inSystem--;
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
}

/** Whether some answer's first token comes before its last. */
function someStream(plan: Plan): boolean {
  return plan.world.endpoints.some(({ capacity }) => isStreaming(capacity));
}
