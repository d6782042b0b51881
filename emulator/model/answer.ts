import { BYTES_PER_TOKEN, type ToolAnswer } from "./prompt.ts";

/** Why an answer ended, in Converse's words; each body format has its own spelling. */
export type StopReason = "end_turn" | "max_tokens" | "stop_sequence" | "tool_use";

/** Everything about one answer that a body format may show. */
export interface Answer {
  readonly requestId: string;
  readonly modelId: string;
  /** Input tokens that did not come from the cache and were not written to it. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly stopReason: StopReason;
  readonly stopSequence: string | undefined;
  readonly tool: ToolAnswer | undefined;
}

/** How a model family writes an answer in the body of InvokeModel and in the chunks of its streaming twin. */
export interface AnswerFormat {
  answer(answer: Answer): object;
  begin(answer: Answer): readonly object[];
  /** The chunk with the tokens from `from` (inclusive) to `to` (exclusive). */
  delta(answer: Answer, from: number, to: number): object;
  /** At least one; the last is given the invocation metrics. */
  end(answer: Answer): readonly object[];
}

/** Text of some of an answer's tokens: words, or the arguments of a tool call as JSON in as many pieces as tokens. */
export function answerPiece(answer: Answer, from: number, to: number): string {
  if (answer.tool === undefined) return answerText(from, to);
  const json = JSON.stringify(answer.tool.input);
  const at = (token: number): number => Math.floor((json.length * token) / answer.outputTokens);
  return json.slice(at(from), at(to));
}

/** The whole text of an answer. */
export function wholeText(answer: Answer): string {
  return answerPiece(answer, 0, answer.outputTokens);
}

/** An id of the length and alphabet that SDK users see, the same for the same request. */
export function derivedId(prefix: string, requestId: string): string {
  return `${prefix}${requestId.replaceAll("-", "").slice(0, 24)}`;
}

/**
 * The words of an answer. Every token is one space and three letters, so the token estimate of an answer's text is
 * exactly its number of output tokens, for the emulator and for whoever counts with the same rule.
 */
const ANSWER_WORDS =
  "one can see how the sun and sky met far off sea air was dry but our old map led you out far too low for any new bay";
const ANSWER_PERIOD = ANSWER_WORDS.split(" ")
  .map((word) => ` ${word}`)
  .join("");
const PERIOD_TOKENS = ANSWER_PERIOD.length / BYTES_PER_TOKEN;
const BLOCK_TOKENS = PERIOD_TOKENS * 256;
const ANSWER_BLOCK = ANSWER_PERIOD.repeat(257);

/** Text of the tokens from `from` (inclusive) to `to` (exclusive) of any answer. */
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
