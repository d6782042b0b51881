import type { RandomStream } from "../../../simulator/random/random-stream.ts";

/** Common English words: at least two characters for every token of any tokenizer in use, four on the average. */
const WORDS = "lamp tree road fish wind salt moon leaf hill rain boat corn".split(" ");
const CHARS_PER_TOKEN = 4;
const TASK = "Write a long story about these words: ";

/**
 * A prompt of about so many input tokens at four characters each. It begins differently each time, so that no cache of
 * prompts can answer for the machines.
 */
export function probePrompt(inputTokens: number, random: RandomStream): string {
  const length = Math.max(1, Math.round(inputTokens * CHARS_PER_TOKEN));
  const word = () => WORDS[Math.floor(random.next() * WORDS.length)]!;
  let text = `${word()} ${word()} ${word()}. ${TASK}`;
  while (text.length < length) text += `${word()} `;
  return text.slice(0, length);
}

/** No tokenizer makes more tokens of `probePrompt`'s text; the frame of a chat adds some of its own. */
export function inputTokensMax(inputTokens: number): number {
  return Math.ceil((inputTokens * CHARS_PER_TOKEN) / 2) + 100;
}
