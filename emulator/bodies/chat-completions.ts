/** The chat-completions format, which many families share. */
import { isObject, type JsonObject } from "../http/request-body.ts";
import { type Answer, type AnswerFormat, answerPiece, derivedId, wholeText } from "../model/answer.ts";
import { type ParsedPrompt, PromptMeter } from "../model/prompt.ts";
import { type InvokeBody, malformedInput, optionalInteger, optionalTexts } from "./body.ts";

/**
 * Chat completions as OpenAI, DeepSeek, Qwen and others accept them; also the fallback for families without a format of
 * their own here. Source: Amazon Bedrock User Guide, OpenAI models.
 */
export const chatCompletionsBody: InvokeBody = {
  parse(body) {
    return { prompt: parseChat(body), format: FORMAT };
  },
};

/** Parses a list of chat messages. @throws ServiceError ValidationException */
export function parseChat(body: JsonObject): ParsedPrompt {
  const messages = body.messages;
  if (messages === undefined) throw malformedInput("#: required key [messages] not found");
  if (!Array.isArray(messages) || messages.length === 0) {
    throw malformedInput("#/messages: expected minimum item count: 1, found: 0");
  }
  const meter = new PromptMeter();
  for (const [index, message] of messages.entries()) {
    if (!isObject(message)) throw malformedInput(`#/messages/${index}: expected type: JSONObject`);
    if (typeof message.role !== "string") throw malformedInput(`#/messages/${index}: required key [role] not found`);
    if (typeof message.content === "string") meter.addText(message.content);
    else meter.addJson(message.content ?? null);
  }
  return {
    inputTokens: meter.tokens,
    cachePoints: [],
    maxTokens: optionalInteger(body, "max_completion_tokens", 1) ?? optionalInteger(body, "max_tokens", 1),
    stopSequences: typeof body.stop === "string" ? [body.stop] : optionalTexts(body, "stop"),
    tool: undefined,
  };
}

/** @param reasonMember the family's name for the stop reason */
export function chatCompletionsFormat(reasonMember: "finish_reason" | "stop_reason"): AnswerFormat {
  const head = (answer: Answer, object: string) => ({
    id: derivedId("chatcmpl-", answer.requestId),
    object,
    created: 0,
    model: answer.modelId,
  });
  const choice = (member: "message" | "delta", content: string, reason: string | null) => [
    { index: 0, [member]: { role: "assistant", content }, [reasonMember]: reason },
  ];
  return {
    answer: (answer) => ({
      ...head(answer, "chat.completion"),
      choices: choice("message", wholeText(answer), finishReason(answer)),
      usage: usage(answer),
    }),
    begin: () => [],
    delta: (answer, from, to) => [
      {
        ...head(answer, "chat.completion.chunk"),
        choices: choice("delta", answerPiece(answer, from, to), null),
      },
    ],
    end: (answer) => [
      {
        ...head(answer, "chat.completion.chunk"),
        choices: choice("delta", "", finishReason(answer)),
        usage: usage(answer),
      },
    ],
  };
}

const FORMAT = chatCompletionsFormat("finish_reason");

function usage(answer: Answer): object {
  const { inputTokens, outputTokens } = answer;
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
}

function finishReason(answer: Answer): string {
  return answer.stopReason === "max_tokens" ? "length" : "stop";
}
