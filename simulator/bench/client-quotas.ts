/** Quotas as a client can count them: what it has reserved and settled itself, by the rules of the service. */
import type { TargetViewState } from "../client/target-view.ts";
import { TokenQuota } from "../service/quota/token-quota.ts";
import type { ClientQuotas } from "./plan.ts";

/** An attempt, as far as a quota counts it. */
export interface QuotaOrder {
  readonly classIndex: number;
  readonly target: number;
  /** The whole prompt, tokens. */
  readonly inputTokens: number;
  /** Limit of the answer, tokens. */
  readonly maxTokens: number;
}

/** What an attempt in flight holds of a quota. */
export interface QuotaHold {
  readonly quota: TokenQuota;
  readonly takenMs: number;
  readonly tokens: number;
}

/**
 * What is left of each quota, for strategies that read it. The service does not tell: a client that is an account's only
 * caller knows it all the same, since it sends every call and reads every count of tokens. Other callers of the account
 * make it too hopeful, and a 429 then says so.
 */
export class QuotaMeters {
  private readonly plan: ClientQuotas;
  private readonly meters: readonly TokenQuota[];

  constructor(plan: ClientQuotas) {
    this.plan = plan;
    this.meters = plan.specs.map((spec) => new TokenQuota(spec, plan.startMs));
  }

  /** Writes what is left into the columns that the strategy sees. */
  show(view: TargetViewState, classIndex: number, nowMs: number): void {
    for (let i = 0; i < view.eligibleCount; i++) {
      const target = view.eligible[i]!;
      view.quotaHeadroom[target] = this.meterOf(classIndex, target)?.headroom(nowMs) ?? 1;
    }
  }

  /** An attempt leaves. @returns what it holds; undefined where no quota counts, or this one has no room for it */
  hold({ classIndex, target, inputTokens, maxTokens }: QuotaOrder, nowMs: number): QuotaHold | undefined {
    const quota = this.meterOf(classIndex, target);
    if (quota === undefined) return undefined;
    const tokens = quota.reservation(inputTokens, 0, maxTokens);
    return quota.reserve(nowMs, tokens) ? { quota, takenMs: nowMs, tokens } : undefined;
  }

  /**
   * An attempt has ended.
   *
   * @param usage tokens as the service counted them: uncached input, output, cache reads, cache writes; null where it did
   *   not, and then the attempt keeps what it holds if it was admitted
   */
  release(
    { quota, takenMs, tokens }: QuotaHold,
    nowMs: number,
    usage: readonly number[] | null,
    isAdmitted: boolean,
  ): void {
    if (usage === null) {
      if (!isAdmitted) quota.settle(nowMs, takenMs, tokens, 0);
      return;
    }
    const [input = 0, output = 0, cacheRead = 0, cacheWrite = 0] = usage;
    quota.settle(nowMs, takenMs, tokens, quota.settlement(input + cacheRead + cacheWrite, cacheRead, output));
  }

  private meterOf(classIndex: number, target: number): TokenQuota | undefined {
    return this.meters[this.plan.quotaOf[classIndex]![target]!];
  }
}
