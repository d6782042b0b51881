/** Validates the body of Converse and ConverseStream and counts its tokens: messages, content blocks, tools, limits. */
import { ServiceError } from "../http/errors.ts";
import {
  asInteger,
  asList,
  asNumber,
  asObject,
  asText,
  ConstraintList,
  isObject,
  type JsonObject,
  optional,
} from "../http/request-body.ts";
import type { ModelInfo } from "../model/catalog.ts";
import {
  BYTES_PER_TOKEN,
  CACHE_TTL_MS,
  IMAGE_TOKENS,
  type ParsedPrompt,
  PromptMeter,
  sampleOfSchema,
  type ToolAnswer,
} from "../model/prompt.ts";

/**
 * Parses `messages`, `system`, `inferenceConfig` and `toolConfig`.
 *
 * @param body  the request's JSON
 * @param model limits of the model
 * @throws ServiceError SerializationException for wrong types, ValidationException for anything else, both with the
 *         service's messages
 * Source: Amazon Bedrock API reference, Converse; texts as quoted in public issue threads.
 */
export function parseConverse(
  body: JsonObject,
  model: Pick<ModelInfo, "contextTokens" | "maxOutputTokens">,
): ParsedPrompt {
  const { maxTokens, stopSequences } = parseInferenceConfig(optional(body.inferenceConfig, asObject) ?? {});
  const meter = new PromptMeter();
  const toolConfig = optional(body.toolConfig, asObject);
  const tool = toolConfig === undefined ? undefined : meterToolConfig(toolConfig, meter);
  for (const [index, block] of (optional(body.system, asList) ?? []).entries()) {
    meterBlock(asObject(block), `system.${index}`, meter);
  }
  meterMessages(optional(body.messages, asList) ?? [], toolConfig !== undefined, meter);
  refuseTooLong(meter.tokens, maxTokens, model);
  return { inputTokens: meter.tokens, cachePoints: meter.cachePoints, maxTokens, stopSequences, tool };
}

/**
 * Checks the limits of a model, which hold for every body format.
 *
 * @throws ServiceError ValidationException if input or requested output is too long
 */
export function refuseTooLong(
  inputTokens: number,
  maxTokens: number | undefined,
  model: Pick<ModelInfo, "contextTokens" | "maxOutputTokens">,
): void {
  if (maxTokens !== undefined && maxTokens > model.maxOutputTokens) {
    throw new ServiceError(
      "ValidationException",
      `The maximum tokens you requested exceeds the model limit of ${model.maxOutputTokens}. Try again with a maximum tokens value that is lower than ${model.maxOutputTokens}.`,
    );
  }
  if (inputTokens > model.contextTokens) {
    throw new ServiceError("ValidationException", "Input is too long for requested model.");
  }
}

function parseInferenceConfig(config: JsonObject): { maxTokens: number | undefined; stopSequences: string[] } {
  const maxTokens = optional(config.maxTokens, asInteger);
  const stopSequences = (optional(config.stopSequences, asList) ?? []).map(asText);
  const constraints = new ConstraintList();
  constraints.check(
    maxTokens === undefined || maxTokens >= 1,
    maxTokens,
    "inferenceConfig.maxTokens",
    "Member must have value greater than or equal to 1",
  );
  for (const name of ["temperature", "topP"]) {
    const value = optional(config[name], asNumber) ?? 0;
    const at = `inferenceConfig.${name}`;
    constraints.check(value >= 0, value, at, "Member must have value greater than or equal to 0");
    constraints.check(value <= 1, value, at, "Member must have value less than or equal to 1");
  }
  constraints.check(
    stopSequences.length <= 2500,
    stopSequences.slice(0, 3),
    "inferenceConfig.stopSequences",
    "Member must have length less than or equal to 2500",
  );
  for (const sequence of stopSequences) {
    constraints.check(
      sequence.length > 0,
      sequence,
      "inferenceConfig.stopSequences",
      "Member must satisfy constraint: [Member must have length greater than or equal to 1]",
    );
  }
  constraints.throwIfAny();
  return { maxTokens, stopSequences };
}

function meterMessages(messages: readonly unknown[], hasTools: boolean, meter: PromptMeter): void {
  if (messages.length === 0) {
    throw invalid("The messages field must have at least one message. Add a message and try again.");
  }
  let expected = "user";
  let toolUseIds: readonly string[] = [];
  for (const [index, value] of messages.entries()) {
    const message = asObject(value);
    const at = `messages.${index}`;
    const role = asText(message.role);
    refuseRole(role, expected, index);
    const blocks = asList(message.content).map(asObject);
    if (blocks.length === 0) {
      throw invalid(
        `The content field in the Message object at ${at} is empty. Add a ContentBlock object to the content field and try again.`,
      );
    }
    refuseToolBlocks(blocks, hasTools);
    refuseUnmatchedResults(blocks, toolUseIds, at);
    for (const [block, content] of blocks.entries()) meterBlock(content, `${at}.content.${block}`, meter);
    toolUseIds = blocks.flatMap((block) => idOf(block.toolUse));
    expected = role === "user" ? "assistant" : "user";
  }
}

function refuseRole(role: string, expected: string, index: number): void {
  if (role !== "user" && role !== "assistant") {
    const constraints = new ConstraintList();
    const at = `messages.${index + 1}.member.role`;
    constraints.check(false, role, at, "Member must satisfy enum value set: [user, assistant]");
    constraints.throwIfAny();
  }
  if (role === expected) return;
  throw invalid(
    index === 0
      ? "A conversation must start with a user message. Try again with a conversation that starts with a user message."
      : "A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.",
  );
}

function refuseToolBlocks(blocks: readonly JsonObject[], hasTools: boolean): void {
  if (hasTools || !blocks.some((block) => block.toolUse !== undefined || block.toolResult !== undefined)) return;
  throw invalid("The toolConfig field must be defined when using toolUse and toolResult content blocks.");
}

function refuseUnmatchedResults(blocks: readonly JsonObject[], toolUseIds: readonly string[], at: string): void {
  const answered = blocks.flatMap((block) => idOf(block.toolResult));
  const missing = toolUseIds.filter((id) => !answered.includes(id));
  if (missing.length > 0) {
    throw invalid(`Expected toolResult blocks at ${at}.content for the following Ids: ${missing.join(", ")}`);
  }
  if (answered.length > toolUseIds.length) {
    throw invalid(
      `The number of toolResult blocks at ${at}.content exceeds the number of toolUse blocks of previous turn.`,
    );
  }
}

function idOf(toolBlock: unknown): readonly string[] {
  const id = optional(toolBlock, asObject)?.toolUseId;
  return id === undefined ? [] : [asText(id)];
}

function invalid(message: string): ServiceError {
  return new ServiceError("ValidationException", message);
}

/** Members of a content block that count as JSON rather than as text or media. */
const JSON_BLOCKS = ["toolUse", "toolResult", "guardContent", "reasoningContent", "citationsContent", "searchResult"];
const MEDIA_BLOCKS = ["document", "video", "audio"];

/** Adds a content block of `messages` or `system` to the meter. `at` is its path, such as `messages.0.content.1`. */
export function meterBlock(block: JsonObject, at: string, meter: PromptMeter): void {
  if (block.text !== undefined && block.text !== null) {
    const text = asText(block.text);
    if (text.trim() === "") {
      throw new ServiceError(
        "ValidationException",
        `The text field in the ContentBlock object at ${at} is blank. Add text to the text field, and try again.`,
      );
    }
    meter.addText(text);
    return;
  }
  if (block.cachePoint !== undefined) {
    meterCachePoint(asObject(block.cachePoint), at, meter);
    return;
  }
  if (block.image !== undefined) {
    meter.addTokens(IMAGE_TOKENS, mediaKey(asObject(block.image)));
    return;
  }
  for (const member of MEDIA_BLOCKS) {
    if (block[member] === undefined) continue;
    const key = mediaKey(asObject(block[member]));
    // Base64 encodes three bytes in four characters.
    meter.addTokens(Math.ceil((key.length * 3) / 4 / BYTES_PER_TOKEN), key);
    return;
  }
  for (const member of JSON_BLOCKS) {
    if (block[member] !== undefined) {
      meter.addJson(asObject(block[member]));
      return;
    }
  }
  throw new ServiceError(
    "ValidationException",
    `The ContentBlock object at ${at} must set one of the following keys: text, image, document, video, toolUse, toolResult, guardContent, cachePoint, reasoningContent.`,
  );
}

/** Adds a cache checkpoint, which may occur among content blocks and among tools. */
function meterCachePoint(cachePoint: JsonObject, at: string, meter: PromptMeter): void {
  const ttl = optional(cachePoint.ttl, asText);
  const constraints = new ConstraintList();
  const type = cachePoint.type;
  constraints.check(type === "default", type, `${at}.cachePoint.type`, "Member must satisfy enum value set: [default]");
  const known = ttl === undefined || Object.hasOwn(CACHE_TTL_MS, ttl);
  constraints.check(known, ttl, `${at}.cachePoint.ttl`, "Member must satisfy enum value set: [1h, 5m]");
  constraints.throwIfAny();
  meter.mark(ttl);
}

function mediaKey(media: JsonObject): string {
  const source = media.source;
  if (!isObject(source)) return JSON.stringify(media);
  return typeof source.bytes === "string" ? source.bytes : JSON.stringify(source);
}

const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * Parses `toolConfig` and adds its tools to the meter.
 *
 * @returns the tool call that the choice forces (the first tool for `any`); undefined if the model may choose, in which
 *          case the emulator answers with text
 * @throws ServiceError ValidationException
 */
export function meterToolConfig(config: JsonObject, meter: PromptMeter): ToolAnswer | undefined {
  const tools = asList(config.tools);
  const specs: JsonObject[] = [];
  const constraints = new ConstraintList();
  constraints.check(tools.length > 0, "[]", "toolConfig.tools", "Member must have length greater than or equal to 1");
  for (const [index, value] of tools.entries()) {
    const tool = asObject(value);
    const at = `toolConfig.tools.${index + 1}.member`;
    if (tool.cachePoint !== undefined) {
      meterCachePoint(asObject(tool.cachePoint), at, meter);
      continue;
    }
    meter.addJson(tool);
    if (tool.toolSpec === undefined) continue;
    const spec = asObject(tool.toolSpec);
    const name = asText(spec.name);
    const pattern = "Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+";
    constraints.check(TOOL_NAME.test(name), name, `${at}.toolSpec.name`, pattern);
    specs.push(spec);
  }
  constraints.throwIfAny();
  return forcedToolCall(optional(config.toolChoice, asObject), specs);
}

function forcedToolCall(choice: JsonObject | undefined, specs: readonly JsonObject[]): ToolAnswer | undefined {
  if (choice === undefined || choice.auto !== undefined) return undefined;
  const named = optional(choice.tool, asObject);
  const spec = named === undefined ? specs[0] : specs.find((candidate) => candidate.name === asText(named.name));
  if (spec === undefined) {
    throw new ServiceError(
      "ValidationException",
      "The tool in toolConfig.toolChoice is not among toolConfig.tools. Choose a tool that is defined and try again.",
    );
  }
  const schema = isObject(spec.inputSchema) ? spec.inputSchema.json : undefined;
  return { name: asText(spec.name), input: sampleOfSchema(schema) };
}
