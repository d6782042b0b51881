/** The text of generated answers, and what every body format needs to know of an answer. */
import { BYTES_PER_TOKEN, type ToolAnswer } from "./prompt.ts";

/** Why an answer ended, in Converse's spelling; each body format has its own. */
export type StopReason = "end_turn" | "max_tokens" | "stop_sequence" | "tool_use";

/** Everything about one answer that a body format may contain. */
export interface Answer {
  readonly requestId: string;
  readonly modelId: string;
  /** Input tokens neither read from the cache nor written to it. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly stopReason: StopReason;
  readonly stopSequence: string | undefined;
  readonly tool: ToolAnswer | undefined;
}

/** How a model family writes an answer: the body of InvokeModel and the chunks of InvokeModelWithResponseStream. */
export interface AnswerFormat {
  answer(answer: Answer): object;
  begin(answer: Answer): readonly object[];
  /** The chunk with the tokens from `from` (inclusive) to `to` (exclusive). */
  delta(answer: Answer, from: number, to: number): object;
  /** At least one chunk; the invocation metrics are added to the last. */
  end(answer: Answer): readonly object[];
}

/** Text of the tokens from `from` (inclusive) to `to` (exclusive): prose, or a slice of a tool call's JSON arguments. */
export function answerPiece(answer: Answer, from: number, to: number): string {
  if (answer.tool === undefined) return answerText(from, to);
  const json = JSON.stringify(answer.tool.input);
  const at = (token: number): number => Math.floor((json.length * token) / answer.outputTokens);
  return json.slice(at(from), at(to));
}

/** Text of the whole answer. */
export function wholeText(answer: Answer): string {
  return answerPiece(answer, 0, answer.outputTokens);
}

/** An id derived from the request's, with the length and alphabet of real ones. */
export function derivedId(prefix: string, requestId: string): string {
  return `${prefix}${requestId.replaceAll("-", "").slice(0, 24)}`;
}

/**
 * Every token of the text is a space and three letters, so that the estimate of one token per four bytes gives exactly
 * the number of output tokens.
 */
const ANSWER_WORDS =
  "one can see how the sun and sky met far off sea air was dry but our old map led you out far too low for any new bay";
const ANSWER_PERIOD = ANSWER_WORDS.split(" ")
  .map((word) => ` ${word}`)
  .join("");
const PERIOD_TOKENS = ANSWER_PERIOD.length / BYTES_PER_TOKEN;
const BLOCK_TOKENS = PERIOD_TOKENS * 256;
const ANSWER_BLOCK = ANSWER_PERIOD.repeat(257);

/** Prose of the tokens from `from` (inclusive) to `to` (exclusive); the same for every answer. */
export function answerText(from: number, to: number): string {
  let text = "";
  let at = from;
  while (at < to) {
    const start = at % PERIOD_TOKENS;
    const count = Math.min(to - at, BLOCK_TOKENS);
    text += ANSWER_BLOCK.slice(start * BYTES_PER_TOKEN, (start + count) * BYTES_PER_TOKEN);
    at += count;
  }
  return text;
}

/** A stop sequence that occurs in the text of every answer. */
export interface StopMatch {
  /** Tokens before the stop sequence begins, at least 1. */
  readonly tokens: number;
  readonly sequence: string;
}

/** @returns the stop sequence that would end an answer first; undefined if the text contains none */
export function findStop(sequences: readonly string[]): StopMatch | undefined {
  let found: StopMatch | undefined;
  for (const sequence of sequences) {
    // The text is periodic: a sequence that does not start in the first period never occurs.
    const at =
      sequence === "" || sequence.length > ANSWER_BLOCK.length - ANSWER_PERIOD.length
        ? -1
        : ANSWER_BLOCK.indexOf(sequence);
    if (at < 0 || at >= ANSWER_PERIOD.length) continue;
    const tokens = Math.max(1, Math.floor(at / BYTES_PER_TOKEN));
    if (found === undefined || tokens < found.tokens) found = { tokens, sequence };
  }
  return found;
}
