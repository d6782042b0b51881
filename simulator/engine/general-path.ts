import type { SimulationObserver } from "../metrics/observer.ts";
import type { Plan, StrategyPlan } from "../scenario/plan.ts";
import type { TrafficChunk } from "../traffic/traffic.ts";
import type { QuotaUse } from "../world/quota/token-quota.ts";
import type { World } from "../world/world.ts";
import type { Books } from "./books.ts";
import { Callers } from "./callers.ts";
import type { RequestPath } from "./request-path.ts";

/**
 * The path through two machines, callers and world, each with an agenda of its own. At equal instants: the service
 * side, then callers, then arrivals.
 */
export class GeneralPath implements RequestPath {
  declare private readonly callers: Callers;
  declare private readonly world: World;

  /** @param observer sees every attempt and request end; null costs next to nothing */
  constructor(plan: Plan, strategy: StrategyPlan, seed: number, observer: SimulationObserver | null) {
    this.callers = new Callers(plan, strategy, seed, observer);
    this.world = this.callers.world;
  }

  get books(): Books {
    return this.callers.books;
  }

  get seen(): number {
    return this.callers.seen;
  }

  get inBatch(): number {
    return this.callers.batch.waiting;
  }

  get nextMs(): number {
    return Math.min(this.world.nextMs, this.callers.nextMs);
  }

  get isBusy(): boolean {
    return this.callers.isBusy;
  }

  run(chunk: TrafficChunk, from: number, to: number): void {
    const { callers, world } = this;
    const { arrivalMs } = chunk;
    for (let row = from; row < to; row++) {
      const ms = arrivalMs[row]!;
      for (;;) {
        if (world.nextMs <= ms && world.nextMs <= callers.nextMs) world.advance();
        else if (callers.nextMs <= ms) callers.advance();
        else break;
      }
      callers.arrive(chunk, row, ms);
    }
  }

  advance(): void {
    const { callers, world } = this;
    if (world.nextMs <= callers.nextMs) world.advance();
    else callers.advance();
  }

  endAll(nowMs: number): void {
    this.callers.endAll(nowMs);
  }

  quotaUse(): readonly QuotaUse[] {
    return this.world.quotaUse();
  }
}
