/** Requests and answers of Mistral's models: text and chat completion. */
import { type Answer, type AnswerFormat, answerPiece, wholeText } from "../model/answer.ts";
import { estimateTokens } from "../model/prompt.ts";
import {
  type BodySchema,
  checkBody,
  type InvokeBody,
  malformedInput,
  optionalInteger,
  optionalTexts,
  requiredText,
  SHARE,
} from "./body.ts";
import { chatCompletionsFormat, parseChat } from "./chat-completions.ts";

/** Of text completion. */
const SCHEMA: BodySchema = {
  prompt: { type: "String", isRequired: true },
  max_tokens: { type: "Integer", min: 1 },
  stop: { type: "JSONArray" },
  temperature: SHARE,
  top_p: SHARE,
  top_k: { type: "Integer", min: 0 },
};

/**
 * A raw `prompt` (text completion) or, since Large 24.02, `messages` (chat completion).
 * Source: Amazon Bedrock User Guide, Mistral AI models.
 */
export const mistralBody: InvokeBody = {
  get format() {
    return chatCompletionsFormat("stop_reason");
  },
  parse(body) {
    if (body.messages !== undefined) return { prompt: parseChat(body), format: chatCompletionsFormat("stop_reason") };
    checkBody(body, SCHEMA);
    const prompt = requiredText(body, "prompt");
    if (prompt === "") throw malformedInput("#/prompt: expected minLength: 1, actual: 0");
    return {
      prompt: {
        inputTokens: estimateTokens(prompt),
        cachePoints: [],
        maxTokens: optionalInteger(body, "max_tokens", 1),
        stopSequences: optionalTexts(body, "stop"),
        tool: undefined,
      },
      format: TEXT,
    };
  },
};

const TEXT: AnswerFormat = {
  answer: (answer) => ({ outputs: [{ text: wholeText(answer), stop_reason: stopReason(answer) }] }),
  begin: () => [],
  delta: (answer, from, to) => [{ outputs: [{ text: answerPiece(answer, from, to), stop_reason: null }] }],
  end: (answer) => [{ outputs: [{ text: "", stop_reason: stopReason(answer) }] }],
};

function stopReason(answer: Answer): string {
  return answer.stopReason === "max_tokens" ? "length" : "stop";
}
