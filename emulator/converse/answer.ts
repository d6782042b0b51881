/** Answers in the format of Converse and ConverseStream; Nova and Anthropic share parts of it. */
import { type ConverseEventType, converseFrame } from "../http/wire.ts";
import {
  type Answer,
  type BlockKind,
  type BlockStep,
  blocksOf,
  blockText,
  derivedId,
  firstStep,
  lastStep,
  stepsOf,
  thinkingSignature,
} from "../model/answer.ts";
import type { CallSettings } from "../model/prompt.ts";
import type { ResponseFields } from "./response-fields.ts";

/** Settings of the request that Converse repeats in its answer, and what else of the model's answer was asked for. */
export type Reflected = Pick<CallSettings, "serviceTier" | "latency"> & {
  readonly fields?: ResponseFields | undefined;
};

/** The JSON answer of Converse. */
export function converseAnswer(answer: Answer, latencyMs: number, reflected: Reflected): object {
  return {
    metrics: { latencyMs },
    output: { message: { content: contentBlocks(answer), role: "assistant" } },
    stopReason: answer.stopReason,
    usage: usageOf(answer),
    ...reflectedMembers(answer, reflected),
    ...modelFields(answer, reflected, false),
  };
}

/** First frames of a ConverseStream. Only tool blocks have a contentBlockStart. */
export function converseBegin(answer: Answer): Buffer[] {
  return [converseFrame("messageStart", { role: "assistant" }), ...framesOf(answer, firstStep(answer))];
}

/** The frames of tokens `from` (inclusive) to `to` (exclusive). */
export function converseDelta(answer: Answer, from: number, to: number): Buffer[] {
  return framesOf(answer, stepsOf(answer, from, to));
}

/** Last frames of a ConverseStream; `latencyMs` is the latency at the service. */
export function converseEnd(answer: Answer, latencyMs: number, reflected: Reflected): Buffer[] {
  return [
    ...framesOf(answer, lastStep(answer)),
    converseFrame("messageStop", { stopReason: answer.stopReason, ...modelFields(answer, reflected, true) }),
    converseFrame("metadata", {
      metrics: { latencyMs },
      usage: usageOf(answer),
      ...reflectedMembers(answer, reflected),
    }),
  ];
}

function framesOf(answer: Answer, steps: readonly BlockStep[]): Buffer[] {
  return converseEvents(answer, steps).map(([type, payload]) => converseFrame(type, payload));
}

/** Events of a stream's blocks, by their names in Converse. */
export function converseEvents(
  answer: Answer,
  steps: readonly BlockStep[],
): readonly (readonly [type: ConverseEventType, payload: object])[] {
  return steps.flatMap((each): (readonly [ConverseEventType, object])[] => {
    const contentBlockIndex = each.block.index;
    const { kind } = each.block;
    const delta = (content: object) => ["contentBlockDelta", { contentBlockIndex, delta: content }] as const;
    if (each.step === "piece") return [delta(DELTAS[kind](each.text))];
    if (each.step === "start") {
      if (answer.tool === undefined || kind !== "tool") return [];
      const toolUse = { name: answer.tool.name, toolUseId: toolUseId(answer) };
      return [["contentBlockStart", { contentBlockIndex, start: { toolUse } }]];
    }
    const stop = ["contentBlockStop", { contentBlockIndex }] as const;
    if (kind !== "thinking") return [stop];
    return [delta({ reasoningContent: { signature: thinkingSignature(answer) } }), stop];
  });
}

const DELTAS: Readonly<Record<BlockKind, (text: string) => object>> = {
  thinking: (text) => ({ reasoningContent: { text } }),
  text: (text) => ({ text }),
  tool: (input) => ({ toolUse: { input } }),
};

/** Converse's token counts; `inputTokens` excludes tokens read from the cache or written to it. */
export function usageOf(answer: Answer): object {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, cacheWrites } = answer;
  const cacheDetails = cacheWrites.map(({ ttl, tokens }) => ({ ttl, inputTokens: tokens }));
  return {
    ...(cacheDetails.length === 0 ? {} : { cacheDetails }),
    cacheReadInputTokens: cacheReadTokens,
    cacheWriteInputTokens: cacheWriteTokens,
    inputTokens,
    outputTokens,
    totalTokens: inputTokens + cacheReadTokens + cacheWriteTokens + outputTokens,
  };
}

/** The answer's content blocks: thinking, and text or a tool call. */
export function contentBlocks(answer: Answer): readonly object[] {
  return blocksOf(answer).map((block) => {
    const text = blockText(answer, block);
    if (block.kind === "thinking") {
      return { reasoningContent: { reasoningText: { text, signature: thinkingSignature(answer) } } };
    }
    if (answer.tool === undefined) return { text };
    return { toolUse: { input: toolInput(answer), name: answer.tool.name, toolUseId: toolUseId(answer) } };
  });
}

/** Id of the answer's tool call. */
export function toolUseId(answer: Answer): string {
  return derivedId("tooluse_", answer.requestId);
}

/** Arguments of the answer's tool call; empty if the token limit cut them off. */
export function toolInput(answer: Answer): unknown {
  return answer.stopReason === "max_tokens" ? {} : answer.tool?.input;
}

function reflectedMembers(answer: Answer, reflected: Reflected): object {
  const { serviceTier } = reflected;
  const latency = latencyOf(answer, reflected);
  return {
    ...(serviceTier === undefined ? {} : { serviceTier: { type: serviceTier } }),
    ...(latency === undefined ? {} : { performanceConfig: { latency } }),
  };
}

/** The latency setting with which the call was served; undefined if it stated none. */
export function latencyOf(answer: Answer, { latency }: Pick<Reflected, "latency">): Reflected["latency"] {
  return latency === "optimized" && answer.isFallback === true ? "standard" : latency;
}

function modelFields(answer: Answer, { fields }: Reflected, isStream: boolean): object {
  const found = fields?.(answer, isStream);
  return found === undefined ? {} : { additionalModelResponseFields: found };
}
