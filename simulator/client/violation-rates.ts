/** How often calls of a class to a target miss their objective or fail: shares whose old outcomes fade. */
import type { AttemptOutcome, RequestView } from "./strategy.ts";

/**
 * Discounted counts by class and target. An outcome is a violation when the attempt failed, or took longer than the
 * class's E2E objective (or the given ceiling) as this caller saw it. O(1) per outcome, no allocation.
 *
 * Source of the discount: Garivier and Moulines, "On upper-confidence bound policies for switching bandit problems", ALT
 * 2011; here by time instead of by round, so that it does not depend on the rate of requests.
 */
export class ViolationRates {
  /** Discounted outcomes by `class * targets + target`, as of `refresh`. */
  declare readonly outcomes: Float64Array;
  declare readonly violations: Float64Array;
  declare private readonly stampMs: Float64Array;
  declare private readonly objectiveMs: Float64Array;
  declare private readonly targets: number;
  declare private readonly memoryMs: number;
  declare private readonly ceilingMs: number;

  /** @param ceilingMs one limit for all classes; NaN for each class's own objective */
  constructor(shape: { readonly classes: number; readonly targets: number }, memoryMs: number, ceilingMs: number) {
    const cells = shape.classes * shape.targets;
    this.outcomes = new Float64Array(cells);
    this.violations = new Float64Array(cells);
    this.stampMs = new Float64Array(cells);
    this.objectiveMs = new Float64Array(shape.classes).fill(Number.NaN);
    this.targets = shape.targets;
    this.memoryMs = memoryMs;
    this.ceilingMs = ceilingMs;
  }

  /** Notes a class's objective: a router hears of it with the first request. */
  ask({ classIndex, sloE2eMs }: RequestView): void {
    this.objectiveMs[classIndex] = Number.isNaN(this.ceilingMs) ? sloE2eMs : this.ceilingMs;
  }

  /** Brings a cell's counts to now, and returns its index. */
  refresh(classIndex: number, target: number, nowMs: number): number {
    const cell = classIndex * this.targets + target;
    const keep = Math.exp(-Math.max(0, nowMs - this.stampMs[cell]!) / this.memoryMs);
    this.outcomes[cell]! *= keep;
    this.violations[cell]! *= keep;
    this.stampMs[cell] = nowMs;
    return cell;
  }

  /** Counts an outcome. Returns whether it was a violation. */
  learn({ classIndex, target, kind, nowMs, e2eMs }: AttemptOutcome): boolean {
    const isViolation = kind !== "ok" || e2eMs > this.objectiveMs[classIndex]!;
    const cell = this.refresh(classIndex, target, nowMs);
    this.outcomes[cell]!++;
    if (isViolation) this.violations[cell]!++;
    return isViolation;
  }
}
