/** Requests and answers of Cohere's Command R models. */
import { type Answer, type AnswerFormat, answerPiece, derivedId, wholeText } from "../model/answer.ts";
import { PromptMeter } from "../model/prompt.ts";
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

const SCHEMA: BodySchema = {
  message: { type: "String", isRequired: true },
  chat_history: { type: "JSONArray" },
  documents: { type: "JSONArray" },
  search_queries_only: { type: "Boolean" },
  preamble: { type: "String" },
  max_tokens: { type: "Integer", min: 1 },
  temperature: SHARE,
  p: { type: "Number", min: 0.01, max: 0.99 },
  k: { type: "Number", min: 0, max: 500 },
  prompt_truncation: { type: "String" },
  frequency_penalty: SHARE,
  presence_penalty: SHARE,
  seed: { type: "Integer" },
  return_prompt: { type: "Boolean" },
  tools: { type: "JSONArray" },
  tool_results: { type: "JSONArray" },
  stop_sequences: { type: "JSONArray" },
  raw_prompting: { type: "Boolean" },
};

/** A message with its chat history. Source: Amazon Bedrock User Guide, Cohere Command R models. */
export const cohereBody: InvokeBody = {
  get format() {
    return FORMAT;
  },
  parse(body) {
    checkBody(body, SCHEMA);
    const message = requiredText(body, "message");
    if (message === "") throw malformedInput("#/message: expected minLength: 1, actual: 0");
    const meter = new PromptMeter();
    for (const name of ["preamble", "chat_history", "documents", "tools"]) {
      if (body[name] !== undefined) meter.addJson(body[name]);
    }
    meter.addText(message);
    return {
      prompt: {
        inputTokens: meter.tokens,
        cachePoints: [],
        maxTokens: optionalInteger(body, "max_tokens", 1),
        stopSequences: optionalTexts(body, "stop_sequences"),
        tool: undefined,
      },
      format: FORMAT,
    };
  },
};

const FORMAT: AnswerFormat = {
  answer: (answer) => ({
    ...ids(answer),
    text: wholeText(answer),
    chat_history: [{ role: "CHATBOT", message: wholeText(answer) }],
    finish_reason: finishReason(answer),
  }),
  begin: () => [],
  delta: (answer, from, to) => [
    {
      event_type: "text-generation",
      text: answerPiece(answer, from, to),
      is_finished: false,
    },
  ],
  end: (answer) => [
    {
      event_type: "stream-end",
      finish_reason: finishReason(answer),
      response: { ...ids(answer), text: wholeText(answer), finish_reason: finishReason(answer) },
      is_finished: true,
    },
  ],
};

function ids(answer: Answer): object {
  return { response_id: answer.requestId, generation_id: derivedId("gen-", answer.requestId) };
}

function finishReason(answer: Answer): string {
  return answer.stopReason === "max_tokens" ? "MAX_TOKENS" : "COMPLETE";
}
