import type { TargetViewState } from "../strategies/target-view.ts";
import type { ReplayPlan } from "./replay-plan.ts";

/**
 * The columns over targets that do not come from a router's own outcomes: which targets are eligible, what they cost
 * now, how far they are. The client's counterpart of the simulator's target columns.
 */
export class ReplayColumns {
  private readonly plan: ReplayPlan;
  private readonly eligible: readonly Int32Array[];
  private readonly eligibleCount: Int32Array;
  private readonly rttMs: readonly Float64Array[];
  private readonly priceIn: readonly (readonly Float64Array[])[];
  private readonly priceOut: readonly (readonly Float64Array[])[];
  private epoch = 0;
  private health = -1;

  constructor(plan: ReplayPlan) {
    this.plan = plan;
    this.eligible = plan.classes.map(() => new Int32Array(plan.targets.length));
    this.eligibleCount = new Int32Array(plan.classes.length);
    this.rttMs = plan.rttMs.map((row) => Float64Array.from(row));
    this.priceIn = plan.prices.map((each) => each.inUsdPerMTok.map((row) => Float64Array.from(row)));
    this.priceOut = plan.prices.map((each) => each.outUsdPerMTok.map((row) => Float64Array.from(row)));
    this.setHealth(0);
  }

  /** Brings prices and health up to now; instants must not go back. */
  refresh(nowMs: number): void {
    const { prices, health } = this.plan;
    while (this.epoch + 1 < prices.length && nowMs >= prices[this.epoch + 1]!.fromMs) this.epoch++;
    let latest = this.health;
    while (latest + 1 < health.length && nowMs >= health[latest + 1]!.fromMs) latest++;
    if (latest !== this.health) this.setHealth(latest);
  }

  eligibleTargets(classIndex: number): number {
    return this.eligibleCount[classIndex]!;
  }

  roundTripMs(origin: number, target: number): number {
    return this.rttMs[origin]![target]!;
  }

  /** Points a view's columns at what holds now for a request of this class and origin. */
  show(view: TargetViewState, classIndex: number, origin: number): void {
    const { model } = this.plan.classes[classIndex]!;
    view.eligible = this.eligible[classIndex]!;
    view.eligibleCount = this.eligibleCount[classIndex]!;
    view.rttMs = this.rttMs[origin]!;
    view.priceInUsdPerMTok = this.priceIn[this.epoch]![model]!;
    view.priceOutUsdPerMTok = this.priceOut[this.epoch]![model]!;
  }

  /** Legal targets whose region looks healthy; all legal ones when none does: a client must send somewhere. */
  private setHealth(index: number): void {
    this.health = index;
    const { isHealthy } = this.plan.health[index]!;
    this.plan.classes.forEach(({ legal }, c) => {
      const healthy = legal.filter((target) => isHealthy[target]);
      const list = healthy.length > 0 ? healthy : legal;
      this.eligible[c]!.set(list);
      this.eligibleCount[c] = list.length;
    });
  }
}
