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
