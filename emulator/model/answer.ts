/** What is in an answer: its content blocks, the text of its tokens, and what every body format needs to know of it. */
import { createHash } from "node:crypto";
import { BYTES_PER_TOKEN, type ToolAnswer } from "./prompt.ts";

/** Why an answer ended, in Converse's spelling; each body format has its own. */
export type StopReason = "end_turn" | "max_tokens" | "stop_sequence" | "tool_use";

/** Everything about one answer that a body format may contain. */
export interface Answer {
  readonly requestId: string;
  readonly modelId: string;
  /** Input tokens neither read from the cache nor written to it. */
  readonly inputTokens: number;
  /** 0 for an answer without content. */
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** Cache writes by time to live, the longest first. */
  readonly cacheWrites: readonly CacheWrite[];
  readonly stopReason: StopReason;
  readonly stopSequence: string | undefined;
  readonly tool: ToolAnswer | undefined;
  /** JSON that is the whole text of a structured answer. */
  readonly structured?: string | undefined;
  /** The first of the output tokens, spent on thinking. */
  readonly thinkingTokens: number;
  /** The call asked to be served latency-optimised, and was served as a standard one. */
  readonly isFallback?: boolean | undefined;
  /** False: thinking is billed, but only its signature is in the answer. */
  readonly isThinkingShown: boolean;
}

/** Tokens written to the cache with one time to live. */
export interface CacheWrite {
  readonly ttl: "5m" | "1h";
  readonly tokens: number;
}

/** How a model family writes an answer: the body of InvokeModel and the chunks of InvokeModelWithResponseStream. */
export interface AnswerFormat {
  answer(answer: Answer): object;
  begin(answer: Answer): readonly object[];
  /** The chunks with the tokens from `from` (inclusive) to `to` (exclusive), usually one. */
  delta(answer: Answer, from: number, to: number): readonly object[];
  /** At least one chunk; the invocation metrics are added to the last. */
  end(answer: Answer): readonly object[];
  /** The chunks in place of the rest, when it fails after `begin`; without it, the API's errors. */
  fail?(error: { readonly code: string; readonly message: string }): readonly object[];
}

export type BlockKind = "thinking" | "text" | "tool";

/** A content block and its tokens, `from` (inclusive) to `to` (exclusive). */
export interface AnswerBlock {
  readonly kind: BlockKind;
  readonly index: number;
  readonly from: number;
  readonly to: number;
}

/** The content blocks of an answer in order: thinking if there is any, then the text or the tool call. */
export function blocksOf(answer: Answer): readonly AnswerBlock[] {
  const { outputTokens, thinkingTokens, tool } = answer;
  const spans: { readonly kind: BlockKind; readonly from: number; readonly to: number }[] = [
    { kind: "thinking", from: 0, to: thinkingTokens },
    { kind: tool === undefined ? "text" : "tool", from: thinkingTokens, to: outputTokens },
  ];
  return spans.filter(({ from, to }) => to > from).map((span, index) => ({ ...span, index }));
}

/** What happens to a block in a stream; `text` is a piece of its content, never empty. */
export type BlockStep =
  | { readonly step: "start" | "stop"; readonly block: AnswerBlock }
  | { readonly step: "piece"; readonly block: AnswerBlock; readonly text: string };

/** The start of the first block, which a stream announces with its head. */
export function firstStep(answer: Answer): readonly BlockStep[] {
  return blocksOf(answer)
    .slice(0, 1)
    .map((block) => ({ step: "start", block }));
}

/** The end of the last block. */
export function lastStep(answer: Answer): readonly BlockStep[] {
  return blocksOf(answer)
    .slice(-1)
    .map((block) => ({ step: "stop", block }));
}

/** What the tokens from `from` (inclusive) to `to` (exclusive) add: pieces, and the change from one block to the next. */
export function stepsOf(answer: Answer, from: number, to: number): readonly BlockStep[] {
  const blocks = blocksOf(answer);
  return blocks.flatMap((block): BlockStep[] => {
    const [begin, end] = [Math.max(from, block.from), Math.min(to, block.to)];
    if (begin >= end) return [];
    const text = pieceOf(answer, block, begin, end);
    return [
      ...(begin === block.from && block.index > 0 ? [{ step: "start" as const, block }] : []),
      ...(text === "" ? [] : [{ step: "piece" as const, block, text }]),
      ...(end === block.to && block.index < blocks.length - 1 ? [{ step: "stop" as const, block }] : []),
    ];
  });
}

/** Content of a whole block. */
export function blockText(answer: Answer, block: AnswerBlock): string {
  return pieceOf(answer, block, block.from, block.to);
}

function pieceOf(answer: Answer, block: AnswerBlock, from: number, to: number): string {
  if (block.kind === "thinking" && !answer.isThinkingShown) return "";
  const json = block.kind === "thinking" ? undefined : jsonOf(answer);
  if (json === undefined) return answerText(from - block.from, to - block.from);
  const tokens = block.to - block.from;
  // A limit cuts the JSON off; otherwise it is spread over however many tokens the answer has.
  const length = answer.stopReason === "max_tokens" ? Math.min(json.length, tokens * BYTES_PER_TOKEN) : json.length;
  const at = (token: number): number => Math.floor((length * (token - block.from)) / tokens);
  return json.slice(at(from), at(to));
}

function jsonOf({ tool, structured }: Answer): string | undefined {
  return tool === undefined ? structured : JSON.stringify(tool.input);
}

/** Text of the tokens from `from` (inclusive) to `to` (exclusive), for formats with a single block and no thinking. */
export function answerPiece(answer: Answer, from: number, to: number): string {
  return stepsOf(answer, from, to)
    .map((step) => (step.step === "piece" && step.block.kind !== "thinking" ? step.text : ""))
    .join("");
}

/** Text of the whole answer, without thinking. */
export function wholeText(answer: Answer): string {
  return answerPiece(answer, 0, answer.outputTokens);
}

/** Proof that thinking is the model's own, which callers send back unchanged. */
export function thinkingSignature(answer: Answer): string {
  return createHash("sha512").update(`${answer.requestId} ${answer.thinkingTokens}`).digest("base64");
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
