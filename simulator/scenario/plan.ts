/** The plan: a scenario resolved into plain data, all that the engine, the bench and reports go by. */
import type { BreakPolicy, HedgePolicy, TimeoutPolicy } from "../client/request-rules.ts";
import type { RetrySpec } from "../client/retry-rules.ts";
import type { LawSpec } from "../random/laws/index.ts";
import type { CapacitySpec } from "../service/capacity/index.ts";
import type { LongContextPrice } from "../service/model-facts.ts";
import type { Placement } from "../service/pricing/billing.ts";
import type { BillingRule, PriceSchedule } from "../service/pricing/prices.ts";
import type { ServicePlan } from "../service/service-plan.ts";
import type { ClassTraffic } from "../traffic/class-stream.ts";

/**
 * A scenario resolved: names turned into indices, defaults filled in, reference data looked up. Plain data all the way
 * down, so that it can be sent to a worker; everything the engine does follows from a Plan and a replication number.
 */
export interface Plan {
  readonly name: string;
  readonly description: string;
  readonly seed: number;
  /** The run's start, ms since 1970 UTC. */
  readonly startMs: number;
  /** Arrivals end here, ms; Infinity when `requestsMax` ends them. */
  readonly durationMs: number;
  /** Requests that would arrive before this are left out, ms; the clock and all that hangs on it stay as they are. */
  readonly arrivalsFromMs: number;
  /** Requests per replication; Infinity when `durationMs` ends them. */
  readonly requestsMax: number;
  readonly warmup: WarmupPlan;
  /** Slices of time that are simulated in place of the whole run. */
  readonly slices?: SlicePlan;
  /** How long after the last arrival the run goes on to let requests end, ms. */
  readonly drainMs: number;
  readonly replications: number;
  /** Router instances: each has its own strategy state, signals and retry budget. */
  readonly routers: number;
  readonly signals: SignalPlan;
  readonly regionNames: readonly string[];
  readonly originNames: readonly string[];
  readonly models: readonly ModelPlan[];
  readonly targets: readonly TargetPlan[];
  readonly classes: readonly ClassPlan[];
  readonly world: ServicePlan;
  readonly network: NetworkPlan;
  readonly money: MoneyPlan;
  readonly client: ClientPlan;
  /** Stations that every request passes before it is routed, in order. */
  readonly gateways: readonly CapacitySpec[];
  readonly strategies: readonly StrategyPlan[];
  /** Index into `strategies`. */
  readonly baseline: number;
  readonly traffic: readonly ClassTraffic[];
  readonly assertions: readonly string[];
  readonly validation: ValidationPlan;
  /** What a reader must know of the scenario itself, one sentence each. */
  readonly notes: readonly string[];
}

/** Slices of time that stand for the whole run. */
export interface SlicePlan {
  readonly count: number;
  readonly lengthMs: number;
  /** Simulated before each slice and not counted. */
  readonly warmupMs: number;
}

export interface WarmupPlan {
  readonly kind: "none" | "duration" | "requests";
  /** Instant, ms, from which requests count, or requests that do not; 0 for "none". */
  readonly amount: number;
  /** To be chosen by pilot runs, see experiment/warm-up.ts; until then nothing is removed. */
  readonly isAuto?: boolean;
  /** What is removed, a phrase for reports, where pilot runs chose it. */
  readonly removed?: string;
}

export interface SignalPlan {
  /** own: each router sees its own outcomes at once. shared: all see the endpoints' true load. */
  readonly source: "own" | "shared";
  /** Signals are a picture taken this often, ms; 0 = always fresh. */
  readonly ageMs: number;
}

export interface ModelPlan {
  readonly name: string;
  readonly id: string;
  /** What an unset max_tokens reserves. */
  readonly maxOutputTokens: number;
  /** Output tokens count this many times against a quota, where no quota entry says otherwise. */
  readonly burndown: number;
  /** Tokens of prompt and answer together; Infinity where that is not known. */
  readonly contextTokens: number;
  /** What calls with long prompts cost more; null: one price whatever the length. */
  readonly longPrice: LongContextPrice | null;
  /** Source regions with latency-optimised calls, where the scenario states them. */
  readonly latencyOptimizedIn?: readonly string[];
}

export interface TargetPlan {
  readonly id: string;
  /** Source region. */
  readonly region: number;
  /** `regional`, `provisioned`, `batch`, or the profile as the scenario names it. */
  readonly route: string;
  /** By model: the id that its callers name, of the model or of the profile; null where it is not sold. */
  readonly calledIds: readonly (string | null)[];
  /** Its answers are fetched later (batch): attempts have no time limit and no hedges. */
  readonly isAsync: boolean;
}

export interface ClassPlan {
  readonly name: string;
  readonly model: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Infinity = no objective. */
  readonly sloE2eMs: number;
  readonly sloTtftMs: number;
  /** Share of the requests that has to lie within the objective, in (0, 1); null = the usual one. */
  readonly sloShare: number | null;
  readonly residency: string | null;
  /** Mask over targets: sold for the class's model and legal under its residency rule. */
  readonly legal: Uint8Array;
  /** By target: why it is not legal; null where it is. */
  readonly reasons: readonly (string | null)[];
  /** Mask over regions that the residency rule allows: to audit where requests ran. */
  readonly allowedRegions: Uint8Array;
  readonly deferrable: boolean;
  /** Priority level in servers' queues, 0 first. */
  readonly queueLevel: number;
}

export interface NetworkPlan {
  /** Round trip, ms, indexed `origin * regions + region`. */
  readonly rttMs: Float64Array;
  /** Each one-way delay is multiplied by a lognormal of mean 1 and this cv; 0 = none. */
  readonly jitterCv: number;
}

export interface MoneyPlan {
  readonly schedule: PriceSchedule;
  /** Other prices that a run is billed at too, beside a what-if: the list, other readings of a swing. */
  readonly otherPrices?: readonly OtherPrices[];
  readonly placements: readonly Placement[];
  /** Region of each placement's destination. */
  readonly placementRegion: readonly number[];
  /** Per class: the keys that `lowest-cost` may bill. */
  readonly candidateKeys: readonly (readonly number[])[];
  /** The rule behind strategies' price columns and the headline cost. */
  readonly billing: BillingRule;
  readonly routingFeeUsdPer1kDecisions: number;
  /** Whether the scenario states prices itself, in place of some of the list's or of all. */
  readonly ownPrices: "none" | "some" | "all";
  /** Schedule key of (target, model), indexed `target * models + model`; -1 = not sold. */
  readonly keyOfTarget: Int32Array;
  /** Reserved capacity: charges that accrue whether used or not. */
  readonly reserved: readonly ReservedCharge[];
}

/** A schedule with the keys and epochs of the run's own. */
export interface OtherPrices {
  readonly name: string;
  readonly schedule: PriceSchedule;
  /** Closed form of what price routing can save at most: equal sine waves, phases spread evenly over the day. */
  readonly ceilingShare?: number;
}

/** Capacity paid by the hour. */
export interface ReservedCharge {
  /** For people: where, of which model, how much. */
  readonly name: string;
  readonly usdPerHour: number;
  /** Indices of the strategies that hold it, and pay. */
  readonly strategies: readonly number[];
}

export interface ClientPlan {
  readonly retry: RetryPlan;
  readonly timeout: TimeoutPolicy;
  readonly hedge: HedgePolicy;
  /** Answers come as streams; else whole, and their first byte is their end. */
  readonly isStreaming: boolean;
  readonly broken: BreakPolicy;
}

/** A retry policy as plain data: a custom law of delays is compiled where it is used. */
export type RetryPlan =
  | Exclude<RetrySpec, { mode: "custom" }>
  | {
      readonly mode: "custom";
      readonly backoff:
        | { readonly kind: "law"; readonly law: LawSpec }
        | {
            readonly kind: "exponential";
            readonly baseMs: number;
            readonly factor: number;
            readonly capMs: number;
            readonly jitter: "full" | "equal" | "none";
          };
      readonly maxAttempts: number | null;
      readonly on: readonly ("throttled" | "unavailable" | "error" | "timeout")[];
      readonly budget?: { readonly tokens: number; readonly refund: number };
    };

export interface StrategyPlan {
  /** Label, unique in the run. */
  readonly name: string;
  /** Registry name, or the name of the user's own file. */
  readonly kind: string;
  /** Code of the user's own strategy; null for one of the registry. */
  readonly source: string | null;
  readonly options: Readonly<Record<string, unknown>>;
  /** A client of its own; the scenario's when absent. */
  readonly client: ClientPlan | null;
  /** By class: mask over targets that are legal and not reserved for other strategies; null = all legal ones. */
  readonly offered: readonly Uint8Array[] | null;
}

/** What `meridian validate` replays of a scenario, and how far the simulator may be off. */
export interface ValidationPlan {
  /** Kept as text: it is passed on like `--at` and `--duration`. */
  readonly at?: string | undefined;
  readonly for?: string | undefined;
  /** Labels; all strategies unless given. */
  readonly strategies?: readonly string[] | undefined;
  readonly margins: Margins;
}

/** Largest differences between simulator and measurement that count as equal: of the measured value, or in points. */
export interface Margins {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly throttled: number;
  readonly unavailable: number;
  readonly retries: number;
  readonly failed: number;
  readonly split: number;
  readonly cost: number;
}
