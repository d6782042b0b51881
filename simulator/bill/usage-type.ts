/** What an AWS usage type says: billed region, token kind, tier, routing, and the model of first-party usage. */
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
  /** Undefined: no tokens of a text model (images, guardrails, storage, ...), or capacity that is paid by the hour. */
  readonly tokenKind: TokenKind | undefined;
  readonly tier: UsageTier;
  /** `global`: through a global profile; in-region and geographic profiles share a usage type. */
  readonly routing: "regional" | "global";
  /** The prompt was above the model's threshold for long prompts. */
  readonly isLongPrompt: boolean;
  /** Name or id of the model as written, e.g. `NovaLite`; marketplace usage names the model in its service. */
  readonly model: string | undefined;
  /** As the marketplace meters it: in `Units` of a million tokens. */
  readonly isMarketplace: boolean;
}

/**
 * Reads a usage type by its words, since AWS has written them in several ways: `USE1-NovaLite-input-tokens-batch`,
 * `USE1-MP:USE1_CacheReadInputTokenCount_Global-Units`, `EUC1-MP:EUC1_cache_write_tokens_1h_global_standard-Units`,
 * `APN1-Nova2.0Lite-input-tokens-cross-region-global`, `USW2-anthropic.claude-opus-4-8-mantle-cache-write-tokens-global-standard`.
 * Source: AWS Price List Bulk API, attribute `usagetype` of the offers AmazonBedrock, AmazonBedrockService and
 * AmazonBedrockFoundationModels; Bedrock user guide, "Understanding your Cost and Usage Report data".
 *
 * @example readUsageType("USE1-MP:USE1_InputTokenCount_Global-Units").routing // => "global"
 */
export function readUsageType(usageType: string): UsageTypeFacts {
  const [, prefix, rest] = /^(?:([A-Z]{2,4}\d{1,2}|EU)-)?(.*)$/.exec(usageType.trim())!;
  const [, code, metered] = /^(?:MP:)?(?:([A-Z]{2,4}\d{1,2}|EU)[_-])?(.*)$/.exec(rest!)!;
  const words = wordsOf(metered!);
  const has = (...wanted: string[]) => wanted.every((word) => words.includes(word));
  const tokenKind = tokenKindOf(words);
  const isMarketplace = /^MP:/.test(rest!) || (code !== undefined && /-Units$/.test(rest!));
  return {
    region: REGION_OF_USAGE_PREFIX[prefix ?? code ?? ""],
    tokenKind,
    tier: tierOf(words),
    routing: has("global") ? "global" : "regional",
    isLongPrompt: has("long", "context") || has("long", "ctx") || has("lctx") || has("longcontext"),
    model: isMarketplace || tokenKind === undefined ? undefined : modelOf(rest!),
    isMarketplace,
  };
}

/** `CacheReadInputTokenCount` and `cache-read-input-token-count` are both cache, read, input, token, count. */
function wordsOf(text: string): readonly string[] {
  return text
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .replace(/(read|write)(\d+[mh])/gi, "$1 $2")
    .toLowerCase()
    .replace(/cache(read|write)/g, "cache $1")
    .split(/[^a-z0-9.]+/)
    .filter((word) => word !== "");
}

function tokenKindOf(words: readonly string[]): TokenKind | undefined {
  const isTokens = words.some((word) => word === "token" || word === "tokens");
  if (!isTokens || words.some((word) => OTHER_USAGE.has(word))) return undefined;
  if (words.includes("cache")) {
    if (words.includes("read")) return "cacheRead";
    if (words.includes("write")) return words.includes("1h") ? "cacheWrite1h" : "cacheWrite";
    return undefined;
  }
  if (words.includes("output")) return "output";
  return words.includes("input") ? "input" : undefined;
}

/** Tokens that no text model answers with, models that cannot be had elsewhere, and capacity by the hour. */
const OTHER_USAGE: ReadonlySet<string> = new Set([
  "image",
  "audio",
  "speech",
  "video",
  "embedding",
  "embeddings",
  "embed",
  "rerank",
  "training",
  "customization",
  "custom",
  "reserved",
  "tpm",
  "provisioned",
]);

/** Words with which first-party usage types go on after the model. */
const AFTER_MODEL = /^(mantle|text|latency|cache|cacheread|cachewrite|input|output|prompt|batch|flex|priority)$/i;

/** What stands before the first of those words: `Llama4-Maverick-17B`, `anthropic.claude-opus-4-8`. */
function modelOf(rest: string): string | undefined {
  const parts = rest.split("-");
  const end = parts.findIndex((part) => AFTER_MODEL.test(part));
  return end <= 0 ? undefined : parts.slice(0, end).join("-");
}

/**
 * What usage of Bedrock that is no tokens of a text model is for, in a few words.
 *
 * @example featureOf("USE1-Guardrail-ContentPolicyUnitsConsumed") // => "guardrails"
 */
export function featureOf(usageType: string): string {
  const words = wordsOf(usageType).join(" ");
  return FEATURES.find(([pattern]) => pattern.test(words))?.[1] ?? "other";
}

const FEATURES: readonly (readonly [RegExp, string])[] = [
  [/guardrail/, "guardrails"],
  [/custom model import|model copy/, "custom model import"],
  [/reserved|tpm/, "reserved capacity"],
  [/provisioned|model units?\b/, "provisioned throughput"],
  [/knowledge ?base|\bkb\b|retrieval|vector/, "knowledge bases"],
  [/data ?automation/, "data automation"],
  [/custom|training/, "model customization"],
  [/rerank|search units/, "rerank"],
  [/embed/, "embeddings"],
  [/image|canvas|stable|t2i/, "images"],
  [/video|reel/, "video"],
  [/speech|audio|sonic/, "speech"],
  [/agent|flow|session|memory|gateway|browser|interpreter/, "agents and flows"],
  [/prompt ?(routing|router)|intelligent/, "prompt routing"],
  [/evaluation/, "model evaluation"],
  [/storage/, "storage"],
];

function tierOf(words: readonly string[]): UsageTier {
  if (words.includes("provisioned")) return "provisioned";
  if (words.includes("reserved") || words.includes("tpm")) return "reserved";
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

/** Source: AWS billing documentation, "AWS Region billing codes", and the Price List's usagetype and regionCode. */
export const REGION_OF_USAGE_PREFIX: Readonly<Record<string, string>> = {
  USE1: "us-east-1",
  USE2: "us-east-2",
  USW1: "us-west-1",
  USW2: "us-west-2",
  CAN1: "ca-central-1",
  CAN2: "ca-west-1",
  MXC1: "mx-central-1",
  SAE1: "sa-east-1",
  EU: "eu-west-1",
  EUW1: "eu-west-1",
  EUW2: "eu-west-2",
  EUW3: "eu-west-3",
  EUC1: "eu-central-1",
  EUC2: "eu-central-2",
  EUN1: "eu-north-1",
  EUS1: "eu-south-1",
  EUS2: "eu-south-2",
  ILC1: "il-central-1",
  MES1: "me-south-1",
  MEC1: "me-central-1",
  AFS1: "af-south-1",
  APN1: "ap-northeast-1",
  APN2: "ap-northeast-2",
  APN3: "ap-northeast-3",
  APS1: "ap-southeast-1",
  APS2: "ap-southeast-2",
  APS3: "ap-south-1",
  APS4: "ap-southeast-3",
  APS5: "ap-south-2",
  APS6: "ap-southeast-4",
  APS7: "ap-southeast-5",
  APE1: "ap-east-1",
  UGW1: "us-gov-west-1",
  UGE1: "us-gov-east-1",
};
