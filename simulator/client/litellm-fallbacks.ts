/** How LiteLLM's Router walks through its model groups: retries within a group, then the next of `fallbacks`. */
import { MeridianError } from "../base/errors.ts";
import type { RandomStream } from "../random/keyed-random.ts";
import { litellmRules, type RetryRules } from "./retry-rules.ts";

export interface LitellmFallbackSettings {
  /** By deployment: its model group; 0 is the one that is called, the others follow in the order of `fallbacks`. */
  readonly groupOf: Int32Array;
  /** `num_retries`: attempts after the first in each group. */
  readonly retries: number;
  /** `retry_after`: least wait before a retry in a group of one, ms. */
  readonly retryAfterMs: number;
}

/** Requests under way whose place in the walk is kept; of more, the oldest begin their group's count again. */
const KEPT_MAX = 4_096;

/**
 * The place of each request in its chain of model groups. Within a group a request has `num_retries` attempts after the
 * first. Where the group has several deployments they follow at once; in a group of one each waits as `litellmRules`
 * has it, and so does the step to the next group after the last of them. A group whose deployments all cool down is left
 * at once. `max_fallbacks` changes nothing: a chain that is deeper is walked to its end while the calls unwind.
 *
 * Source: litellm 1.109.1, router_python_core.py `async_function_with_retries`, `should_retry_this_error`,
 * `async_function_with_fallbacks_common_utils`; router_utils/fallback_event_handlers.py `run_async_fallback`.
 */
export class LitellmFallbacks {
  readonly groups: number;
  /** Of the group that `groupFor` last returned: the instant until which it waits; 0: it goes on now. */
  waitUntilMs = 0;
  declare private readonly settings: LitellmFallbackSettings;
  private readonly sizes: Int32Array;
  private readonly walks = new Map<number, Walk>();
  /** By deployment: what its latest failure asked to wait, ms; NaN: nothing. */
  private readonly hintMs: Float64Array;
  private readonly waits: RetryRules;

  constructor(settings: LitellmFallbackSettings) {
    const { groupOf, retryAfterMs } = settings;
    this.settings = settings;
    this.groups = groupOf.reduce((most, group) => Math.max(most, group), 0) + 1;
    this.sizes = new Int32Array(this.groups);
    for (const group of groupOf) this.sizes[group]!++;
    this.hintMs = new Float64Array(groupOf.length).fill(Number.NaN);
    this.waits = litellmRules({ mode: "litellm", retryAfterMs, isLone: true });
  }

  /**
   * The group in which a request's next attempt belongs, or waits for it (`waitUntilMs`).
   *
   * @param open by group: how many of its deployments may be used
   * @param random one draw for a wait, and the same passed over when it is over
   * @returns -1 when no group is left
   */
  groupFor(request: WalkRequest, nowMs: number, open: Int32Array, random: RandomStream): number {
    this.waitUntilMs = 0;
    if (request.attempt === 0 && open[0]! > 0 && !this.walks.has(request.requestId)) return 0;
    const walk = this.walkOf(request);
    while (walk.group < this.groups) {
      if (open[walk.group]! === 0) {
        leave(walk);
        continue;
      }
      if (walk.tries === 0) return walk.group;
      const isWaitOver = walk.waitedFor === walk.tries;
      walk.waitedFor = walk.tries;
      if (this.sizes[walk.group] === 1 && this.settings.retries > 0) {
        const jitter = random.next();
        if (!isWaitOver) {
          this.waitUntilMs = nowMs + this.waitMs(walk, request.previousTarget, jitter);
          return walk.group;
        }
      }
      if (walk.tries <= this.settings.retries) return walk.group;
      leave(walk);
    }
    this.end(request.requestId);
    return -1;
  }

  /** An attempt of the request leaves. */
  sent(requestId: number): void {
    const walk = this.walks.get(requestId);
    if (walk !== undefined) walk.tries++;
  }

  /** An attempt has failed. @param retryAfterMs of the answer; NaN: none */
  failed(deployment: number, retryAfterMs: number): void {
    this.hintMs[deployment] = retryAfterMs;
  }

  /** No attempt follows. */
  end(requestId: number): void {
    this.walks.delete(requestId);
  }

  private walkOf({ requestId, attempt, previousTarget }: WalkRequest): Walk {
    const known = this.walks.get(requestId);
    if (known !== undefined) return known;
    const group = previousTarget < 0 ? 0 : this.settings.groupOf[previousTarget]!;
    // Kept from the first step to another group on: without it, all attempts were made in the first.
    const walk = { group, tries: group === 0 ? attempt : Math.min(attempt, 1), waitedFor: 0 };
    if (this.walks.size >= KEPT_MAX) {
      const [oldest] = this.walks.keys();
      this.walks.delete(oldest!);
    }
    this.walks.set(requestId, walk);
    return walk;
  }

  private waitMs({ tries }: Walk, previous: number, jitter: number): number {
    const hintMs = previous < 0 ? Number.NaN : this.hintMs[previous]!;
    return this.waits.hintedMs?.(hintMs, jitter) ?? this.waits.delayMs(tries - 1, "error", jitter);
  }
}

/**
 * Deployments by model group, where the group that is called is those of no other.
 *
 * @param fallbacks the other groups in order, by deployment
 * @throws MeridianError (usage) STRATEGY_BAD_OPTION when none is left for the group that is called
 * @example [...modelGroups([[1]], 3).groupOf] // => [0, 1, 0]
 */
export function modelGroups(
  fallbacks: readonly ArrayLike<number>[],
  deployments: number,
): { readonly groupOf: Int32Array; readonly isAlone: Uint8Array; readonly hasFallback: Uint8Array } {
  const groupOf = new Int32Array(deployments);
  fallbacks.forEach((group, i) => {
    for (const deployment of Array.from(group)) groupOf[deployment] = i + 1;
  });
  if (!groupOf.includes(0)) {
    throw new MeridianError("usage", {
      code: "STRATEGY_BAD_OPTION",
      where: "litellm.fallbacks",
      what: "the groups name every target: none is left for the group that is called",
      fix: "leave the targets out that requests go to first",
    });
  }
  const isAlone = Uint8Array.from(groupOf, (group) => (groupOf.indexOf(group) === groupOf.lastIndexOf(group) ? 1 : 0));
  const hasFallback = Uint8Array.from(groupOf, (group) => (fallbacks.length > 0 && group === 0 ? 1 : 0));
  return { groupOf, isAlone, hasFallback };
}

interface WalkRequest {
  readonly requestId: number;
  readonly attempt: number;
  readonly previousTarget: number;
}

interface Walk {
  group: number;
  /** Attempts in this group. */
  tries: number;
  /** `tries` at the latest failure that has been waited for. */
  waitedFor: number;
}

function leave(walk: Walk): void {
  walk.group++;
  walk.tries = 0;
  walk.waitedFor = 0;
}
