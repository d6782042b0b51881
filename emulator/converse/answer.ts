import { converseFrame } from "../http/wire.ts";
import { type Answer, answerPiece, derivedId, wholeText } from "../model/answer.ts";
import type { CallSettings } from "../model/prompt.ts";

/** What Converse repeats from the request in its answer. */
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

/** First frames of a ConverseStream. Text blocks have no contentBlockStart; tool blocks do. */
export function converseBegin(answer: Answer): Buffer[] {
  const frames = [converseFrame("messageStart", { role: "assistant" })];
  if (answer.tool !== undefined) {
    const toolUse = { name: answer.tool.name, toolUseId: toolUseId(answer) };
    frames.push(converseFrame("contentBlockStart", { contentBlockIndex: 0, start: { toolUse } }));
  }
  return frames;
}

export function converseDelta(answer: Answer, from: number, to: number): Buffer {
  const piece = answerPiece(answer, from, to);
  const delta = answer.tool === undefined ? { text: piece } : { toolUse: { input: piece } };
  return converseFrame("contentBlockDelta", { contentBlockIndex: 0, delta });
}

export function converseEnd(answer: Answer, latencyMs: number, reflected: Reflected): Buffer[] {
  return [
    converseFrame("contentBlockStop", { contentBlockIndex: 0 }),
    converseFrame("messageStop", { stopReason: answer.stopReason }),
    converseFrame("metadata", { metrics: { latencyMs }, usage: usageOf(answer), ...reflectedMembers(reflected) }),
  ];
}

/** Converse's usage; `inputTokens` leaves out what the cache read or wrote. */
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

export function contentBlock(answer: Answer): object {
  if (answer.tool === undefined) return { text: wholeText(answer) };
  return { toolUse: { input: toolInput(answer), name: answer.tool.name, toolUseId: toolUseId(answer) } };
}

export function toolUseId(answer: Answer): string {
  return derivedId("tooluse_", answer.requestId);
}

/** A call that the limit cut short has no complete arguments. */
export function toolInput(answer: Answer): unknown {
  return answer.stopReason === "max_tokens" ? {} : answer.tool?.input;
}

function reflectedMembers({ serviceTier, latency }: Reflected): object {
  return {
    ...(serviceTier === undefined ? {} : { serviceTier: { type: serviceTier } }),
    ...(latency === undefined ? {} : { performanceConfig: { latency } }),
  };
}
