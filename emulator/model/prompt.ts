import { createHash } from "node:crypto";
import { isObject, type JsonObject } from "../http/request-body.ts";
import type { CachePoint, ServiceTierName } from "./backend.ts";

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

/**
 * A deterministic estimate of token counts: one token per four UTF-8 bytes, rounded up per text. It is no
 * tokenizer; a caller who knows the true count sends it as `requestMetadata.inputTokens`.
 *
 * The rule of four characters a token is the one model vendors give for English; bytes instead of characters give
 * CJK text about 0.75 token a character, near what tokenizers do.
 */
export const BYTES_PER_TOKEN = 4;

/** Tokens of an image block, about what a 1,100 x 1,100 picture costs under Claude's (width x height / 750) rule. */
export const IMAGE_TOKENS = 1600;

/** @returns tokens of a text, 0 for an empty one */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

/** Tokens of a structure that is shown to the model as JSON, such as a tool specification. */
export function estimateJsonTokens(value: unknown): number {
  const text = JSON.stringify(value);
  return text === undefined ? 0 : estimateTokens(text);
}

/** Reads a count that a caller sends as text: a whole number of at most 9 digits, at least `least`. */
export function countFromMetadata(text: string | undefined, least: number): number | undefined {
  if (text === undefined || !/^\d{1,9}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least ? value : undefined;
}

/** A tool call as the answer: the emulator makes one where the caller's tool choice forces it. */
export interface ToolAnswer {
  readonly name: string;
  /** Arguments that satisfy the tool's schema as far as its types go. */
  readonly input: unknown;
}

const MAX_DEPTH = 8;

/** The smallest value that a JSON schema's types, enums, defaults and required members allow. */
export function sampleOfSchema(schema: unknown, depth = 0): unknown {
  if (!isObject(schema) || depth > MAX_DEPTH) return {};
  for (const member of ["const", "default"]) if (Object.hasOwn(schema, member)) return schema[member];
  for (const member of ["enum", "examples"]) {
    const values = schema[member];
    if (Array.isArray(values) && values.length > 0) return values[0];
  }
  for (const member of ["anyOf", "oneOf"]) {
    const choices = schema[member];
    if (Array.isArray(choices) && choices.length > 0) return sampleOfSchema(choices[0], depth + 1);
  }
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case "string":
      return "sample";
    case "integer":
    case "number":
      return typeof schema.minimum === "number" ? schema.minimum : 1;
    case "boolean":
      return true;
    case "null":
      return null;
    case "array":
      return typeof schema.minItems === "number" && schema.minItems > 0
        ? [sampleOfSchema(schema.items, depth + 1)]
        : [];
    default:
      return sampleOfObject(schema, depth);
  }
}

function sampleOfObject(schema: JsonObject, depth: number): JsonObject {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const names = Array.isArray(schema.required) ? schema.required : Object.keys(properties);
  const entries = names
    .filter((name): name is string => typeof name === "string")
    .map((name) => [name, sampleOfSchema(properties[name], depth + 1)] as const);
  return Object.fromEntries(entries);
}
