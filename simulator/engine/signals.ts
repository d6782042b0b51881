import type { Plan, StrategyPlan } from "../scenario/plan.ts";
import type { TargetViewState } from "../strategies/target-view.ts";
import type { World } from "../world/world.ts";
import { type Router, refreshShown, signalsOf } from "./router.ts";
import { TargetColumns } from "./target-columns.ts";

/** What signals are read from: the world, or whatever stands for it. */
export interface SignalSource extends Pick<World, "epochAt" | "outstanding" | "quotaHeadroom"> {
  readonly faults: Pick<World["faults"], "healthVersion" | "isHealthy">;
}

/** What routers are shown of the targets at a decision, beyond what they have learnt themselves. */
export class Signals {
  declare readonly columns: TargetColumns;
  /** Routers are shown pictures of their own knowledge instead of what they know now. */
  declare readonly hasOwnPictures: boolean;
  declare private readonly plan: Plan;
  declare private readonly world: SignalSource;
  declare private readonly routers: readonly Router[];
  declare private readonly hasPictures: boolean;
  declare private readonly wantsHeadroom: boolean;
  private nextPictureMs = 0;

  constructor(plan: Plan, strategy: StrategyPlan, world: SignalSource, routers: readonly Router[]) {
    this.plan = plan;
    this.world = world;
    this.routers = routers;
    this.columns = new TargetColumns(plan, world, strategy.offered);
    const { ageMs, source } = plan.signals;
    this.hasPictures = ageMs > 0 || source === "shared";
    this.hasOwnPictures = ageMs > 0 && source === "own";
    this.wantsHeadroom = signalsOf(strategy).includes("quotaHeadroom");
    for (const router of routers) {
      router.shown.forEach((shown, model) => {
        shown.priceInUsdPerMTok = this.columns.priceIn[model]!;
        shown.priceOutUsdPerMTok = this.columns.priceOut[model]!;
      });
    }
  }

  /** The columns for a decision of this router about this class; call `columns.refresh` first. */
  show(router: Router, classIndex: number, model: number, origin: number, nowMs: number): TargetViewState {
    const { columns } = this;
    const shown = router.shown[model]!;
    const eligible = columns.eligible[classIndex]!;
    const rttMs = columns.rttMs[origin]!;
    if (shown.eligible !== eligible) shown.eligible = eligible;
    if (shown.rttMs !== rttMs) shown.rttMs = rttMs;
    shown.eligibleCount = columns.eligibleCount[classIndex]!;
    if (this.hasPictures) this.takePicture(nowMs);
    if (this.wantsHeadroom) this.readHeadroom(shown, nowMs, model, classIndex);
    return shown;
  }

  /** Shows the routers the signals as they are now, at most once per age. */
  private takePicture(nowMs: number): void {
    const { ageMs, source } = this.plan.signals;
    if (ageMs > 0 && nowMs < this.nextPictureMs) return;
    this.nextPictureMs = ageMs > 0 ? Math.floor(nowMs / ageMs + 1) * ageMs : nowMs;
    for (const router of this.routers) {
      if (ageMs > 0) refreshShown(router);
      if (source !== "shared") continue;
      for (let model = 0; model < this.plan.models.length; model++) {
        const { inFlight } = router.shown[model]!;
        for (let t = 0; t < inFlight.length; t++) inFlight[t] = this.world.outstanding(t, model);
      }
    }
  }

  private readHeadroom(shown: TargetViewState, nowMs: number, model: number, classIndex: number): void {
    for (let i = 0; i < shown.eligibleCount; i++) {
      const t = shown.eligible[i]!;
      shown.quotaHeadroom[t] = this.world.quotaHeadroom(nowMs, t, model, classIndex);
    }
  }
}
