import type { SlotTable } from "../engine/slot-table.ts";
import { ATTEMPT, ATTEMPT_INTS } from "./attempt-table.ts";
import { PromptCache } from "./prompt-cache.ts";
import type { WorldPlan } from "./world-plan.ts";

/** A leading part of a prompt. */
export interface CachedPrefix {
  readonly id: number;
  readonly tokens: number;
}

/** Where a prompt may be cached at several places: its prefixes, growing. */
export type PrefixesOf = (attempt: number) => readonly CachedPrefix[];

/** The prompt caches of all endpoints, and what an attempt finds in them. */
export class PromptCaches {
  declare private readonly plan: WorldPlan;
  declare private readonly table: SlotTable;
  declare private readonly prefixesOf: PrefixesOf | undefined;
  declare private readonly caches: readonly (PromptCache | null)[];

  /** @param prefixesOf left out: the prefix in the attempt's row is the only one */
  constructor(plan: WorldPlan, table: SlotTable, prefixesOf: PrefixesOf | undefined) {
    this.plan = plan;
    this.table = table;
    this.prefixesOf = prefixesOf;
    this.caches = plan.endpoints.map(({ cacheTtlMs }) => (cacheTtlMs > 0 ? new PromptCache(cacheTtlMs) : null));
  }

  /** Writes into the attempt's row what it would read there and what it would write. */
  lookUp(nowMs: number, attempt: number, endpoint: number): void {
    const { ints } = this.table;
    const at = attempt * ATTEMPT_INTS;
    const cache = this.caches[endpoint]!;
    const prefix = ints[at + ATTEMPT.prefixTokens]!;
    const minimum = this.plan.endpoints[endpoint]!.cacheMinimumTokens;
    ints[at + ATTEMPT.cacheReadTokens] = 0;
    ints[at + ATTEMPT.cacheWriteTokens] = 0;
    if (cache === null || prefix < minimum) return;
    if (this.prefixesOf !== undefined) {
      const known = this.prefixesOf(attempt).filter(({ tokens }) => tokens >= minimum);
      const read = known.findLast(({ id }) => cache.has(nowMs, id))?.tokens ?? 0;
      ints[at + ATTEMPT.cacheReadTokens] = read;
      ints[at + ATTEMPT.cacheWriteTokens] = prefix - read;
      return;
    }
    if (cache.has(nowMs, ints[at + ATTEMPT.prefixId]!)) ints[at + ATTEMPT.cacheReadTokens] = prefix;
    else ints[at + ATTEMPT.cacheWriteTokens] = prefix;
  }

  /** The endpoint has taken the attempt: its prefixes are there from now on. */
  keep(nowMs: number, attempt: number, endpoint: number): void {
    const cache = this.caches[endpoint]!;
    if (cache === null) return;
    if (this.prefixesOf === undefined) {
      cache.touch(nowMs, this.table.ints[attempt * ATTEMPT_INTS + ATTEMPT.prefixId]!);
    } else for (const { id } of this.prefixesOf(attempt)) cache.touch(nowMs, id);
  }

  clear(endpoint: number): void {
    this.caches[endpoint]?.clear();
  }
}
