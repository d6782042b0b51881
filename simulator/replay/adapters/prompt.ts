import type { PromptOrder } from "./adapter.ts";

/** A prompt's text in two parts; either may be "", not both. */
export interface PromptTexts {
  /** The cacheable prefix, equal for equal ids. */
  readonly prefix: string;
  readonly rest: string;
}

const WORDS = "lamp tree road fish wind salt moon leaf ";

/**
 * Texts that have the wanted number of tokens, as far as the characters per token are known. They are of ASCII that
 * needs no escaping in JSON.
 */
export function promptTexts(order: PromptOrder): PromptTexts {
  const { inputTokens, prefixTokens, prefixId, charsPerToken, salt } = order;
  const text = (tokens: number, start: string): string => filler(Math.round(tokens * charsPerToken), start);
  const [request] = order.requestId.split(".", 1);
  const own = salt === "" ? "" : `${salt} ${request} `;
  const prefix = Math.min(prefixTokens, inputTokens);
  if (prefix <= 0) return { prefix: "", rest: text(Math.max(1, inputTokens), own) };
  const shared = `${salt === "" ? "" : `${salt} `}shared text ${prefixId}. `;
  return { prefix: text(prefix, shared), rest: inputTokens > prefix ? text(inputTokens - prefix, own) : "" };
}

/** Text of so many characters, at least one, that begins as given. */
function filler(chars: number, start: string): string {
  const length = Math.max(1, chars);
  const words = Math.max(0, Math.ceil((length - start.length) / WORDS.length));
  return (start + WORDS.repeat(words)).slice(0, length);
}
