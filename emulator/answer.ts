import { answerText } from "./text.ts";
import type { ToolAnswer } from "./tool-answer.ts";

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
