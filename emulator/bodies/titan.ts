/** Requests and answers of Amazon's Titan Text models. */
import { type Answer, type AnswerFormat, answerPiece, wholeText } from "../model/answer.ts";
import { estimateTokens } from "../model/prompt.ts";
import {
  type BodySchema,
  checkBody,
  type InvokeBody,
  malformedInput,
  optionalInteger,
  optionalObject,
  optionalTexts,
  requiredText,
  SHARE,
} from "./body.ts";

const DEFAULT_MAX_TOKEN_COUNT = 512;

const SCHEMA: BodySchema = {
  inputText: { type: "String", isRequired: true },
  textGenerationConfig: {
    type: "JSONObject",
    members: {
      temperature: SHARE,
      topP: SHARE,
      maxTokenCount: { type: "Integer", min: 1 },
      stopSequences: { type: "JSONArray" },
    },
  },
};

/** A raw `inputText` with an optional configuration. Source: Amazon Bedrock User Guide, Amazon Titan Text models. */
export const titanBody: InvokeBody = {
  get format() {
    return FORMAT;
  },
  parse(body) {
    checkBody(body, SCHEMA);
    const text = requiredText(body, "inputText");
    if (text === "") throw malformedInput("#/inputText: expected minLength: 1, actual: 0");
    const config = optionalObject(body, "textGenerationConfig");
    return {
      prompt: {
        inputTokens: estimateTokens(text),
        cachePoints: [],
        maxTokens: optionalInteger(config, "maxTokenCount", 1) ?? DEFAULT_MAX_TOKEN_COUNT,
        stopSequences: optionalTexts(config, "stopSequences"),
        tool: undefined,
      },
      format: FORMAT,
    };
  },
};

const FORMAT: AnswerFormat = {
  answer: (answer) => ({
    inputTextTokenCount: answer.inputTokens,
    results: [
      { tokenCount: answer.outputTokens, outputText: wholeText(answer), completionReason: completionReason(answer) },
    ],
  }),
  begin: () => [],
  delta: (answer, from, to) => [
    {
      outputText: answerPiece(answer, from, to),
      index: 0,
      totalOutputTextTokenCount: null,
      completionReason: null,
      inputTextTokenCount: from === 0 ? answer.inputTokens : null,
    },
  ],
  end: (answer) => [
    {
      outputText: "",
      index: 0,
      totalOutputTextTokenCount: answer.outputTokens,
      completionReason: completionReason(answer),
      inputTextTokenCount: null,
    },
  ],
};

function completionReason(answer: Answer): string {
  if (answer.stopReason === "max_tokens") return "LENGTH";
  return answer.stopReason === "stop_sequence" ? "STOP_CRITERIA_MET" : "FINISH";
}
