import { createHash } from "node:crypto";
import type { CachePoint, ServiceTierName } from "./backend.ts";
import { estimateJsonTokens, estimateTokens } from "./tokens.ts";
import type { ToolAnswer } from "./tool-answer.ts";

/** What a request asks of the model, whatever the shape of its body. */
export interface ParsedPrompt {
  readonly inputTokens: number;
  readonly cachePoints: readonly CachePoint[];
  readonly maxTokens: number | undefined;
  readonly stopSequences: readonly string[];
  /** Set where the caller forces a tool call. */
  readonly tool: ToolAnswer | undefined;
}

/** The settings that travel beside the prompt: members in Converse, headers in InvokeModel. */
export interface CallSettings {
  readonly requestMetadata: Readonly<Record<string, string>>;
  /** As asked for; undefined where not asked. */
  readonly serviceTier: ServiceTierName | undefined;
  readonly latency: "standard" | "optimized" | undefined;
}

export const CACHE_TTL_MS: Readonly<Record<string, number>> = { "5m": 300_000, "1h": 3_600_000 };

/**
 * Adds up a prompt's tokens part by part, in the order in which the model reads them, and marks cacheable prefixes.
 * The digest of a prefix is only computed when a mark asks for it.
 */
export class PromptMeter {
  tokens = 0;
  readonly cachePoints: CachePoint[] = [];
  private pending: string[] = [];
  private readonly hash = createHash("sha1");

  addText(text: string): void {
    this.tokens += estimateTokens(text);
    this.pending.push(text);
  }

  addJson(value: unknown): void {
    this.tokens += estimateJsonTokens(value);
    this.pending.push(JSON.stringify(value) ?? "");
  }

  /** A part whose count is known, such as an image; `key` tells equal parts. */
  addTokens(tokens: number, key: string): void {
    this.tokens += tokens;
    this.pending.push(key);
  }

  mark(ttl: string | undefined): void {
    // Lengths go in too, so that two texts never hash like their concatenation.
    for (const part of this.pending) this.hash.update(`${part.length}:`).update(part);
    this.pending = [];
    const prefixId = this.hash.copy().digest("hex");
    this.cachePoints.push({ prefixId, tokens: this.tokens, ttlMs: CACHE_TTL_MS[ttl ?? "5m"] ?? CACHE_TTL_MS["5m"]! });
  }
}
