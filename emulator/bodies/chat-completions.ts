/** The chat-completions format, which many families share. */
import { isObject, type JsonObject } from "../http/request-body.ts";
import {
  type Answer,
  type AnswerFormat,
  type BlockStep,
  derivedId,
  firstStep,
  stepsOf,
  wholeText,
} from "../model/answer.ts";
import { dataOf, documentTokens, meterImage } from "../model/media.ts";
import { nextTool, type ParsedPrompt, PromptMeter, type ToolAnswer } from "../model/prompt.ts";
import { sampleOfSchema } from "../model/schema-sample.ts";
import { type InvokeBody, jsonType, malformedInput, optionalInteger, optionalTexts } from "./body.ts";

/**
 * Chat completions as OpenAI, DeepSeek, Qwen and others accept them; also the fallback for families without a format of
 * their own here. Source: Amazon Bedrock User Guide, OpenAI models.
 */
export const chatCompletionsBody: InvokeBody = {
  get format() {
    return chatCompletionsFormat("finish_reason");
  },
  parse(body) {
    return { prompt: parseChat(body), format: chatCompletionsFormat("finish_reason") };
  },
};

const ROLES: readonly string[] = ["system", "developer", "user", "assistant", "tool", "function"];

/** Parses a request with a list of chat messages. @throws ServiceError ValidationException */
export function parseChat(body: JsonObject): ParsedPrompt {
  const messages = body.messages;
  if (messages === undefined) throw malformedInput("#: required key [messages] not found");
  if (!Array.isArray(messages) || messages.length === 0) {
    throw malformedInput("#/messages: expected minimum item count: 1, found: 0");
  }
  // Answers have one choice here: another number of them would vanish.
  if ((optionalInteger(body, "n", 1) ?? 1) > 1)
    throw malformedInput(`#/n: ${String(body.n)} is not less or equal to 1`);
  const meter = new PromptMeter();
  const tools = (Array.isArray(body.tools) ? body.tools : []).filter(isObject);
  for (const tool of tools) meter.addJson(tool);
  for (const [index, message] of messages.entries()) {
    if (!isObject(message)) throw malformedInput(`#/messages/${index}: expected type: JSONObject`);
    if (typeof message.role !== "string") throw malformedInput(`#/messages/${index}: required key [role] not found`);
    if (!ROLES.includes(message.role)) {
      throw malformedInput(`#/messages/${index}/role: ${message.role.slice(0, 60)} is not a valid enum value`);
    }
    meterContent(message.content, meter);
    if (message.tool_calls !== undefined) meter.addJson(message.tool_calls);
  }
  return {
    inputTokens: meter.tokens,
    cachePoints: [],
    maxTokens: optionalInteger(body, "max_completion_tokens", 1) ?? optionalInteger(body, "max_tokens", 1),
    stopSequences: typeof body.stop === "string" ? [body.stop] : optionalTexts(body, "stop"),
    tool: forcedFunction(body.tool_choice, tools.map(functionOf), messages),
    sampling: { temperature: numberIn(body, "temperature", 2), topP: numberIn(body, "top_p", 1) },
    structured: structuredText(isObject(body.response_format) ? body.response_format : undefined),
  };
}

/** Adds a message's text or its list of parts; pictures and files in them count as such, in Responses, too. */
export function meterContent(content: unknown, meter: PromptMeter): void {
  if (typeof content === "string") meter.addText(content);
  else if (!Array.isArray(content)) meter.addJson(content ?? null);
  else {
    const media = content.filter(
      (part): part is JsonObject => isObject(part) && Object.hasOwn(MEDIA, String(part.type)),
    );
    if (media.length < content.length || media.length === 0) {
      meter.addJson(content.filter((part) => !media.includes(part)));
    }
    for (const part of media) MEDIA[String(part.type)]!(part, meter);
  }
}

/** How parts besides text count, by type. */
const MEDIA: Readonly<Record<string, (part: JsonObject, meter: PromptMeter) => void>> = {
  image_url: meterImage,
  input_image: meterImage,
  file: ({ file }, meter) => meterFile(isObject(file) ? file : {}, meter),
  input_file: meterFile,
};

function meterFile(file: JsonObject, meter: PromptMeter): void {
  const data = dataOf(file.file_data);
  if (data === undefined) meter.addJson(file);
  else meter.addTokens(documentTokens(data.base64, data.format, "pages"), data.base64);
}

/** A function that the model may call: its name and the schema of its arguments. */
export interface CallableFunction {
  readonly name: string;
  readonly parameters: unknown;
}

function functionOf(tool: JsonObject): CallableFunction {
  const { name, parameters } = isObject(tool.function) ? tool.function : tool;
  return { name: String(name), parameters };
}

/**
 * @param choice    `required`, or an object that names one of the functions
 * @param functions those that the request offers, which take turns if any is required
 * @param messages  the conversation: messages, or items of Responses
 * @returns the call that the choice forces; undefined if the model may choose
 * @throws ServiceError ValidationException for a function that is not offered
 */
export function forcedFunction(
  choice: unknown,
  functions: readonly CallableFunction[],
  messages: readonly unknown[],
): ToolAnswer | undefined {
  const named = isObject(choice) ? (isObject(choice.function) ? choice.function : choice).name : undefined;
  if (choice !== "required" && named === undefined) return undefined;
  const next = nextTool(functions, messages, callsOf, (message) => isObject(message) && message.role === "user");
  const chosen = named === undefined ? next : functions.find(({ name }) => name === named);
  if (chosen === undefined) throw malformedInput("#/tool_choice: the function is not among the tools of the request");
  return { name: chosen.name, input: sampleOfSchema(chosen.parameters ?? { type: "object" }) };
}

function callsOf(message: unknown): number {
  if (!isObject(message)) return 0;
  return message.type === "function_call" ? 1 : Array.isArray(message.tool_calls) ? message.tool_calls.length : 0;
}

/** The answer to `json_object` and `json_schema`; undefined for text. */
export function structuredText(format: JsonObject | undefined): string | undefined {
  if (format?.type === "json_object") return "{}";
  if (format?.type !== "json_schema") return undefined;
  const { schema } = isObject(format.json_schema) ? format.json_schema : format;
  if (!isObject(schema)) throw malformedInput("#/response_format: required key [schema] not found");
  return JSON.stringify(sampleOfSchema(schema));
}

/** Reads a number from 0 to `most`; undefined if absent. @throws ServiceError ValidationException */
export function numberIn(body: JsonObject, name: string, most: number): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number") throw malformedInput(`#/${name}: expected type: Number, found: ${jsonType(value)}`);
  if (value < 0) throw malformedInput(`#/${name}: ${value} is not greater or equal to 0`);
  if (value > most) throw malformedInput(`#/${name}: ${value} is not less or equal to ${most}`);
  return value;
}

/**
 * The format of one request's answer, which is dated when it was made.
 *
 * @param reasonMember the family's name for the stop reason
 * @param usageIn      where a stream says its token counts: with the last choice, in a chunk of its own, or nowhere. The last
 *                     two are those of OpenAI's own API, whose first chunk alone has the role: its client adds up the others'
 */
export function chatCompletionsFormat(
  reasonMember: "finish_reason" | "stop_reason",
  usageIn: "last" | "own" | "none" = "last",
): AnswerFormat {
  const created = Math.floor(Date.now() / 1000);
  const role = { role: "assistant" };
  const isOpenAis = usageIn !== "last";
  const head = (answer: Answer, object: string) => ({
    id: derivedId("chatcmpl-", answer.requestId),
    object,
    created,
    model: answer.modelId,
  });
  const chunk = (answer: Answer, delta: object, reason: string | null) => ({
    ...head(answer, "chat.completion.chunk"),
    choices: [{ index: 0, delta: isOpenAis ? delta : { ...role, ...delta }, [reasonMember]: reason }],
  });
  return {
    answer: (answer) => ({
      ...head(answer, "chat.completion"),
      choices: [{ index: 0, message: { role: "assistant", ...content(answer) }, [reasonMember]: finishReason(answer) }],
      usage: usage(answer),
    }),
    begin: (answer) => {
      const first = isOpenAis ? [{ ...role, content: answer.tool === undefined ? "" : null }] : [];
      return [...first, ...deltas(answer, firstStep(answer))].map((delta) => chunk(answer, delta, null));
    },
    delta: (answer, from, to) => deltas(answer, stepsOf(answer, from, to)).map((delta) => chunk(answer, delta, null)),
    end: (answer) => [
      {
        ...chunk(answer, answer.tool === undefined && !isOpenAis ? { content: "" } : {}, finishReason(answer)),
        ...(usageIn === "last" ? { usage: usage(answer) } : {}),
      },
      ...(usageIn === "own" ? [{ ...head(answer, "chat.completion.chunk"), choices: [], usage: usage(answer) }] : []),
    ],
  };
}

function content(answer: Answer): object {
  if (answer.tool === undefined) return { content: wholeText(answer) };
  const call = { ...toolHead(answer), function: { name: answer.tool.name, arguments: wholeText(answer) } };
  return { content: null, tool_calls: [call] };
}

function deltas(answer: Answer, steps: readonly BlockStep[]): readonly object[] {
  return steps.flatMap((each): object[] => {
    const { tool } = answer;
    if (each.step === "piece") {
      if (tool === undefined) return [{ content: each.text }];
      return [{ tool_calls: [{ index: 0, function: { arguments: each.text } }] }];
    }
    if (each.step === "stop" || tool === undefined) return [];
    return [{ tool_calls: [{ index: 0, ...toolHead(answer), function: { name: tool.name, arguments: "" } }] }];
  });
}

function toolHead(answer: Answer): object {
  return { id: derivedId("call_", answer.requestId), type: "function" };
}

function usage(answer: Answer): object {
  const { inputTokens, outputTokens } = answer;
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
}

function finishReason(answer: Answer): string {
  if (answer.stopReason === "max_tokens") return "length";
  return answer.stopReason === "tool_use" ? "tool_calls" : "stop";
}
