/** What an AWS usage type says: billed region, token kind, tier, routing, and the model of first-party usage. */
import { REGION_OF_USAGE_PREFIX } from "./usage-prefixes.ts";

export const TOKEN_KINDS = ["input", "output", "cacheRead", "cacheWrite", "cacheWrite1h"] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

export const USAGE_TIERS = [
  "standard",
  "batch",
  "flex",
  "priority",
  "latency-optimized",
  "reserved",
  "provisioned",
] as const;
export type UsageTier = (typeof USAGE_TIERS)[number];

export interface UsageTypeFacts {
  /** By the prefix `USE1-`; undefined where there is none or it is unknown. */
  readonly region: string | undefined;
  /** Undefined: no tokens of a text model (images, guardrails, storage, ...). */
  readonly tokenKind: TokenKind | undefined;
  readonly tier: UsageTier;
  /** `global`: through a global profile; in-region and geographic profiles share a usage type. */
  readonly routing: "regional" | "global";
  /** The prompt was above the model's threshold for long prompts. */
  readonly isLongPrompt: boolean;
  /** Name of a first-party model as written, e.g. `NovaLite`; marketplace usage names the model in its service. */
  readonly model: string | undefined;
}

/**
 * Reads a usage type by its words, since AWS has written them in several ways: `USE1-NovaLite-input-tokens-batch`,
 * `USE1-MP:USE1_CacheReadInputTokenCount_Global-Units`, `EUC1-MP:EUC1_cache_write_tokens_1h_global_standard-Units`,
 * `APN1-Nova2.0Lite-input-tokens-cross-region-global`.
 * Source: AWS Price List Bulk API, attribute `usagetype` of the offers AmazonBedrock and AmazonBedrockFoundationModels.
 *
 * @example readUsageType("USE1-MP:USE1_InputTokenCount_Global-Units").routing // => "global"
 */
export function readUsageType(usageType: string): UsageTypeFacts {
  const [, prefix, rest] = /^(?:([A-Z]{2,3}\d{1,2}|EU|UGW1|UGE1)-)?(.*)$/.exec(usageType)!;
  const isMarketplace = /^MP:/.test(rest!);
  const words = wordsOf(rest!.replace(/^MP:(?:[A-Z]{2,3}\d{1,2}[_-])?/, ""));
  const has = (...wanted: string[]) => wanted.every((word) => words.includes(word));
  const tokenKind = tokenKindOf(words);
  return {
    region: prefix === undefined ? undefined : REGION_OF_USAGE_PREFIX[prefix],
    tokenKind,
    tier: tierOf(words),
    routing: has("global") ? "global" : "regional",
    isLongPrompt: has("long", "context") || has("lctx") || has("longcontext"),
    model:
      isMarketplace || tokenKind === undefined
        ? undefined
        : /^([A-Za-z0-9.]+(?:-[\d.]+[A-Za-z0-9.]*)*)-/.exec(rest!)?.[1],
  };
}

/** `CacheReadInputTokenCount` and `cache-read-input-token-count` are both cache, read, input, token, count. */
function wordsOf(text: string): readonly string[] {
  return text
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9.]+/)
    .filter((word) => word !== "");
}

function tokenKindOf(words: readonly string[]): TokenKind | undefined {
  const isTokens = words.some((word) => word === "token" || word === "tokens" || word === "tpm");
  if (!isTokens || words.some((word) => OTHER_USAGE.has(word))) return undefined;
  if (words.includes("cache")) {
    if (words.includes("read")) return "cacheRead";
    if (words.includes("write")) return words.includes("1h") ? "cacheWrite1h" : "cacheWrite";
    return undefined;
  }
  if (words.includes("output")) return "output";
  return words.includes("input") ? "input" : undefined;
}

/** Tokens that no text model answers with. */
const OTHER_USAGE: ReadonlySet<string> = new Set([
  "image",
  "audio",
  "speech",
  "video",
  "embedding",
  "embed",
  "rerank",
  "training",
]);

function tierOf(words: readonly string[]): UsageTier {
  if (words.includes("provisioned") || words.includes("provisionedthroughput")) return "provisioned";
  if (words.includes("reserved")) return "reserved";
  if (words.includes("batch")) return "batch";
  if (words.includes("flex")) return "flex";
  if (words.includes("priority")) return "priority";
  return words.includes("latency") ? "latency-optimized" : "standard";
}

/** Tokens in one of the unit that a bill counts in; undefined for a unit that does not count tokens. */
export function tokensPerUnit(unit: string | undefined, isMarketplace: boolean): number | undefined {
  const words = (unit ?? "").trim().toLowerCase();
  if (/^(1m|million|1,000,000)[ -]?tokens?$|^m ?tokens?$|^milliontokens$/.test(words)) return 1_000_000;
  if (/^(1k|1,?000|thousand)[ -]?tokens?$|^k ?tokens?$/.test(words)) return 1_000;
  if (/^tokens?$/.test(words)) return 1;
  // The marketplace counts "Units" of a million tokens; elsewhere "Units" may be of anything.
  return isMarketplace && /^units?$/.test(words) ? 1_000_000 : undefined;
}
