import type { ReplayTier } from "./replay-plan.ts";

/** What a call asks for. Counts are tokens. */
export interface PromptOrder {
  /** Of the attempt, to find it again in the service's log. */
  readonly requestId: string;
  readonly className: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** 0 = not set. */
  readonly maxTokens: number;
  readonly prefixTokens: number;
  readonly prefixId: number;
  readonly tier: ReplayTier;
  /** Characters of filler that make one token. */
  readonly charsPerToken: number;
  /** For an emulator, where several targets are called alike; undefined elsewhere. */
  readonly targetId?: string | undefined;
}

const WORDS = "lamp tree road fish wind salt moon leaf ";

/**
 * The JSON body of a Converse or ConverseStream call whose prompt has the wanted number of tokens, as far as its
 * characters per token are known. A cacheable prefix is a text of its own, equal for equal ids, with a cache point behind it. The
 * wanted length of the answer, the class and the request's number travel as `requestMetadata`.
 */
export function converseBody(order: PromptOrder): string {
  const { maxTokens, tier } = order;
  const limit = maxTokens > 0 ? `,"inferenceConfig":{"maxTokens":${maxTokens}}` : "";
  const metadata = {
    outputTokens: String(Math.max(1, order.outputTokens)),
    class: metadataText(order.className),
    requestId: order.requestId,
    ...(order.targetId === undefined ? {} : { target: metadataText(order.targetId) }),
  };
  return `{"messages":[{"role":"user","content":[${content(order)}]}]${limit}${tierMember(tier)},"requestMetadata":${JSON.stringify(metadata)}}`;
}

function content({ inputTokens, prefixTokens, prefixId, charsPerToken }: PromptOrder): string {
  const prefix = Math.min(prefixTokens, inputTokens);
  const text = (tokens: number, start: string): string => filler(Math.round(tokens * charsPerToken), start);
  if (prefix <= 0) return `{"text":"${text(Math.max(1, inputTokens), "")}"}`;
  const cached = `{"text":"${text(prefix, `shared text ${prefixId}. `)}"},{"cachePoint":{"type":"default"}}`;
  return inputTokens > prefix ? `${cached},{"text":"${text(inputTokens - prefix, "")}"}` : cached;
}

/** Text of so many characters, at least one, that begins as given; none needs escaping in JSON, all are one byte. */
function filler(chars: number, start: string): string {
  const length = Math.max(1, chars);
  const words = Math.max(0, Math.ceil((length - start.length) / WORDS.length));
  return (start + WORDS.repeat(words)).slice(0, length);
}

function tierMember(tier: ReplayTier): string {
  if (tier === "standard") return "";
  if (tier === "latency-optimized") return ',"performanceConfig":{"latency":"optimized"}';
  return `,"serviceTier":{"type":"${tier}"}`;
}

/** The service takes these characters in metadata, and no others. */
function metadataText(text: string): string {
  return text.replace(/[^a-zA-Z0-9\s:_@$#=/+,.-]/g, "_").slice(0, 256);
}
