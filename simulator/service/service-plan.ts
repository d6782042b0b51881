/** The service of a run as plain data: endpoints, routes, quotas, faults and price epochs. */
import { KeyedRandom } from "../random/keyed-random.ts";
import type { CapacitySpec } from "./capacity/index.ts";
import type { QuotaSpec, ReservationSpec } from "./quota/token-quota.ts";
import type { ServiceErrorName } from "./service-errors.ts";

/** Where a model runs: one region's capacity of one kind. */
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
  /** An answer later than this after the call is worthless (batch); Infinity = no limit. */
  readonly windowMs: number;
}

/** How a profile picks among destinations other than the source when the source has no room. */
export type DestinationRule = "random" | "least-busy" | "in-order";

/** What a target means for one model: which region is called, whose quota counts, where it may run. */
export interface RoutePlan {
  readonly sourceRegion: number;
  /** Endpoint indices; the source region's own first where it is a member. */
  readonly destinations: readonly number[];
  /** Round trip source to destination over the backbone, ms, aligned with `destinations`; 0 for the source. */
  readonly hopMs: readonly number[];
  /** Billing placement of each destination, aligned with `destinations`. */
  readonly placements: readonly number[];
  /** Where long prompts have a price of their own; null: one price whatever the length. */
  readonly longPrompts: LongPrompts | null;
  readonly rule: DestinationRule;
  /** Quota index per account; -1 = none. */
  readonly quotas: readonly number[];
  /** Priority level in queues that the service tier gives: 0 first. */
  readonly queueLevel: number;
  /** Time of a decoding step over the standard tier's. */
  readonly decodeFactor: number;
  /**
   * Share of a queue's places and of its longest delay that calls of this route may use; below 1 they yield to others.
   */
  readonly queueShare: number;
  /** Index into the reservations that pay for its calls; -1 = none. */
  readonly reservation: number;
  /**
   * Where a call goes that the reservation, the quota or the capacity of this route cannot take; null = nowhere. It
   * is then a call of that route, with its quota, queue level and price.
   */
  readonly overflow: RoutePlan | null;
}

/** Calls with more than so many tokens of input, cached ones included, are billed elsewhere. */
export interface LongPrompts {
  readonly aboveTokens: number;
  /** Billing placement of each destination, aligned with the route's `destinations`. */
  readonly placements: readonly number[];
}

/**
 * Billing placements of a call through a route, aligned with its destinations.
 *
 * @param inputTokens the whole prompt, with what a cache holds of it
 */
export function placementsOf(
  { placements, longPrompts }: Pick<RoutePlan, "placements" | "longPrompts">,
  inputTokens: number,
): readonly number[] {
  return longPrompts !== null && inputTokens > longPrompts.aboveTokens ? longPrompts.placements : placements;
}

/** The service of a run, resolved: what the simulator and the emulator both build a `Service` from. */
export interface ServicePlan {
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
  /** By model: longer prompts are refused as invalid (400); left out where none are. */
  readonly contextTokens?: readonly number[];
  /** Health checks see a change this much later, ms. */
  readonly healthDelayMs: number;
  /** First instants of the price epochs, ms. */
  readonly epochStartMs: Float64Array;
}

/** What can go wrong. Regions and models are plan indices; -1 = every one. */
export type FaultKind =
  | "outage"
  | "brownout"
  | "quota-cut"
  | "latency-surge"
  | "packet-loss"
  | "errors"
  | "stream"
  | "wrong-health";

export interface FaultSpec {
  readonly kind: FaultKind;
  readonly region: number;
  readonly model: number;
  /** Scheduled: when it begins, ms; random: NaN. */
  readonly atMs: number;
  /** Scheduled: how long it lasts, ms; Infinity = to the end. */
  readonly forMs: number;
  /** Random: mean time between failures and to repair, ms, both exponential; NaN when scheduled. */
  readonly mtbfMs: number;
  readonly mttrMs: number;
  /**
   * brownout, quota-cut: share of capacity or limit that is left; latency-surge: ms added to each round trip;
   * packet-loss, errors: share of messages or attempts; others: not used.
   */
  readonly amount: number;
  /** What a `stream` fault does, and to which calls; others have none. */
  readonly stream?: StreamFault;
}

/** A fault that strikes single calls: what becomes of their answers. The emulator's control page has the same fields. */
export interface StreamFault {
  /**
   * error: of the service, as the answer or inside the stream; reset: the connection breaks; silence: no more bytes;
   * empty: 200 without content; drip: tokens come slowly.
   */
  readonly effect: "error" | "reset" | "silence" | "empty" | "drip";
  /** For error; null for the others. */
  readonly error: ServiceErrorName | null;
  /** In place of the error's usual text; "" = that. */
  readonly message: string;
  /** Tokens that come first; an answer that is not longer is whole. */
  readonly afterTokens: number;
  /** For silence: how long nothing comes, ms; the rest follows at its pace. Infinity = for good. */
  readonly lastsMs: number;
  /** For drip: time from one token to the next, ms; more where the model is slower. */
  readonly gapMs: number;
  /** Of the calls that match. */
  readonly share: number;
  /** Calls that it strikes at most; Infinity = no limit. */
  readonly times: number;
  /** -1 = every class. */
  readonly classIndex: number;
}

/** A fault's beginning or end. */
export interface FaultEdge {
  readonly atMs: number;
  /** Index into the specs. */
  readonly fault: number;
  readonly begins: boolean;
}

/**
 * Edges in order of time: of all scheduled faults, and of the random ones that begin before the horizon. Random faults
 * draw from (seed, fault) alone, so every strategy meets the same ones, and a later horizon only adds to them. At equal
 * instants ends come before beginnings.
 */
export function faultTimeline(specs: readonly FaultSpec[], seed: number, horizonMs: number): readonly FaultEdge[] {
  const edges: FaultEdge[] = [];
  specs.forEach((spec, fault) => {
    if (!Number.isNaN(spec.atMs)) {
      edges.push({ atMs: spec.atMs, fault, begins: true });
      const endMs = spec.atMs + spec.forMs;
      if (endMs < Number.POSITIVE_INFINITY) edges.push({ atMs: endMs, fault, begins: false });
      return;
    }
    const random = new KeyedRandom(seed, "faults");
    random.seek(fault, 0);
    for (let ms = 0; ; ) {
      ms += -spec.mtbfMs * Math.log(1 - random.next());
      if (ms >= horizonMs) break;
      edges.push({ atMs: ms, fault, begins: true });
      ms += -spec.mttrMs * Math.log(1 - random.next());
      edges.push({ atMs: ms, fault, begins: false });
    }
  });
  return edges.sort((a, b) => a.atMs - b.atMs || Number(a.begins) - Number(b.begins) || a.fault - b.fault);
}

/** Finds the price epoch of instants that never decrease. */
export class Epochs {
  /** The epoch of the latest instant. */
  current = 0;
  /** When the next one begins, ms; Infinity after the last. */
  nextMs = Number.POSITIVE_INFINITY;
  declare private readonly startMs: Float64Array;

  /** @param startMs first instants of the epochs, ascending */
  constructor(startMs: Float64Array) {
    this.startMs = startMs;
    this.nextMs = startMs[1] ?? Number.POSITIVE_INFINITY;
  }

  at(nowMs: number): number {
    // A deadline may be Infinity: it falls into the last epoch.
    while (nowMs >= this.nextMs && this.nextMs < Number.POSITIVE_INFINITY) {
      this.current++;
      this.nextMs = this.startMs[this.current + 1] ?? Number.POSITIVE_INFINITY;
    }
    return this.current;
  }
}
