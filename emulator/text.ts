import { BYTES_PER_TOKEN } from "./tokens.ts";

/**
 * The words of an answer. Every token is one space and three letters, so the token estimate of an answer's text is
 * exactly its number of output tokens, for the emulator and for whoever counts with the same rule.
 */
const WORDS =
  "one can see how the sun and sky met far off sea air was dry but our old map led you out far too low for any new bay";
const PERIOD = WORDS.split(" ")
  .map((word) => ` ${word}`)
  .join("");
const PERIOD_TOKENS = PERIOD.length / BYTES_PER_TOKEN;
const BLOCK_TOKENS = PERIOD_TOKENS * 256;
const BLOCK = PERIOD.repeat(257);

/** Text of the tokens from `from` (inclusive) to `to` (exclusive) of any answer. */
export function answerText(from: number, to: number): string {
  let text = "";
  let at = from;
  while (at < to) {
    const start = at % PERIOD_TOKENS;
    const count = Math.min(to - at, BLOCK_TOKENS);
    text += BLOCK.slice(start * BYTES_PER_TOKEN, (start + count) * BYTES_PER_TOKEN);
    at += count;
  }
  return text;
}

export interface StopMatch {
  /** Tokens before the stop sequence begins, at least 1. */
  readonly tokens: number;
  readonly sequence: string;
}

/** Where the first of the stop sequences would cut an answer; undefined if the text never contains one. */
export function findStop(sequences: readonly string[]): StopMatch | undefined {
  let found: StopMatch | undefined;
  for (const sequence of sequences) {
    // The text is periodic, so a sequence that does not begin in the first period never begins.
    const at = sequence === "" || sequence.length > BLOCK.length - PERIOD.length ? -1 : BLOCK.indexOf(sequence);
    if (at < 0 || at >= PERIOD.length) continue;
    const tokens = Math.max(1, Math.floor(at / BYTES_PER_TOKEN));
    if (found === undefined || tokens < found.tokens) found = { tokens, sequence };
  }
  return found;
}
