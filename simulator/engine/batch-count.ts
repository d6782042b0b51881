import type { Plan } from "../scenario/plan.ts";

/** Counts the requests that wait for a batch: they may wait for hours, and say nothing of whether a run is stable. */
export class BatchCount {
  waiting = 0;
  /** By target: it answers in batches, some time. */
  declare readonly isBatch: readonly boolean[];
  declare private readonly isUsed: boolean;

  constructor(plan: Plan) {
    this.isBatch = plan.targets.map((target) => target.isAsync);
    this.isUsed = this.isBatch.includes(true);
  }

  /** A request goes from one target to another; -1 = from or to nowhere. */
  move(from: number, to: number): void {
    if (!this.isUsed) return;
    if (from >= 0 && this.isBatch[from]!) this.waiting--;
    if (to >= 0 && this.isBatch[to]!) this.waiting++;
  }
}
