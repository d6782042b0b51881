/** Answers in the format of Converse and ConverseStream; Nova and Anthropic share parts of it. */
import { converseFrame } from "../http/wire.ts";
import { type Answer, answerPiece, derivedId, wholeText } from "../model/answer.ts";
import type { CallSettings } from "../model/prompt.ts";

/** Settings of the request that Converse repeats in its answer. */
export type Reflected = Pick<CallSettings, "serviceTier" | "latency">;

/** The JSON answer of Converse. */
export function converseAnswer(answer: Answer, latencyMs: number, reflected: Reflected): object {
  return {
    metrics: { latencyMs },
    output: { message: { content: [contentBlock(answer)], role: "assistant" } },
    stopReason: answer.stopReason,
    usage: usageOf(answer),
    ...reflectedMembers(reflected),
  };
}

/** First frames of a ConverseStream. Only tool blocks have a contentBlockStart. */
export function converseBegin(answer: Answer): Buffer[] {
  const frames = [converseFrame("messageStart", { role: "assistant" })];
  if (answer.tool !== undefined) {
    const toolUse = { name: answer.tool.name, toolUseId: toolUseId(answer) };
    frames.push(converseFrame("contentBlockStart", { contentBlockIndex: 0, start: { toolUse } }));
  }
  return frames;
}

/** The frame of tokens `from` (inclusive) to `to` (exclusive). */
export function converseDelta(answer: Answer, from: number, to: number): Buffer {
  const piece = answerPiece(answer, from, to);
  const delta = answer.tool === undefined ? { text: piece } : { toolUse: { input: piece } };
  return converseFrame("contentBlockDelta", { contentBlockIndex: 0, delta });
}

/** Last frames of a ConverseStream; `latencyMs` is the latency at the service. */
export function converseEnd(answer: Answer, latencyMs: number, reflected: Reflected): Buffer[] {
  return [
    converseFrame("contentBlockStop", { contentBlockIndex: 0 }),
    converseFrame("messageStop", { stopReason: answer.stopReason }),
    converseFrame("metadata", { metrics: { latencyMs }, usage: usageOf(answer), ...reflectedMembers(reflected) }),
  ];
}

/** Converse's token counts; `inputTokens` excludes tokens read from the cache or written to it. */
export function usageOf(answer: Answer): object {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = answer;
  return {
    cacheReadInputTokens: cacheReadTokens,
    cacheWriteInputTokens: cacheWriteTokens,
    inputTokens,
    outputTokens,
    totalTokens: inputTokens + cacheReadTokens + cacheWriteTokens + outputTokens,
  };
}

/** The answer's one content block: text or a tool call. */
export function contentBlock(answer: Answer): object {
  if (answer.tool === undefined) return { text: wholeText(answer) };
  return { toolUse: { input: toolInput(answer), name: answer.tool.name, toolUseId: toolUseId(answer) } };
}

/** Id of the answer's tool call. */
export function toolUseId(answer: Answer): string {
  return derivedId("tooluse_", answer.requestId);
}

/** Arguments of the answer's tool call; empty if the token limit cut them off. */
export function toolInput(answer: Answer): unknown {
  return answer.stopReason === "max_tokens" ? {} : answer.tool?.input;
}

function reflectedMembers({ serviceTier, latency }: Reflected): object {
  return {
    ...(serviceTier === undefined ? {} : { serviceTier: { type: serviceTier } }),
    ...(latency === undefined ? {} : { performanceConfig: { latency } }),
  };
}
