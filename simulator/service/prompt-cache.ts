/** Prompt caches: what an attempt reads and writes at an endpoint, and what cached tokens cost. */
import type { SlotTable } from "../base/slot-table.ts";
import { ATTEMPT, ATTEMPT_INTS } from "./attempt-table.ts";
import type { PriceBookData, PriceRow } from "./pricing/price-book-data.ts";
import type { ServicePlan } from "./service-plan.ts";

/** A leading part of a prompt. */
export interface CachedPrefix {
  readonly id: number;
  readonly tokens: number;
}

/** The prefixes of a prompt that may be cached at several lengths, shortest first. */
export type PrefixesOf = (attempt: number) => readonly CachedPrefix[];

/** Conversations, whose prompts begin with the whole of the one before: their cached part grows from turn to turn. */
export interface Conversations {
  /** Equal for the attempts of one conversation; -1 for an attempt that is part of none. */
  conversationOf(attempt: number): number;
  /** Leading tokens that other conversations begin with too: the prefix whose id stands in the attempt's row. */
  sharedTokens(attempt: number): number;
}

/** The prompt caches of all endpoints, and what an attempt finds in them. */
export class PromptCaches {
  declare private readonly plan: ServicePlan;
  declare private readonly table: SlotTable;
  declare private readonly prefixesOf: PrefixesOf | undefined;
  declare private readonly conversations: Conversations | undefined;
  declare private readonly caches: readonly (PromptCache | null)[];

  /** @param prefixesOf left out: the prefix in the attempt's row is the only one, conversations apart */
  constructor(
    plan: ServicePlan,
    table: SlotTable,
    prefixesOf: PrefixesOf | undefined,
    conversations: Conversations | undefined = undefined,
  ) {
    this.plan = plan;
    this.table = table;
    this.prefixesOf = prefixesOf;
    this.conversations = conversations;
    this.caches = plan.endpoints.map(({ cacheTtlMs }) => (cacheTtlMs > 0 ? new PromptCache(cacheTtlMs) : null));
  }

  /**
   * Writes into the attempt's row how many tokens it would read from the endpoint's cache and how many it would write.
   */
  lookUp(nowMs: number, attempt: number, endpoint: number): void {
    const { ints } = this.table;
    const at = attempt * ATTEMPT_INTS;
    const cache = this.caches[endpoint]!;
    const prefix = ints[at + ATTEMPT.prefixTokens]!;
    const minimum = this.plan.endpoints[endpoint]!.cacheMinimumTokens;
    ints[at + ATTEMPT.cacheReadTokens] = 0;
    ints[at + ATTEMPT.cacheWriteTokens] = 0;
    if (cache === null || prefix < minimum) return;
    if (this.conversations !== undefined && this.conversations.conversationOf(attempt) >= 0) {
      const read = this.readOfConversation(nowMs, attempt, cache, minimum);
      ints[at + ATTEMPT.cacheReadTokens] = read;
      ints[at + ATTEMPT.cacheWriteTokens] = prefix - read;
      return;
    }
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

  /** The endpoint has taken the attempt: its prefixes are cached from now on. */
  keep(nowMs: number, attempt: number, endpoint: number): void {
    const cache = this.caches[endpoint]!;
    if (cache === null) return;
    const conversation = this.conversations?.conversationOf(attempt) ?? -1;
    if (conversation >= 0) this.keepConversation(nowMs, attempt, endpoint, conversation);
    else if (this.prefixesOf === undefined) {
      cache.touch(nowMs, this.table.ints[attempt * ATTEMPT_INTS + ATTEMPT.prefixId]!);
    } else for (const { id } of this.prefixesOf(attempt)) cache.touch(nowMs, id);
  }

  clear(endpoint: number): void {
    this.caches[endpoint]?.clear();
  }

  /** What the endpoint has of the conversation, or else of what it shares with others. */
  private readOfConversation(nowMs: number, attempt: number, cache: PromptCache, minimum: number): number {
    const { ints } = this.table;
    const at = attempt * ATTEMPT_INTS;
    const own = cache.conversationTokens(nowMs, this.conversations!.conversationOf(attempt));
    if (own > 0) return Math.min(own, ints[at + ATTEMPT.prefixTokens]!);
    const shared = this.conversations!.sharedTokens(attempt);
    return shared >= minimum && cache.has(nowMs, ints[at + ATTEMPT.prefixId]!) ? shared : 0;
  }

  /** The whole of the prompt is there from now on, and with it what it shares with others. */
  private keepConversation(nowMs: number, attempt: number, endpoint: number, conversation: number): void {
    const cache = this.caches[endpoint]!;
    const { ints } = this.table;
    const at = attempt * ATTEMPT_INTS;
    const minimum = this.plan.endpoints[endpoint]!.cacheMinimumTokens;
    const tokens = ints[at + ATTEMPT.prefixTokens]!;
    if (tokens >= minimum) cache.keepConversation(nowMs, conversation, tokens);
    const shared = this.conversations!.sharedTokens(attempt);
    if (shared > 0 && shared >= minimum) cache.touch(nowMs, ints[at + ATTEMPT.prefixId]!);
  }
}

/** Expired prefixes are swept when twice as many are kept as after the last sweep: memory follows what is alive. */
const SWEEP_AT_MIN = 4096;

/**
 * The prompt cache of one endpoint: a prefix is there for its time to live after the last write or hit, and only where
 * it was written, so routing that scatters a tenant's traffic pays for writes again and again.
 * Source: Bedrock User Guide, "Prompt caching": the TTL (5 minutes by default) restarts on each hit.
 */
export class PromptCache {
  declare private readonly ttlMs: number;
  private readonly expiresMs = new Map<number, number>();
  private readonly conversations = new Map<number, { expiresMs: number; tokens: number }>();
  private sweepAt = SWEEP_AT_MIN;

  constructor(ttlMs: number) {
    this.ttlMs = ttlMs;
  }

  /** Prefixes kept, including expired ones not yet swept. */
  get size(): number {
    return this.expiresMs.size + this.conversations.size;
  }

  has(nowMs: number, prefixId: number): boolean {
    const expiresMs = this.expiresMs.get(prefixId);
    return expiresMs !== undefined && expiresMs > nowMs;
  }

  /** A write or a hit: the time to live starts anew. */
  touch(nowMs: number, prefixId: number): void {
    this.expiresMs.set(prefixId, nowMs + this.ttlMs);
    if (this.size > this.sweepAt) this.sweep(nowMs);
  }

  /** How much of a conversation is there. */
  conversationTokens(nowMs: number, conversation: number): number {
    const kept = this.conversations.get(conversation);
    return kept !== undefined && kept.expiresMs > nowMs ? kept.tokens : 0;
  }

  /** A conversation was written or read up to a length: the time to live of all of it starts anew. */
  keepConversation(nowMs: number, conversation: number, tokens: number): void {
    const kept = this.conversations.get(conversation);
    const expiresMs = nowMs + this.ttlMs;
    if (kept === undefined) this.conversations.set(conversation, { expiresMs, tokens });
    else {
      kept.tokens = kept.expiresMs > nowMs ? Math.max(kept.tokens, tokens) : tokens;
      kept.expiresMs = expiresMs;
    }
    if (this.size > this.sweepAt) this.sweep(nowMs);
  }

  clear(): void {
    this.expiresMs.clear();
    this.conversations.clear();
  }

  private sweep(nowMs: number): void {
    for (const [prefixId, expiresMs] of this.expiresMs) if (expiresMs <= nowMs) this.expiresMs.delete(prefixId);
    for (const [id, { expiresMs }] of this.conversations) if (expiresMs <= nowMs) this.conversations.delete(id);
    this.sweepAt = Math.max(SWEEP_AT_MIN, 2 * this.size);
  }
}

/** Prices of cached tokens as multiples of the input price, for rows that do not list them. */
export interface CachePolicy {
  readonly read: number;
  readonly write5m: number;
  readonly write1h: number;
}

/** Caching not sold: tokens of a prefix cost what other input tokens cost. */
const AS_INPUT: CachePolicy = { read: 1, write5m: 1, write1h: 1 };

/**
 * Cache multipliers of a model. Claude: write 1.25 x (5 minutes) or 2 x (1 hour), read 0.1 x, in the 5.5 generation
 * 0.05 x; Nova: write 0, read 0.25 x. Models that list no cache price anywhere are taken to sell no caching.
 *
 * Source: AWS Price List and the Bedrock pricing page, 2026 (`rulesObserved` of the reference data).
 */
export function cachePolicyOf(
  modelId: string,
  rows: readonly PriceRow[],
  rules: PriceBookData["rulesObserved"] | undefined,
): CachePolicy {
  if (rules === undefined || !rows.some((row) => row.cacheRead !== null)) return AS_INPUT;
  if (modelId.startsWith("anthropic.")) {
    const read = /-5-5(?:-|$)/.test(modelId) ? rules.claude55CacheRead : rules.claudeCacheRead;
    return { read, write5m: rules.claudeCacheWrite5m, write1h: rules.claudeCacheWrite1h };
  }
  if (modelId.startsWith("amazon.nova")) {
    return { read: rules.novaCacheRead, write5m: rules.novaCacheWrite, write1h: rules.novaCacheWrite };
  }
  return AS_INPUT;
}
