/** The Messages API: requests, answers and streaming events of Anthropic's models. */
import { toolInput } from "../converse/answer.ts";
import { ServiceError } from "../http/errors.ts";
import { isObject, type JsonObject } from "../http/request-body.ts";
import { type Answer, type AnswerFormat, answerPiece, derivedId, wholeText } from "../model/answer.ts";
import { IMAGE_TOKENS, type ParsedPrompt, PromptMeter, sampleOfSchema, type ToolAnswer } from "../model/prompt.ts";
import { type InvokeBody, optionalTexts } from "./body.ts";

/**
 * Anthropic's Messages API as Bedrock offers it.
 * Source: Amazon Bedrock User Guide, Anthropic Claude Messages API; Anthropic API reference (streaming events).
 */
export const anthropicBody: InvokeBody = {
  parse(body) {
    return { prompt: parseMessages(body), format: FORMAT };
  },
};

function parseMessages(body: JsonObject): ParsedPrompt {
  for (const name of ["anthropic_version", "max_tokens", "messages"]) {
    if (body[name] === undefined) throw invalid(`${name}: Field required`);
  }
  for (const name of ["model", "stream"]) {
    if (body[name] !== undefined) throw invalid(`${name}: Extra inputs are not permitted`);
  }
  const maxTokens = body.max_tokens;
  if (typeof maxTokens !== "number" || !Number.isInteger(maxTokens)) {
    throw invalid("max_tokens: Input should be a valid integer");
  }
  if (maxTokens < 1) throw invalid("max_tokens: Input should be greater than or equal to 1");

  const meter = new PromptMeter();
  const tools = listOf(body.tools, "tools").filter(isObject);
  for (const tool of tools) meterPart(tool, meter);
  meterContent(body.system, "system", meter);
  meterMessages(listOf(body.messages, "messages"), meter);
  return {
    inputTokens: meter.tokens,
    cachePoints: meter.cachePoints,
    maxTokens,
    stopSequences: optionalTexts(body, "stop_sequences"),
    tool: forcedTool(body.tool_choice, tools),
  };
}

function meterMessages(messages: readonly unknown[], meter: PromptMeter): void {
  if (messages.length === 0) throw invalid("messages: at least one message is required");
  for (const [index, message] of messages.entries()) {
    if (!isObject(message)) throw invalid(`messages.${index}: Input should be a valid dictionary`);
    const role = message.role;
    if (role !== "user" && role !== "assistant")
      throw invalid(`messages.${index}.role: Input should be 'user' or 'assistant'`);
    if (index === 0 && role !== "user") throw invalid('messages: first message must use the "user" role');
    if (message.content === undefined) throw invalid(`messages.${index}.content: Field required`);
    if (message.content === "" || (Array.isArray(message.content) && message.content.length === 0)) {
      throw invalid(`messages.${index}: ${role} messages must have non-empty content`);
    }
    meterContent(message.content, `messages.${index}.content`, meter);
  }
}

function meterContent(content: unknown, at: string, meter: PromptMeter): void {
  if (content === undefined || content === null) return;
  if (typeof content === "string") {
    meter.addText(content);
    return;
  }
  for (const [index, block] of listOf(content, at).entries()) {
    if (!isObject(block)) throw invalid(`${at}.${index}: Input should be a valid dictionary`);
    if (block.type === "text" && block.text === "") throw invalid("messages: text content blocks must be non-empty");
    meterPart(block, meter);
  }
}

/** Adds a content block or a tool, and its cache checkpoint if it has one. */
function meterPart(part: JsonObject, meter: PromptMeter): void {
  const { cache_control: cacheControl, ...rest } = part;
  if (rest.type === "text" && typeof rest.text === "string") meter.addText(rest.text);
  else if (rest.type === "image") meter.addTokens(IMAGE_TOKENS, JSON.stringify(rest));
  else meter.addJson(rest);
  if (isObject(cacheControl)) meter.mark(typeof cacheControl.ttl === "string" ? cacheControl.ttl : undefined);
}

function forcedTool(choice: unknown, tools: readonly JsonObject[]): ToolAnswer | undefined {
  if (!isObject(choice) || (choice.type !== "any" && choice.type !== "tool")) return undefined;
  const tool = choice.type === "any" ? tools[0] : tools.find((candidate) => candidate.name === choice.name);
  if (tool === undefined || typeof tool.name !== "string") {
    throw invalid("tool_choice: the tool is not among the tools of the request");
  }
  return { name: tool.name, input: sampleOfSchema(tool.input_schema) };
}

const FORMAT: AnswerFormat = {
  answer: (answer) => ({
    ...messageHead(answer),
    content: [contentBlock(answer)],
    stop_reason: answer.stopReason,
    stop_sequence: answer.stopSequence ?? null,
    usage: usage(answer, answer.outputTokens),
  }),
  begin: (answer) => [
    {
      type: "message_start",
      message: { ...messageHead(answer), content: [], stop_reason: null, stop_sequence: null, usage: usage(answer, 1) },
    },
    { type: "content_block_start", index: 0, content_block: emptyBlock(answer) },
  ],
  delta(answer, from, to) {
    const piece = answerPiece(answer, from, to);
    const delta =
      answer.tool === undefined
        ? { type: "text_delta", text: piece }
        : { type: "input_json_delta", partial_json: piece };
    return { type: "content_block_delta", index: 0, delta };
  },
  end: (answer) => [
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason: answer.stopReason, stop_sequence: answer.stopSequence ?? null },
      usage: { output_tokens: answer.outputTokens },
    },
    { type: "message_stop" },
  ],
};

function messageHead(answer: Answer): object {
  // Claude reports its name without vendor and revision: claude-sonnet-4-5-20250929.
  const model = answer.modelId.replace(/^anthropic\./, "").replace(/-v\d+(:\d+)?$/, "");
  return { model, id: derivedId("msg_bdrk_", answer.requestId), type: "message", role: "assistant" };
}

function contentBlock(answer: Answer): object {
  if (answer.tool === undefined) return { type: "text", text: wholeText(answer) };
  return { ...emptyBlock(answer), input: toolInput(answer) };
}

function emptyBlock(answer: Answer): object {
  if (answer.tool === undefined) return { type: "text", text: "" };
  return { type: "tool_use", id: derivedId("toolu_bdrk_", answer.requestId), name: answer.tool.name, input: {} };
}

function usage(answer: Answer, outputTokens: number): object {
  return {
    input_tokens: answer.inputTokens,
    cache_creation_input_tokens: answer.cacheWriteTokens,
    cache_read_input_tokens: answer.cacheReadTokens,
    output_tokens: outputTokens,
  };
}

function listOf(value: unknown, at: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(`${at}: Input should be a valid list`);
  return value;
}

function invalid(message: string): ServiceError {
  return new ServiceError("ValidationException", message);
}
