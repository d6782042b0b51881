/**
 * The replay plan: plain data, without secrets, that Node writes and k6 reads; and the target columns that follow from
 * it.
 */
import type { TargetViewState } from "../client/target-view.ts";
import type { ClientPlan } from "../scenario/plan.ts";
import type { QuotaSpec } from "../service/quota/token-quota.ts";
import type { AdapterSettings, ReplayTier } from "./adapters/adapter.ts";

/** Everything that a replaying client needs of a scenario and one of its strategies. */
export interface ReplayPlan {
  readonly schemaVersion: 1;
  /** Seed of the replication whose draws are replayed. */
  readonly seed: number;
  /** Router instances: request i belongs to router i mod routers. */
  readonly routers: number;
  /** Requests of the schedule. */
  readonly requests: number;
  /** What ms 0 of the scenario's clock is, ms since 1970 UTC; 0 where left out. */
  readonly startMs?: number;
  /** Where the scenario's clock stands when the run begins, ms. */
  readonly fromMs: number;
  /** The last intended arrival is before this, ms. */
  readonly durationMs: number;
  /** How long after that the run waits for requests to end, ms. */
  readonly drainMs: number;
  readonly strategy: {
    readonly name: string;
    readonly kind: string;
    /** Code of the user's own strategy; null for one of the registry. */
    readonly source: string | null;
    readonly options: Readonly<Record<string, unknown>>;
  };
  readonly client: ClientPlan;
  /** Signals are a snapshot taken this often, ms; 0 = always fresh. */
  readonly signalAgeMs: number;
  readonly operation: ReplayOperation;
  readonly origins: readonly string[];
  /** The endpoints are an emulator of the scenario: calls then name the caller's place and the target. */
  readonly isEmulated: boolean;
  readonly targets: readonly ReplayTarget[];
  /** By model: max_tokens where the caller sets none. */
  readonly modelMaxTokens: readonly number[];
  /** By model: tokens that the service adds to the text of every prompt. */
  readonly templateTokens: readonly number[];
  /** By model: characters of filler text that make one token of a prompt. */
  readonly charsPerToken: readonly number[];
  /** Makes the prompts of this run differ from those of any other; "" for an emulator. */
  readonly promptSalt: string;
  readonly classes: readonly ReplayClass[];
  /** Round trip contained in measured latencies, ms, by origin and target. */
  readonly rttMs: readonly (readonly number[])[];
  readonly prices: readonly PriceEpoch[];
  /** Prices begin again after so long, ms: a client that lives longer than its scenario. Once only where left out. */
  readonly pricesRepeatMs?: number;
  /** Quotas that the client counts itself, for strategies that read what is left of them. None where left out. */
  readonly quotas?: ClientQuotas;
  /** Null where the cost of the run is not limited. */
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
  /** False where a stream's headers are known to precede its first token, which then cannot be observed. */
  readonly seesFirstToken: boolean;
}

/** How a call authenticates. Credentials themselves are in the environment, never here. */
export type ReplayAuth =
  | { readonly kind: "none" | "sigv4" }
  /** With the credentials of the environment, an API key before a key pair, as the AWS SDKs do. */
  | { readonly kind: "aws" }
  /** With the API key in an environment variable. */
  | { readonly kind: "api-key"; readonly variable: string };

export interface ReplayClass {
  readonly name: string;
  readonly model: number;
  /** Infinity = no objective. */
  readonly sloE2eMs: number;
  /** Indices of the targets that offer its model and are legal under its residency rule. */
  readonly legal: readonly number[];
  readonly deferrable: boolean;
}

/** The quotas of the account, as far as they are known to a client that is their only user. */
export interface ClientQuotas {
  /** The scenario's start, ms since 1970: windows of quotas begin at whole minutes. */
  readonly startMs: number;
  readonly specs: readonly QuotaSpec[];
  /** By class and target: index into `specs`; -1 = none. */
  readonly quotaOf: readonly (readonly number[])[];
}

/** Prices in force from an instant on, USD per million tokens, by model and target; NaN where there is none. */
export interface PriceEpoch {
  readonly fromMs: number;
  readonly inUsdPerMTok: readonly (readonly number[])[];
  readonly outUsdPerMTok: readonly (readonly number[])[];
}

/** Results of the health checks of each target's region, in force from an instant on. */
export interface HealthEpoch {
  readonly fromMs: number;
  readonly isHealthy: readonly boolean[];
}

/** The plan as JSON that keeps Infinity ("no limit") and NaN ("no price"). */
export function encodeReplayPlan(plan: ReplayPlan): string {
  return JSON.stringify(plan, (_key, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? { $number: String(value) } : value,
  );
}

/** Reads what `encodeReplayPlan` wrote. */
export function decodeReplayPlan(text: string): ReplayPlan {
  return JSON.parse(text, (_key, value: unknown) => {
    const marked = (value as { $number?: unknown } | null)?.$number;
    return typeof marked === "string" ? Number(marked) : value;
  }) as ReplayPlan;
}

/** What a run's rows say of a target. */
export type CalledTarget = Pick<ReplayTarget, "api" | "region" | "seesFirstToken">;

/** The budget of a run, and the most that a token can cost. */
export interface SpendPlan {
  /** For the whole run of one strategy. */
  readonly budgetUsd: number;
  /** By class and target: the highest price of each kind of token, in the order of the ledger's kinds; NaN = none. */
  readonly dearestUsdPerMTok: readonly (readonly (readonly number[])[])[];
  /** The same of calls with long prompts. */
  readonly dearestLongUsdPerMTok: readonly (readonly (readonly number[])[])[];
  /** By model: prompts of more tokens are long ones; Infinity: none are. */
  readonly longAboveTokens: readonly number[];
  /** By model: the most tokens that the service may count for one token of a prompt. */
  readonly inputFactor: readonly number[];
  /** Tokens that the service may add to every prompt. */
  readonly inputTokensMore: number;
}

/**
 * The columns over targets that do not come from a router's own outcomes: which targets are eligible, what they cost
 * now, and their round trips. The client's counterpart of the simulator's target columns.
 */
export class ReplayColumns {
  private readonly plan: ReplayPlan;
  private readonly eligible: readonly Int32Array[];
  private readonly eligibleCount: Int32Array;
  private readonly rttMs: readonly Float64Array[];
  private readonly priceIn: readonly (readonly Float64Array[])[];
  private readonly priceOut: readonly (readonly Float64Array[])[];
  private epoch = 0;
  /** When the prices last began again, ms. */
  private repeatedMs = 0;
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

  /** Brings prices and health up to `nowMs`, which must not decrease. */
  refresh(nowMs: number): void {
    const { prices, pricesRepeatMs = Number.POSITIVE_INFINITY, health } = this.plan;
    const inTurnMs = nowMs - this.repeatedMs;
    if (inTurnMs >= pricesRepeatMs) {
      this.repeatedMs += Math.floor(inTurnMs / pricesRepeatMs) * pricesRepeatMs;
      this.epoch = 0;
    }
    while (this.epoch + 1 < prices.length && nowMs - this.repeatedMs >= prices[this.epoch + 1]!.fromMs) this.epoch++;
    let latest = this.health;
    while (latest + 1 < health.length && nowMs >= health[latest + 1]!.fromMs) latest++;
    if (latest !== this.health) this.setHealth(latest);
  }

  /** Number of targets that are eligible for a class. */
  eligibleTargets(classIndex: number): number {
    return this.eligibleCount[classIndex]!;
  }

  /** Round trip between an origin and a target, ms. */
  roundTripMs(origin: number, target: number): number {
    return this.rttMs[origin]![target]!;
  }

  /** Points a view's columns at the current values for a request of this class and origin. */
  show(view: TargetViewState, classIndex: number, origin: number): void {
    const { model } = this.plan.classes[classIndex]!;
    view.eligible = this.eligible[classIndex]!;
    view.eligibleCount = this.eligibleCount[classIndex]!;
    view.rttMs = this.rttMs[origin]!;
    view.priceInUsdPerMTok = this.priceIn[this.epoch]![model]!;
    view.priceOutUsdPerMTok = this.priceOut[this.epoch]![model]!;
  }

  /** Legal targets in regions that look healthy; all legal ones when none does, since the request must go somewhere. */
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
