/** The Messages API: answers and streaming events of Anthropic's models. */
import { toolInput } from "../converse/answer.ts";
import {
  type Answer,
  type AnswerBlock,
  type AnswerFormat,
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
import { parseMessages } from "./anthropic-request.ts";
import type { InvokeBody } from "./body.ts";

/**
 * Anthropic's Messages API as Bedrock offers it.
 * Source: Amazon Bedrock User Guide, Anthropic Claude Messages API; Anthropic API reference (streaming events).
 */
export const anthropicBody: InvokeBody = {
  get format() {
    return messagesFormat;
  },
  parse(body, headers) {
    const beta = headers?.["anthropic-beta"];
    const betaHeader = typeof beta === "string" ? beta : undefined;
    return { prompt: parseMessages(body, { at: "invoke", betaHeader }), format: messagesFormat };
  },
};

/** A message, whole and as events. */
export const messagesFormat: AnswerFormat = {
  answer: (answer) => ({
    ...messageHead(answer),
    content: blocksOf(answer).map((block) => contentBlock(answer, block)),
    stop_reason: answer.stopReason,
    stop_sequence: answer.stopSequence ?? null,
    usage: usage(answer, answer.outputTokens),
  }),
  begin: (answer) => [
    {
      type: "message_start",
      message: {
        ...messageHead(answer),
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: usage(answer, Math.min(1, answer.outputTokens)),
      },
    },
    ...events(answer, firstStep(answer)),
  ],
  delta: (answer, from, to) => events(answer, stepsOf(answer, from, to)),
  end: (answer) => [
    ...events(answer, lastStep(answer)),
    {
      type: "message_delta",
      delta: { stop_reason: answer.stopReason, stop_sequence: answer.stopSequence ?? null },
      usage: { output_tokens: answer.outputTokens, ...outputDetails(answer) },
    },
    { type: "message_stop" },
  ],
};

function events(answer: Answer, steps: readonly BlockStep[]): readonly object[] {
  return steps.flatMap((each): object[] => {
    const { index, kind } = each.block;
    const delta = (content: object): object => ({ type: "content_block_delta", index, delta: content });
    if (each.step === "piece") return [delta(DELTAS[kind](each.text))];
    if (each.step === "start") {
      return [{ type: "content_block_start", index, content_block: emptyBlock(answer, each.block) }];
    }
    const stop = { type: "content_block_stop", index };
    if (kind !== "thinking") return [stop];
    return [delta({ type: "signature_delta", signature: thinkingSignature(answer) }), stop];
  });
}

const DELTAS: Readonly<Record<BlockKind, (text: string) => object>> = {
  thinking: (thinking) => ({ type: "thinking_delta", thinking }),
  text: (text) => ({ type: "text_delta", text }),
  tool: (json) => ({ type: "input_json_delta", partial_json: json }),
};

/** Claude's own name for a model, without vendor and revision: `claude-sonnet-4-5-20250929`. */
export function claudeName(modelId: string): string {
  return modelId.replace(/^anthropic\./, "").replace(/-v\d+(:\d+)?$/, "");
}

function messageHead(answer: Answer): object {
  const model = claudeName(answer.modelId);
  return { model, id: derivedId("msg_bdrk_", answer.requestId), type: "message", role: "assistant" };
}

function contentBlock(answer: Answer, block: AnswerBlock): object {
  const text = blockText(answer, block);
  if (block.kind === "thinking") return { type: "thinking", thinking: text, signature: thinkingSignature(answer) };
  if (block.kind === "tool") return { ...emptyBlock(answer, block), input: toolInput(answer) };
  return { type: "text", text };
}

function emptyBlock(answer: Answer, { kind }: AnswerBlock): object {
  if (kind === "thinking") return { type: "thinking", thinking: "", signature: "" };
  if (answer.tool === undefined) return { type: "text", text: "" };
  return { type: "tool_use", id: derivedId("toolu_bdrk_", answer.requestId), name: answer.tool.name, input: {} };
}

function usage(answer: Answer, outputTokens: number): object {
  const written = (ttl: string): number => answer.cacheWrites.find((write) => write.ttl === ttl)?.tokens ?? 0;
  return {
    input_tokens: answer.inputTokens,
    cache_creation_input_tokens: answer.cacheWriteTokens,
    cache_read_input_tokens: answer.cacheReadTokens,
    cache_creation: { ephemeral_5m_input_tokens: written("5m"), ephemeral_1h_input_tokens: written("1h") },
    output_tokens: outputTokens,
    ...outputDetails(answer),
  };
}

function outputDetails({ thinkingTokens }: Answer): object {
  return thinkingTokens === 0 ? {} : { output_tokens_details: { thinking_tokens: thinkingTokens } };
}
