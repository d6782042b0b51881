/** What a strategy sees of the targets at a decision: health, prices, round trips, and signals of a given age. */
import { nextPictureMs, type TargetViewState, takePicture } from "../client/target-view.ts";
import type { Plan, StrategyPlan } from "../scenario/plan.ts";
import { priceUsdPerMTok } from "../service/pricing/price-schedule.ts";
import { INPUT, OUTPUT } from "../service/pricing/prices.ts";
import type { Service } from "../service/service.ts";
import { type Router, signalsOf } from "./router.ts";

/** Prepares the view that a strategy gets at a decision, beyond what its router has learnt itself. */
export class Signals {
  declare readonly columns: TargetColumns;
  /** Routers are shown pictures of their own knowledge instead of what they know now. */
  declare readonly hasOwnPictures: boolean;
  declare private readonly plan: Plan;
  declare private readonly service: Service;
  declare private readonly routers: readonly Router[];
  declare private readonly hasPictures: boolean;
  declare private readonly wantsHeadroom: boolean;
  private nextPictureMs = 0;

  constructor(plan: Plan, strategy: StrategyPlan, service: Service, routers: readonly Router[]) {
    this.plan = plan;
    this.service = service;
    this.routers = routers;
    this.columns = new TargetColumns(plan, service, strategy.offered);
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
    this.nextPictureMs = ageMs > 0 ? nextPictureMs(nowMs, ageMs) : nowMs;
    for (const router of this.routers) {
      if (ageMs > 0) takePicture(router.learnt, router.shown);
      if (source !== "shared") continue;
      for (let model = 0; model < this.plan.models.length; model++) {
        const { inFlight } = router.shown[model]!;
        for (let t = 0; t < inFlight.length; t++) inFlight[t] = this.service.outstanding(t, model);
      }
    }
  }

  private readHeadroom(shown: TargetViewState, nowMs: number, model: number, classIndex: number): void {
    for (let i = 0; i < shown.eligibleCount; i++) {
      const t = shown.eligible[i]!;
      shown.quotaHeadroom[t] = this.service.quotaHeadroom(nowMs, t, model, classIndex);
    }
  }
}

/**
 * The columns over targets that are the same for every router: which are eligible for a class, what they cost now,
 * how far they are. Rebuilt only when health or prices change; strategies get pointers, not copies.
 */
export class TargetColumns {
  /** By class: eligible target indices, and how many. */
  readonly eligible: Int32Array[] = [];
  declare readonly eligibleCount: Int32Array;
  /** By origin: round trip to each target, ms. */
  declare readonly rttMs: readonly Float64Array[];
  /** By model: price of each target in the current epoch. */
  declare readonly priceIn: readonly Float64Array[];
  declare readonly priceOut: readonly Float64Array[];
  declare private readonly plan: Plan;
  declare private readonly service: Service;
  declare private readonly offered: StrategyPlan["offered"];
  private healthVersion = -1;
  private epoch = -1;

  /** @param offered what the strategy may choose, by class; null = all that is legal */
  constructor(plan: Plan, service: Service, offered: StrategyPlan["offered"] = null) {
    this.plan = plan;
    this.service = service;
    this.offered = offered;
    const targets = plan.targets.length;
    this.eligibleCount = new Int32Array(plan.classes.length);
    for (let c = 0; c < plan.classes.length; c++) this.eligible.push(new Int32Array(targets));
    const regions = plan.regionNames.length;
    this.rttMs = plan.originNames.map((_, origin) =>
      Float64Array.from(plan.targets, (target) => plan.network.rttMs[origin * regions + target.region]!),
    );
    this.priceIn = plan.models.map(() => new Float64Array(targets));
    this.priceOut = plan.models.map(() => new Float64Array(targets));
  }

  /** Brings the columns up to now. Cheap when nothing has changed. */
  refresh(nowMs: number): void {
    if (this.healthVersion !== this.service.faults.healthVersion) this.rebuildEligible();
    const epoch = this.service.epochAt(nowMs);
    if (epoch !== this.epoch) this.rebuildPrices(epoch);
  }

  /** Legal targets whose region looks healthy; all legal ones when none does: a client must send somewhere. */
  private rebuildEligible(): void {
    const { plan, service } = this;
    this.healthVersion = service.faults.healthVersion;
    const isHealthy = plan.regionNames.map((_, region) => service.faults.isHealthy(region));
    plan.classes.forEach(({ legal }, c) => {
      const may = this.offered === null ? legal : this.offered[c]!;
      const list = this.eligible[c]!;
      let count = 0;
      for (let t = 0; t < plan.targets.length; t++) {
        if (may[t] === 1 && isHealthy[plan.targets[t]!.region]) list[count++] = t;
      }
      if (count === 0) {
        for (let t = 0; t < plan.targets.length; t++) if (may[t] === 1) list[count++] = t;
      }
      this.eligibleCount[c] = count;
    });
  }

  private rebuildPrices(epoch: number): void {
    this.epoch = epoch;
    const { schedule, keyOfTarget } = this.plan.money;
    const models = this.plan.models.length;
    for (let t = 0; t < this.plan.targets.length; t++) {
      for (let m = 0; m < models; m++) {
        const key = keyOfTarget[t * models + m]!;
        this.priceIn[m]![t] = key < 0 ? Number.NaN : priceUsdPerMTok(schedule, epoch, key, INPUT);
        this.priceOut[m]![t] = key < 0 ? Number.NaN : priceUsdPerMTok(schedule, epoch, key, OUTPUT);
      }
    }
  }
}
