/** The faults of a run: when they begin and end, and what those in force do. */
import { type FaultEdge, type FaultSpec, faultTimeline, type ServicePlan } from "./service-plan.ts";

interface Change {
  readonly atMs: number;
  readonly edge: FaultEdge;
  /** The fault itself, or only what health checks see of it. */
  readonly isHealthSignal: boolean;
}

/** Cycles of a random fault that are laid out at first for a run without end. */
const FIRST_CYCLES = 100;

/** The faults in force now, and what they do to regions, endpoints, quotas and messages. */
export class FaultState {
  /** When a fault begins or ends next, ms; Infinity when nothing is due. */
  nextMs = Number.POSITIVE_INFINITY;
  /** Rises with each change of `isHealthy`, so that callers rebuild their lists only then. */
  healthVersion = 0;
  declare private readonly plan: ServicePlan;
  declare private readonly seed: number;
  /** Changes laid out so far: complete up to the horizon, ms. */
  declare private changes: readonly Change[];
  declare private horizonMs: number;
  declare private readonly isActive: Uint8Array;
  declare private readonly isSignalled: Uint8Array;
  private next = 0;
  private activeCount = 0;

  constructor(plan: ServicePlan, seed: number) {
    this.plan = plan;
    this.seed = seed;
    this.horizonMs = firstHorizonMs(plan);
    this.changes = changesOf(plan, seed, this.horizonMs);
    this.isActive = new Uint8Array(plan.faults.length);
    this.isSignalled = new Uint8Array(plan.faults.length);
    this.findNext();
  }

  /** Applies the next change; returns the fault whose physics changed, or null for a change of health signals only. */
  advance(): FaultSpec | null {
    const change = this.changes[this.next++]!;
    this.findNext();
    const { fault, begins } = change.edge;
    if (change.isHealthSignal) {
      this.isSignalled[fault] = begins ? 1 : 0;
      this.healthVersion++;
      return null;
    }
    this.isActive[fault] = begins ? 1 : 0;
    this.activeCount += begins ? 1 : -1;
    return this.plan.faults[fault]!;
  }

  /** Finds when the next change is due, laying out more of a run without end on the way. */
  private findNext(): void {
    let next = this.changes[this.next];
    while (this.horizonMs < this.plan.durationMs && (next === undefined || next.atMs >= this.horizonMs)) {
      const doneMs = this.horizonMs;
      this.horizonMs *= 2;
      this.changes = changesOf(this.plan, this.seed, this.horizonMs).filter((change) => change.atMs >= doneMs);
      this.next = 0;
      next = this.changes[0];
    }
    this.nextMs = next?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** No fault is in force. */
  get isQuiet(): boolean {
    return this.activeCount === 0;
  }

  /** @param fault its place in the plan */
  isInForce(fault: number): boolean {
    return this.isActive[fault] === 1;
  }

  isDown(region: number): boolean {
    return this.activeCount > 0 && this.sum("outage", region) > 0;
  }

  /** What health checks say of a region: late after an outage, and the opposite of the truth under `wrong-health`. */
  isHealthy(region: number): boolean {
    let isDown = false;
    let isWrong = false;
    this.plan.faults.forEach((spec, fault) => {
      if (this.isSignalled[fault] !== 1 || (spec.region !== region && spec.region >= 0)) return;
      if (spec.kind === "outage") isDown = true;
      else isWrong = true;
    });
    return isDown === isWrong;
  }

  /** Share of attempts that fail with 500 in a region. */
  errorShare(region: number): number {
    return this.activeCount === 0 ? 0 : this.sum("errors", region);
  }

  /** ms added to each round trip with a region. */
  latencySurgeMs(region: number): number {
    return this.activeCount === 0 ? 0 : this.sum("latency-surge", region);
  }

  /** Share of messages to or from a region that are lost and sent again. */
  packetLossShare(region: number): number {
    return this.activeCount === 0 ? 0 : Math.min(0.99, this.sum("packet-loss", region));
  }

  capacityFactor(endpoint: number): number {
    const { region, model } = this.plan.endpoints[endpoint]!;
    return this.product("brownout", region, model);
  }

  quotaFactor(quota: number): number {
    const { region, model } = this.plan.quotas[quota]!;
    return this.product("quota-cut", region, model);
  }

  private sum(kind: FaultSpec["kind"], region: number): number {
    let sum = 0;
    this.plan.faults.forEach((spec, fault) => {
      if (this.isActive[fault] === 1 && spec.kind === kind && (spec.region === region || spec.region < 0)) {
        sum += kind === "outage" ? 1 : spec.amount;
      }
    });
    return sum;
  }

  private product(kind: FaultSpec["kind"], region: number, model: number): number {
    let product = 1;
    this.plan.faults.forEach((spec, fault) => {
      if (this.isActive[fault] !== 1 || spec.kind !== kind) return;
      if ((spec.region === region || spec.region < 0) && (spec.model === model || spec.model < 0))
        product *= spec.amount;
    });
    return product;
  }
}

/** The run's end; without one, a first stretch of its random faults. Scheduled faults alone need no horizon. */
function firstHorizonMs({ faults, durationMs }: ServicePlan): number {
  const cycles = faults.filter((spec) => Number.isNaN(spec.atMs)).map((spec) => spec.mtbfMs + spec.mttrMs);
  if (Number.isFinite(durationMs) || cycles.length === 0) return durationMs;
  return FIRST_CYCLES * Math.max(...cycles);
}

function changesOf(plan: ServicePlan, seed: number, horizonMs: number): readonly Change[] {
  const changes: Change[] = [];
  for (const edge of faultTimeline(plan.faults, seed, horizonMs)) {
    const { kind } = plan.faults[edge.fault]!;
    if (kind !== "wrong-health") changes.push({ atMs: edge.atMs, edge, isHealthSignal: false });
    if (kind === "outage") changes.push({ atMs: edge.atMs + plan.healthDelayMs, edge, isHealthSignal: true });
    if (kind === "wrong-health") changes.push({ atMs: edge.atMs, edge, isHealthSignal: true });
  }
  return changes.sort((a, b) => a.atMs - b.atMs);
}
