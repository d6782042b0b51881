import type { TargetViewState } from "../client/target-view.ts";
import type { ClientPlan } from "../scenario/plan.ts";
import type { AdapterSettings, ReplayTier } from "./adapters/adapter.ts";

/**
 * Everything that a replaying client needs of a scenario and one of its strategies: plain data that Node writes and k6
 * reads. It holds no secrets: those travel in the environment.
 */
export interface ReplayPlan {
  readonly schemaVersion: 1;
  /** Seed of the replication whose luck is replayed. */
  readonly seed: number;
  /** Router instances: request i belongs to router i mod routers. */
  readonly routers: number;
  readonly requests: number;
  /** Where the scenario's clock stands when the run begins, ms. */
  readonly fromMs: number;
  /** The last intended arrival is before this, ms. */
  readonly durationMs: number;
  /** How long after that the run waits for requests to end, ms. */
  readonly drainMs: number;
  readonly strategy: {
    readonly name: string;
    readonly kind: string;
    readonly options: Readonly<Record<string, unknown>>;
  };
  readonly client: ClientPlan;
  /** Signals are a picture taken this often, ms; 0 = always fresh. */
  readonly signalAgeMs: number;
  readonly operation: ReplayOperation;
  readonly origins: readonly string[];
  /** The endpoints are an emulator of the scenario: it is told where a caller is, and which target is meant. */
  readonly isEmulated: boolean;
  readonly targets: readonly ReplayTarget[];
  /** Model's max_tokens where the caller sets none. */
  readonly modelMaxTokens: readonly number[];
  /** By model: tokens that the service counts of every prompt beyond its text. */
  readonly templateTokens: readonly number[];
  /** By model: characters of filler text that make one token of a prompt. */
  readonly charsPerToken: readonly number[];
  /** Makes the prompts of this run unlike those of any other; "" for an emulator. */
  readonly promptSalt: string;
  readonly classes: readonly ReplayClass[];
  /** Round trip that measured latencies contain, ms, by origin and target. */
  readonly rttMs: readonly (readonly number[])[];
  readonly prices: readonly PriceEpoch[];
  /** Null where nothing limits what the run may cost. */
  readonly spend: SpendPlan | null;
  readonly health: readonly HealthEpoch[];
}

export type ReplayOperation = "converse" | "converse-stream";

export interface ReplayTarget {
  readonly id: string;
  /** Source region, and the base URL of its endpoint, without a slash at its end. */
  readonly region: string;
  readonly url: string;
  /** By model: its name at the endpoint; null where the target does not sell it. */
  readonly calledIds: readonly (string | null)[];
  readonly tier: ReplayTier;
  /** The adapter that calls it, and the adapter's own settings. */
  readonly api: string;
  readonly settings: AdapterSettings;
  readonly auth: ReplayAuth;
  /** False where a stream's headers are known to come before its first token: then that one cannot be seen. */
  readonly seesFirstToken: boolean;
}

/** How a call is let in. Credentials themselves are in the environment, never here. */
export type ReplayAuth =
  | { readonly kind: "none" | "sigv4" }
  /** With what the environment has, an API key before a pair of keys, as the AWS SDKs do. */
  | { readonly kind: "aws" }
  /** With the API key that an environment variable holds. */
  | { readonly kind: "api-key"; readonly variable: string };

export interface ReplayClass {
  readonly name: string;
  readonly model: number;
  /** Infinity = no objective. */
  readonly sloE2eMs: number;
  /** Indices of the targets that are sold for its model and legal under its residency rule. */
  readonly legal: readonly number[];
  readonly deferrable: boolean;
}

/** Prices in force from an instant on, USD per million tokens, by model and target; NaN where it is not sold. */
export interface PriceEpoch {
  readonly fromMs: number;
  readonly inUsdPerMTok: readonly (readonly number[])[];
  readonly outUsdPerMTok: readonly (readonly number[])[];
}

/** What health checks say of each target's region from an instant on. */
export interface HealthEpoch {
  readonly fromMs: number;
  readonly isHealthy: readonly boolean[];
}

/** JSON that keeps Infinity and NaN, which stand for "no limit" and "not sold". */
export function encodeReplayPlan(plan: ReplayPlan): string {
  return JSON.stringify(plan, (_key, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? { $number: String(value) } : value,
  );
}

export function decodeReplayPlan(text: string): ReplayPlan {
  return JSON.parse(text, (_key, value: unknown) => {
    const marked = (value as { $number?: unknown } | null)?.$number;
    return typeof marked === "string" ? Number(marked) : value;
  }) as ReplayPlan;
}

export type CalledTarget = Pick<ReplayTarget, "api" | "region" | "seesFirstToken">;

/** What a run may spend, and what a token can cost at most. Plain data, part of a replay plan. */
export interface SpendPlan {
  /** For the whole run of one strategy. */
  readonly budgetUsd: number;
  /** By class and target: the dearest price of each kind of token, in the order of the ledger's kinds; NaN = not to be had. */
  readonly dearestUsdPerMTok: readonly (readonly (readonly number[])[])[];
  /** By model: as how many tokens the service may count one token of a prompt at most. */
  readonly inputFactor: readonly number[];
  /** Tokens that the service may add to every prompt. */
  readonly inputTokensMore: number;
}

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
