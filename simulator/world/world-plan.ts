import type { CapacitySpec } from "./capacity/index.ts";
import type { FaultSpec } from "./faults/fault.ts";
import type { ReservationSpec } from "./quota/reservation.ts";
import type { QuotaSpec } from "./quota/token-quota.ts";

/** Where a model runs: a region's share of its machines, apart for each kind of capacity. */
export interface EndpointPlan {
  /** For people: `us-east-1/sonnet` or `us-east-1/sonnet/provisioned`. */
  readonly id: string;
  readonly region: number;
  readonly model: number;
  readonly capacity: CapacitySpec;
  /** Share of attempts that end in an error after they were served (500). */
  readonly errorShare: number;
  /** 0 = no prompt cache. */
  readonly cacheTtlMs: number;
  readonly cacheMinimumTokens: number;
  readonly localHourAtStart: number;
  /** An answer that comes later than this after the call is worth nothing (batch); Infinity = whenever. */
  readonly windowMs: number;
}

/** How a profile picks among destinations other than the source when the source has no room. */
export type DestinationRule = "random" | "least-busy" | "in-order";

/** What a target means for one model: who is asked, whose quota counts, where it may run. */
export interface RoutePlan {
  readonly sourceRegion: number;
  /** Endpoint indices; the source region's own first where it is a member. */
  readonly destinations: readonly number[];
  /** Round trip source to destination over the backbone, ms, aligned with `destinations`; 0 for the source. */
  readonly hopMs: readonly number[];
  /** Billing placement of each destination, aligned with `destinations`. */
  readonly placements: readonly number[];
  readonly rule: DestinationRule;
  /** Quota index per account; -1 = none. */
  readonly quotas: readonly number[];
  /** Priority level in queues that the service tier gives: 0 first. */
  readonly queueLevel: number;
  /** Time of a decoding step over the standard tier's. */
  readonly decodeFactor: number;
  /** Share of a queue's places and of its longest delay that calls of this route may use: below 1 they yield. */
  readonly queueShare: number;
  /** Index into the reservations that pay for its calls; -1 = none. */
  readonly reservation: number;
  /**
   * Where a call goes that the reservation, the quota or the machines of this route cannot take; null = nowhere. It
   * is then a call of that route: its quota, its queue level, its bill.
   */
  readonly overflow: RoutePlan | null;
}

/** The physics of a run, resolved: what the simulator and the emulator both build a World from. */
export interface WorldPlan {
  readonly startMs: number;
  readonly durationMs: number;
  readonly regionNames: readonly string[];
  readonly modelCount: number;
  readonly endpoints: readonly EndpointPlan[];
  readonly quotas: readonly QuotaSpec[];
  readonly reservations: readonly ReservationSpec[];
  /** Indexed `target * modelCount + model`; null = the target does not sell the model. */
  readonly routes: readonly (RoutePlan | null)[];
  /** Account index of each class. */
  readonly accountOfClass: readonly number[];
  readonly faults: readonly FaultSpec[];
  /** Health checks see a change this much later, ms. */
  readonly healthDelayMs: number;
  /** First instants of the price epochs, ms. */
  readonly epochStartMs: Float64Array;
}
