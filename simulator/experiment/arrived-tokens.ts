/** When work that may wait arrived: tokens of deferrable classes by price epoch, counted while traffic passes. */
import { outputLimit } from "../client/request-rules.ts";
import type { Plan } from "../scenario/plan.ts";
import { epochAt } from "../service/pricing/price-schedule.ts";
import { Epochs } from "../service/service-plan.ts";
import type { TrafficChunk } from "../traffic/traffic.ts";

/** Of one replication: plain data. */
export interface Arrivals {
  readonly replication: number;
  /**
   * Input and output tokens of counted requests, see `arrivalCell`: apart those that may be sent up to the epoch in
   * which the deadline of the epoch's first request falls, and those that arrived late enough for a later one.
   */
  readonly tokens: Float64Array;
}

/** Position of input tokens, with output behind it. @param isLate 0 or 1 */
export function arrivalCell(classes: number, epoch: number, classIndex: number, isLate: number): number {
  return ((epoch * classes + classIndex) * 2 + isLate) * 2;
}

/** Counts the tokens of deferrable classes that arrive after the warm-up. Costs nothing where there are none. */
export class ArrivalCounter {
  readonly found: Arrivals;
  private readonly plan: Plan;
  private readonly isDeferrable: readonly boolean[];
  private readonly epochs: Epochs;
  /** By class: the epoch in which the latest request's deadline falls. */
  private readonly deadlines: readonly Epochs[];
  private seen = 0;

  constructor(plan: Plan, replication: number) {
    const { epochStartMs } = plan.money.schedule;
    this.plan = plan;
    this.isDeferrable = plan.classes.map(({ deferrable }) => deferrable);
    this.epochs = new Epochs(epochStartMs);
    this.deadlines = plan.classes.map(() => new Epochs(epochStartMs));
    const cells = this.isDeferrable.includes(true) ? epochStartMs.length * plan.classes.length * 4 : 0;
    this.found = { replication, tokens: new Float64Array(cells) };
  }

  /** Chunks must come in the order of time. */
  add({ length, arrivalMs, classIndex, inputTokens, outputTokens, maxTokens }: TrafficChunk): void {
    const { tokens } = this.found;
    const { warmup, classes, models, money } = this.plan;
    const from = this.seen;
    this.seen += length;
    if (tokens.length === 0) return;
    const { epochStartMs } = money.schedule;
    for (let row = 0; row < length; row++) {
      const c = classIndex[row]!;
      const ms = arrivalMs[row]!;
      const isCounted =
        (warmup.kind !== "duration" || ms >= warmup.amount) &&
        (warmup.kind !== "requests" || from + row >= warmup.amount);
      if (!isCounted || !this.isDeferrable[c]) continue;
      const { sloE2eMs, model } = classes[c]!;
      const epoch = this.epochs.at(ms);
      // Without an objective there is no deadline, and the last epoch is never over.
      const deadlineMs = Math.min(ms + sloE2eMs, Number.MAX_VALUE);
      const isLate = this.deadlines[c]!.at(deadlineMs) > epochAt(money.schedule, epochStartMs[epoch]! + sloE2eMs);
      const at = arrivalCell(classes.length, epoch, c, isLate ? 1 : 0);
      const limit = outputLimit(maxTokens[row]!, models[model]!.maxOutputTokens);
      tokens[at]! += inputTokens[row]!;
      tokens[at + 1]! += Math.min(outputTokens[row]!, limit);
    }
  }
}
