/** What a request asks of the model: its estimated tokens, cacheable prefixes and forced tool call; and a prompt cache. */

import { createHash } from "node:crypto";
import { HOUR_MS, MINUTE_MS } from "../../simulator/base/time.ts";
import { ServiceError } from "../http/errors.ts";
import type { CachePoint, InferenceCall, ServiceTierName } from "./backend.ts";

/** What a request asks of the model, independent of its body format. */
export interface ParsedPrompt {
  readonly inputTokens: number;
  readonly cachePoints: readonly CachePoint[];
  readonly maxTokens: number | undefined;
  readonly stopSequences: readonly string[];
  /** The answer, when the caller forces a tool call. */
  readonly tool: ToolAnswer | undefined;
  /** The beginning of the answer, with which the conversation ends. */
  readonly prefill?: string | undefined;
  /** Names of the tools that the caller offers. */
  readonly toolNames?: readonly string[] | undefined;
  /** With what the message begins whose calls of tools the conversation ends by answering; undefined if it does not. */
  readonly toolLoop?: { readonly at: string; readonly type: string } | undefined;
  /** Sampling parameters that the caller set. */
  readonly sampling?: Sampling | undefined;
  readonly thinking?: ThinkingRequest | undefined;
  /** Betas of the model's vendor that the caller asks for. */
  readonly betas?: readonly string[] | undefined;
  /** The answer's JSON, when the caller asks for one that satisfies a schema. */
  readonly structured?: string | undefined;
}

/** Undefined: not set. */
export interface Sampling {
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
}

/** Whether and how the model is to think before it answers. */
export interface ThinkingRequest {
  readonly mode: "budget" | "adaptive" | "disabled";
  /** Most tokens of thinking; only of the mode `budget`. */
  readonly budgetTokens: number | undefined;
  /** The caller wants to read it. */
  readonly isShown: boolean;
}

/** Settings besides the prompt: members of the body in Converse, headers in InvokeModel. */
export interface CallSettings {
  readonly requestMetadata: Readonly<Record<string, string>>;
  /** As requested; undefined if not requested. */
  readonly serviceTier: ServiceTierName | undefined;
  readonly latency: "standard" | "optimized" | undefined;
}

/** Times to live of a cache checkpoint, ms. */
export const CACHE_TTL_MS: Readonly<Record<string, number>> = { "5m": 5 * MINUTE_MS, "1h": HOUR_MS };

/**
 * Adds up a prompt's tokens part by part, in the order in which the model reads them, and marks cacheable prefixes.
 * Digests are computed only at marks.
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

  /** Adds a part with a known count, such as an image; `key` identifies its content. */
  addTokens(tokens: number, key: string): void {
    this.tokens += tokens;
    this.pending.push(key);
  }

  /** Ends a cacheable prefix here; `ttl` is a key of `CACHE_TTL_MS`, `5m` by default; `at` is the path of the mark. */
  mark(ttl: string | undefined, at: string): void {
    // Lengths are hashed too, so that two texts never hash like their concatenation.
    for (const part of this.pending) this.hash.update(`${part.length}:`).update(part);
    this.pending = [];
    const prefixId = this.hash.copy().digest("hex");
    this.cachePoints.push({
      prefixId,
      tokens: this.tokens,
      ttlMs: CACHE_TTL_MS[ttl ?? "5m"] ?? CACHE_TTL_MS["5m"]!,
      at,
    });
  }
}

/**
 * Token counts are estimated as one token per four UTF-8 bytes, rounded up per text. Callers that know the true count
 * send it as `requestMetadata.inputTokens`. Four characters per token is the vendors' rule for English; counting bytes
 * instead gives CJK text about 0.75 token per character, close to real tokenizers.
 */
export const BYTES_PER_TOKEN = 4;

/** Tokens of an image block, about what a 1,100 x 1,100 picture costs under Claude's (width x height / 750) rule. */
export const IMAGE_TOKENS = 1600;

/** @returns tokens of a text, 0 for an empty one */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

/** @returns tokens of a value that the model reads as JSON, such as a tool specification */
export function estimateJsonTokens(value: unknown): number {
  const text = JSON.stringify(value);
  return text === undefined ? 0 : estimateTokens(text);
}

/**
 * Reads a count that the caller states in `requestMetadata`.
 *
 * @param name  member, such as `inputTokens`
 * @param least smallest count
 * @returns undefined if it is not stated
 * @throws ServiceError ValidationException for anything but a whole number of at most nine digits
 */
export function countFromMetadata(
  metadata: Readonly<Record<string, string>>,
  name: string,
  least: number,
): number | undefined {
  const text = Object.hasOwn(metadata, name) ? metadata[name] : undefined;
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text);
  throw new ServiceError(
    "ValidationException",
    `requestMetadata.${name} states a number of tokens: it must be a whole number from ${least} to 999999999, not '${text.slice(0, 40)}'.`,
  );
}

/** A tool call as the answer; only given when the caller's tool choice forces one. */
export interface ToolAnswer {
  readonly name: string;
  /** Arguments that satisfy the tool's schema. */
  readonly input: unknown;
}

/**
 * Tools take turns, so that a loop ends in which one of them is the answer (agent frameworks offer their output as a tool).
 *
 * @param tools    those on offer, at least one
 * @param messages the conversation, oldest first
 * @param callsOf  number of calls in a message
 * @param isAsked  a message is the caller's own, and not the result of a tool
 * @returns the first tool for a new question, after each call the next one
 * @example nextTool(["a", "b"], ["call"], () => 1, () => false) // => "b"
 */
export function nextTool<Tool, Message>(
  tools: readonly Tool[],
  messages: readonly Message[],
  callsOf: (message: Message) => number,
  isAsked: (message: Message) => boolean,
): Tool | undefined {
  const since = messages.slice(messages.findLastIndex(isAsked) + 1);
  const calls = since.reduce((sum, message) => sum + callsOf(message), 0);
  return tools[calls % tools.length];
}

/** Prompt tokens read from the cache and written to it. */
export interface CacheUse {
  readonly readTokens: number;
  readonly writeTokens: number;
}

/** A cache of prompt prefixes by account, serving region and model; a hit renews the entry's time to live. */
export interface PromptCache {
  use(call: InferenceCall, destinationRegion: string, nowMs: number): CacheUse;
}

const NO_USE: CacheUse = { readTokens: 0, writeTokens: 0 };
const MAX_ENTRIES = 50_000;

/** Shortest prefix that is cached for models of which it is not known. */
const USUAL_MINIMUM_TOKENS = 1024;

/**
 * Reads the longest cached prefix and writes the rest up to the last checkpoint. Prefixes shorter than the model's
 * minimum are not cached, as on the service.
 * Source: Amazon Bedrock User Guide, Prompt caching.
 */
export function createPromptCache(): PromptCache {
  const expiresMs = new Map<string, number>();

  return {
    use(call, destinationRegion, nowMs) {
      const minimumTokens = call.cacheMinimumTokens ?? USUAL_MINIMUM_TOKENS;
      const points = call.cachePoints.filter((point) => point.tokens >= minimumTokens);
      const last = points.at(-1);
      if (last === undefined) return NO_USE;
      const scope = `${call.accountId} ${destinationRegion} ${call.modelId} `;
      let readTokens = 0;
      for (const point of points) {
        if ((expiresMs.get(scope + point.prefixId) ?? 0) > nowMs) readTokens = point.tokens;
      }
      for (const point of points) store(scope, point, nowMs);
      return { readTokens, writeTokens: last.tokens - readTokens };
    },
  };

  function store(scope: string, point: CachePoint, nowMs: number): void {
    const key = scope + point.prefixId;
    // Deleting first keeps the map in order of last use, so that the least recently used entry is evicted.
    expiresMs.delete(key);
    expiresMs.set(key, nowMs + point.ttlMs);
    if (expiresMs.size > MAX_ENTRIES) expiresMs.delete(expiresMs.keys().next().value!);
  }
}
