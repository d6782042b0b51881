/** Cooldowns as LiteLLM's Router decides them. */
import type { OutcomeKind, TargetView } from "./strategy.ts";

/** Counters of LiteLLM's cache live so long from their first increment. */
const COUNTED_MS = 60_000;
const FAILURE_SHARE = 0.5;
const REQUESTS_MIN = 5;
/** So many requests that all failed cool a deployment down even where it is the only one. */
const ALL_FAILED_MIN = 1_000;

export interface LitellmCooldownSettings {
  readonly deployments: number;
  /** `cooldown_time`, ms. */
  readonly cooldownMs: number;
  /** `allowed_fails`: failures within a cooldown's time that are let pass; null = the rule of shares. */
  readonly allowedFails: number | null;
  /** By deployment: its model group, 0 the one that is called. */
  readonly groupOf: Int32Array;
  /** By deployment: 1 where it is the only one of its model group. */
  readonly isAlone: Uint8Array;
  /** By deployment: 1 where its group has other groups to fall back to. */
  readonly hasFallback: Uint8Array;
}

/**
 * Without `allowed_fails`: a 429 cools a deployment down at once; any other failure does when more than half of its
 * requests of the minute failed, of at least five. Neither holds where the group has one deployment, which cools down
 * only when a thousand requests and all of them failed. With it: when more failures than that come within the time of a
 * cooldown; a group of one never, unless requests can fall back from it. A minute is counted from its first request. A cooldown lasts as long as the answer's Retry-After asks, in
 * whole seconds, and of 0 there is none; without one, `cooldown_time`.
 *
 * Source: litellm 1.109.1, router_utils/cooldown_handlers.py `_should_cooldown_deployment`,
 * `should_cooldown_based_on_allowed_fails_policy`; caching/in_memory_cache.py (a key keeps its first time to live).
 */
export class LitellmCooldown {
  /** By deployment: end of its cooldown, ms. */
  declare readonly untilMs: Float64Array;
  /** By deployment, of the eligible when `look` was last called: 1 where it may be used. */
  declare readonly usable: Float64Array;
  /** By model group, then: how many of its deployments do not cool down. */
  declare readonly open: Int32Array;
  declare private readonly settings: LitellmCooldownSettings;
  declare private readonly successes: ExpiringCounts;
  declare private readonly failures: ExpiringCounts;

  constructor(settings: LitellmCooldownSettings) {
    this.settings = settings;
    this.untilMs = new Float64Array(settings.deployments).fill(Number.NEGATIVE_INFINITY);
    this.usable = new Float64Array(settings.deployments);
    this.open = new Int32Array(settings.deployments);
    this.successes = new ExpiringCounts(settings.deployments, COUNTED_MS);
    const failuresMs = settings.allowedFails === null ? COUNTED_MS : settings.cooldownMs;
    this.failures = new ExpiringCounts(settings.deployments, failuresMs);
  }

  isCooling(deployment: number, nowMs: number): boolean {
    return nowMs < this.untilMs[deployment]!;
  }

  /** Marks the eligible deployments of a group that may be used (`usable`), and counts those of each group (`open`). */
  look(
    { eligible, eligibleCount }: Pick<TargetView, "eligible" | "eligibleCount">,
    group: number,
    nowMs: number,
  ): void {
    const { groupOf } = this.settings;
    this.open.fill(0);
    for (let i = 0; i < eligibleCount; i++) {
      const target = eligible[i]!;
      const isReady = !this.isCooling(target, nowMs);
      this.usable[target] = isReady && groupOf[target] === group ? 1 : 0;
      if (isReady) this.open[groupOf[target]!]!++;
    }
  }

  /** An attempt has ended. @param retryAfterMs of the answer; NaN: none */
  learn(deployment: number, kind: OutcomeKind, nowMs: number, retryAfterMs = Number.NaN): void {
    if (kind === "ok") {
      this.successes.add(deployment, nowMs);
      return;
    }
    const hintMs = Math.trunc(retryAfterMs / 1_000) * 1_000;
    const cooldownMs = hintMs >= 0 ? hintMs : this.settings.cooldownMs;
    if (cooldownMs === 0 && this.settings.allowedFails !== null) return;
    const failed = this.failures.add(deployment, nowMs);
    if (cooldownMs > 0 && this.mustCool(deployment, kind, failed, nowMs)) this.untilMs[deployment] = nowMs + cooldownMs;
  }

  private mustCool(deployment: number, kind: OutcomeKind, failed: number, nowMs: number): boolean {
    const { allowedFails } = this.settings;
    const isAlone = this.settings.isAlone[deployment] === 1;
    if (allowedFails !== null) {
      return (!isAlone || this.settings.hasFallback[deployment] === 1) && failed > allowedFails;
    }
    if (kind === "throttled" && !isAlone) return true;
    const all = failed + this.successes.read(deployment, nowMs);
    const share = failed / all;
    if (share === 1 && all >= ALL_FAILED_MIN) return true;
    return share > FAILURE_SHARE && all >= REQUESTS_MIN && !isAlone;
  }
}

/** Counts that begin again when their time to live, from the first increment, is over. */
class ExpiringCounts {
  private readonly counts: Float64Array;
  private readonly endMs: Float64Array;
  private readonly ttlMs: number;

  constructor(size: number, ttlMs: number) {
    this.counts = new Float64Array(size);
    this.endMs = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
    this.ttlMs = ttlMs;
  }

  read(key: number, nowMs: number): number {
    return nowMs > this.endMs[key]! ? 0 : this.counts[key]!;
  }

  add(key: number, nowMs: number): number {
    const before = this.read(key, nowMs);
    if (before === 0) this.endMs[key] = nowMs + this.ttlMs;
    this.counts[key] = before + 1;
    return before + 1;
  }
}
