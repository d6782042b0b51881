/** Requests and answers of Meta's Llama models. */
import { type Answer, type AnswerFormat, answerPiece, wholeText } from "../model/answer.ts";
import { estimateTokens } from "../model/prompt.ts";
import {
  type BodySchema,
  checkBody,
  type InvokeBody,
  malformedInput,
  optionalInteger,
  requiredText,
  SHARE,
} from "./body.ts";

const DEFAULT_MAX_GEN_LEN = 512;

const SCHEMA: BodySchema = {
  prompt: { type: "String", isRequired: true },
  temperature: SHARE,
  top_p: SHARE,
  max_gen_len: { type: "Integer", min: 1 },
  images: { type: "JSONArray" },
};

/** A raw prompt. Source: Amazon Bedrock User Guide, Meta Llama models. */
export const llamaBody: InvokeBody = {
  get format() {
    return FORMAT;
  },
  parse(body) {
    checkBody(body, SCHEMA);
    const prompt = requiredText(body, "prompt");
    if (prompt === "") throw malformedInput("#/prompt: expected minLength: 1, actual: 0");
    return {
      prompt: {
        inputTokens: estimateTokens(prompt),
        cachePoints: [],
        maxTokens: optionalInteger(body, "max_gen_len", 1) ?? DEFAULT_MAX_GEN_LEN,
        stopSequences: [],
        tool: undefined,
      },
      format: FORMAT,
    };
  },
};

const FORMAT: AnswerFormat = {
  answer: (answer) => ({
    generation: wholeText(answer),
    prompt_token_count: answer.inputTokens,
    generation_token_count: answer.outputTokens,
    stop_reason: stopReason(answer),
  }),
  begin: () => [],
  delta: (answer, from, to) => [
    {
      generation: answerPiece(answer, from, to),
      prompt_token_count: from === 0 ? answer.inputTokens : null,
      generation_token_count: to,
      stop_reason: null,
    },
  ],
  end: (answer) => [
    {
      generation: "",
      prompt_token_count: null,
      generation_token_count: answer.outputTokens,
      stop_reason: stopReason(answer),
    },
  ],
};

function stopReason(answer: Answer): string {
  return answer.stopReason === "max_tokens" ? "length" : "stop";
}
