/** Requests and answers of Amazon's Nova models. */
import { contentBlocks, converseEvents } from "../converse/answer.ts";
import { parseConverse } from "../converse/request.ts";
import { ServiceError } from "../http/errors.ts";
import { isObject, type JsonObject } from "../http/request-body.ts";
import { type Answer, type AnswerFormat, type BlockStep, firstStep, lastStep, stepsOf } from "../model/answer.ts";
import { type InvokeBody, jsonType, malformedInput } from "./body.ts";

/** Nearly the body of Converse; the caller checks the model's limits. Source: Amazon Nova User Guide. */
export const novaBody: InvokeBody = {
  get format() {
    return FORMAT;
  },
  parse(body) {
    refuseWrongTypes(body, "#", SHAPE);
    refuseExtraneous(body);
    try {
      return { prompt: parseConverse(withConverseNames(body)), format: FORMAT };
    } catch (error) {
      // Nova checks its body against a schema of its own, where Converse fails to read a value of the wrong type.
      if (!(error instanceof ServiceError) || error.name !== "SerializationException") throw error;
      throw malformedInput(`#: ${error.message}`);
    }
  },
};

/** Types of members: the name of a JSON type, an object's members, or the items of a list. */
type Shape = "String" | "Integer" | "Number" | "JSONObject" | { readonly [member: string]: Shape } | readonly [Shape];

const MESSAGE: Shape = { role: "String", content: [{ text: "String", image: "JSONObject", toolUse: "JSONObject" }] };
const SHAPE = {
  schemaVersion: "String",
  system: [{ text: "String" }],
  messages: [MESSAGE],
  inferenceConfig: {
    maxTokens: "Integer",
    max_new_tokens: "Integer",
    temperature: "Number",
    topP: "Number",
    topK: "Integer",
    stopSequences: ["String"],
  },
  toolConfig: { tools: ["JSONObject"], toolChoice: "JSONObject" },
} as const satisfies Shape;

/** @throws ServiceError ValidationException for the first value that has not the type of the shape; absent ones are fine */
function refuseWrongTypes(value: unknown, at: string, shape: Shape): void {
  if (value === undefined || value === null) return;
  if (typeof shape === "string") {
    const found = jsonType(value);
    const fits = found === shape || (shape === "Integer" && Number.isInteger(value));
    if (!fits) throw malformedInput(`${at}: expected type: ${shape}, found: ${found}`);
  } else if (isListShape(shape)) {
    if (!Array.isArray(value)) throw malformedInput(`${at}: expected type: JSONArray, found: ${jsonType(value)}`);
    for (const [index, item] of value.entries()) refuseWrongTypes(item, `${at}/${index}`, shape[0]);
  } else {
    if (!isObject(value)) throw malformedInput(`${at}: expected type: JSONObject, found: ${jsonType(value)}`);
    for (const [name, inner] of Object.entries(shape)) refuseWrongTypes(value[name], `${at}/${name}`, inner);
  }
}

const BODY_MEMBERS: readonly string[] = [
  ...Object.keys(SHAPE),
  ...["reasoningConfig", "guardrailConfig", "amazon-bedrock-guardrailConfig"],
];
const BLOCK_MEMBERS: readonly string[] = [
  ...["text", "image", "document", "video", "audio", "toolUse", "toolResult"],
  ...["cachePoint", "guardContent", "reasoningContent"],
];

/**
 * Refuses members that no body of Nova has, nor one of its messages or content blocks. How to draw tokens is left out:
 * more names of it are accepted than documented.
 *
 * @param body a body of InvokeModel, or Converse's additional fields, which become members of one
 * @throws ServiceError ValidationException for the first
 */
export function refuseExtraneous(body: JsonObject): void {
  refuseOthers(body, "#", BODY_MEMBERS);
  for (const [index, message] of objectsOf(body.messages).entries()) {
    refuseOthers(message, `#/messages/${index}`, ["role", "content"]);
    for (const [block, content] of objectsOf(message.content).entries()) {
      refuseOthers(content, `#/messages/${index}/content/${block}`, BLOCK_MEMBERS);
    }
  }
}

function refuseOthers(value: JsonObject, at: string, known: readonly string[]): void {
  const other = Object.keys(value).find((name) => !known.includes(name));
  if (other !== undefined) throw malformedInput(`${at}: extraneous key [${other.slice(0, 60)}] is not permitted`);
}

/** A list whose items are known to be objects; empty for anything else. */
function objectsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) && value.every(isObject) ? value : [];
}

function isListShape(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}

/** Nova also accepts `max_new_tokens`, the older name of `maxTokens`. */
function withConverseNames(body: JsonObject): JsonObject {
  const config = isObject(body.inferenceConfig) ? body.inferenceConfig : {};
  const { max_new_tokens: older, maxTokens = older, ...rest } = config;
  return { ...body, inferenceConfig: maxTokens === undefined ? rest : { ...rest, maxTokens } };
}

const FORMAT: AnswerFormat = {
  answer: (answer) => ({
    output: { message: { content: contentBlocks(answer), role: "assistant" } },
    stopReason: answer.stopReason,
    usage: usage(answer),
  }),
  begin: (answer) => [{ messageStart: { role: "assistant" } }, ...chunks(answer, firstStep(answer))],
  delta: (answer, from, to) => chunks(answer, stepsOf(answer, from, to)),
  end: (answer) => [
    ...chunks(answer, lastStep(answer)),
    { messageStop: { stopReason: answer.stopReason } },
    { metadata: { usage: usage(answer), metrics: {}, trace: {} } },
  ],
};

function chunks(answer: Answer, steps: readonly BlockStep[]): readonly object[] {
  return converseEvents(answer, steps).map(([type, payload]) => ({ [type]: payload }));
}

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
