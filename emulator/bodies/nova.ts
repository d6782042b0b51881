/** Requests and answers of Amazon's Nova models. */
import { contentBlock, toolUseId } from "../converse/answer.ts";
import { parseConverse } from "../converse/request.ts";
import { isObject, type JsonObject } from "../http/request-body.ts";
import { type Answer, type AnswerFormat, answerPiece } from "../model/answer.ts";
import type { InvokeBody } from "./body.ts";

/** Nearly the body of Converse; the caller checks the model's limits. Source: Amazon Nova User Guide. */
export const novaBody: InvokeBody = {
  parse(body) {
    const unlimited = { contextTokens: Number.POSITIVE_INFINITY, maxOutputTokens: Number.POSITIVE_INFINITY };
    return { prompt: parseConverse(withConverseNames(body), unlimited), format: FORMAT };
  },
};

/** Nova also accepts `max_new_tokens`, the older name of `maxTokens`. */
function withConverseNames(body: JsonObject): JsonObject {
  const config = isObject(body.inferenceConfig) ? body.inferenceConfig : {};
  const { max_new_tokens: older, maxTokens = older, ...rest } = config;
  return { ...body, inferenceConfig: maxTokens === undefined ? rest : { ...rest, maxTokens } };
}

const FORMAT: AnswerFormat = {
  answer: (answer) => ({
    output: { message: { content: [contentBlock(answer)], role: "assistant" } },
    stopReason: answer.stopReason,
    usage: usage(answer),
  }),
  begin(answer) {
    const start = { messageStart: { role: "assistant" } };
    if (answer.tool === undefined) return [start];
    const toolUse = { name: answer.tool.name, toolUseId: toolUseId(answer) };
    return [start, { contentBlockStart: { start: { toolUse }, contentBlockIndex: 0 } }];
  },
  delta(answer, from, to) {
    const piece = answerPiece(answer, from, to);
    const delta = answer.tool === undefined ? { text: piece } : { toolUse: { input: piece } };
    return { contentBlockDelta: { delta, contentBlockIndex: 0 } };
  },
  end: (answer) => [
    { contentBlockStop: { contentBlockIndex: 0 } },
    { messageStop: { stopReason: answer.stopReason } },
    { metadata: { usage: usage(answer), metrics: {}, trace: {} } },
  ],
};

function usage(answer: Answer): object {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = answer;
  return {
    inputTokens,
    outputTokens,
    totalTokens: inputTokens + cacheReadTokens + cacheWriteTokens + outputTokens,
    cacheReadInputTokenCount: cacheReadTokens,
    cacheWriteInputTokenCount: cacheWriteTokens,
  };
}
