/** Validates the body of Converse and ConverseStream and counts its tokens: messages, content blocks, tools, limits. */
import { parseClaudeFields } from "../bodies/claude-fields.ts";
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
import { checkShape } from "../model/api-shapes.ts";
import { nextTool, type ParsedPrompt, PromptMeter, type Sampling, type ToolAnswer } from "../model/prompt.ts";
import { sampleOfSchema } from "../model/schema-sample.ts";
import { meterBlock, meterCachePoint } from "./blocks.ts";
import {
  type Blocks,
  blocksOfMessages,
  callsOf,
  firstOfToolLoop,
  isQuestion,
  refuseToolBlocks,
} from "./tool-blocks.ts";

/**
 * Parses `messages`, `system`, `inferenceConfig`, `toolConfig`, `outputConfig` and, for Claude,
 * `additionalModelRequestFields`.
 *
 * @param body     the request's JSON
 * @param isClaude the model takes Anthropic's additional fields
 * @throws ServiceError SerializationException for wrong types, ValidationException for anything else, both with the
 *         service's messages
 * Source: Amazon Bedrock API reference, Converse; texts as quoted in public issue threads.
 */
export function parseConverse(body: JsonObject, isClaude = false): ParsedPrompt {
  const constraints = new ConstraintList();
  checkShape(body, "ConverseRequest", "", constraints);
  constraints.throwIfAny();
  const { maxTokens, stopSequences, sampling } = parseInferenceConfig(optional(body.inferenceConfig, asObject) ?? {});
  const meter = new PromptMeter();
  const toolConfig = optional(body.toolConfig, asObject);
  const messages = optional(body.messages, asList) ?? [];
  const blocks = blocksOfMessages(messages);
  const tool = toolConfig === undefined ? undefined : meterToolConfig(toolConfig, meter, blocks);
  for (const [index, block] of (optional(body.system, asList) ?? []).entries()) {
    meterBlock(asObject(block), `system.${index}`, meter);
  }
  meterMessages(messages, meter);
  refuseToolBlocks(blocks, toolConfig !== undefined, isClaude);
  refuseDocuments(blocks);
  const additional = optional(body.additionalModelRequestFields, asObject) ?? {};
  const { topK, thinking, betas, structured } = isClaude ? claudeFields(additional) : NO_FIELDS;
  return {
    inputTokens: meter.tokens,
    cachePoints: meter.cachePoints,
    maxTokens,
    stopSequences,
    tool,
    prefill: prefillOf(asObject(messages.at(-1))),
    toolNames: toolNamesOf(toolConfig),
    toolLoop: firstOfToolLoop(blocks),
    sampling: { ...sampling, topK },
    thinking,
    betas,
    structured: structuredAnswer(optional(body.outputConfig, asObject)) ?? structured,
  };
}

/** The text with which a conversation ends that the caller has begun to answer. */
function prefillOf(last: JsonObject): string | undefined {
  const block = last.role === "assistant" ? asObject(asList(last.content).at(-1)) : undefined;
  return block === undefined ? undefined : (optional(block.text, asText) ?? "");
}

function toolNamesOf(config: JsonObject | undefined): readonly string[] {
  return (optional(config?.tools, asList) ?? []).flatMap((tool) => {
    const spec = optional(asObject(tool).toolSpec, asObject);
    return spec === undefined ? [] : [asText(spec.name)];
  });
}

const NO_FIELDS: Partial<ReturnType<typeof parseClaudeFields>> = {};

function claudeFields(additional: JsonObject): ReturnType<typeof parseClaudeFields> {
  try {
    // Converse has names of its own for the others, which may not be given twice.
    return parseClaudeFields(additional, ["stop_sequences", "temperature", "top_p"]);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw invalid(`The model returned the following errors: ${error.message}`);
  }
}

/** The JSON of `outputConfig.textFormat`, whose schema is a text. */
function structuredAnswer(config: JsonObject | undefined): string | undefined {
  const format = optional(config?.textFormat, asObject);
  if (format === undefined) return undefined;
  const at = "outputConfig.textFormat";
  const text = asText(optional(optional(format.structure, asObject)?.jsonSchema, asObject)?.schema);
  try {
    return JSON.stringify(sampleOfSchema(JSON.parse(text)));
  } catch {
    throw invalid(`The value at ${at}.structure.jsonSchema.schema is not a JSON schema.`);
  }
}

interface InferenceConfig {
  readonly maxTokens: number | undefined;
  readonly stopSequences: string[];
  readonly sampling: Sampling;
}

function parseInferenceConfig(config: JsonObject): InferenceConfig {
  const maxTokens = optional(config.maxTokens, asInteger);
  const stopSequences = (optional(config.stopSequences, asList) ?? []).map(asText);
  const sampling = { temperature: optional(config.temperature, asNumber), topP: optional(config.topP, asNumber) };
  return { maxTokens, stopSequences, sampling };
}

function meterMessages(messages: readonly unknown[], meter: PromptMeter): void {
  if (messages.length === 0) {
    throw invalid("The messages field must have at least one message. Add a message and try again.");
  }
  let expected = "user";
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
    for (const [block, content] of blocks.entries()) meterBlock(content, `${at}.content.${block}`, meter);
    expected = role === "user" ? "assistant" : "user";
  }
}

function refuseRole(role: string, expected: string, index: number): void {
  if (role === expected) return;
  throw invalid(
    index === 0
      ? "A conversation must start with a user message. Try again with a conversation that starts with a user message."
      : "A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.",
  );
}

function invalid(message: string): ServiceError {
  return new ServiceError("ValidationException", message);
}

/**
 * Parses `toolConfig` and adds its tools to the meter.
 *
 * @param blocks those of the messages: for `any` the tools take turns
 * @returns the tool call that the choice forces; undefined if the model may choose, in which case the emulator answers
 *          with text
 * @throws ServiceError ValidationException
 */
export function meterToolConfig(
  config: JsonObject,
  meter: PromptMeter,
  blocks: readonly Blocks[] = [],
): ToolAnswer | undefined {
  const tools = asList(config.tools);
  const specs: JsonObject[] = [];
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
    specs.push(spec);
  }
  return forcedToolCall(optional(config.toolChoice, asObject), specs, blocks);
}

function forcedToolCall(
  choice: JsonObject | undefined,
  specs: readonly JsonObject[],
  blocks: readonly Blocks[],
): ToolAnswer | undefined {
  if (choice === undefined || choice.auto !== undefined) return undefined;
  const named = optional(choice.tool, asObject);
  const spec =
    named === undefined
      ? nextTool(specs, blocks, callsOf, isQuestion)
      : specs.find((candidate) => candidate.name === asText(named.name));
  if (spec === undefined) {
    throw new ServiceError(
      "ValidationException",
      "The tool in toolConfig.toolChoice is not among toolConfig.tools. Choose a tool that is defined and try again.",
    );
  }
  const schema = isObject(spec.inputSchema) ? spec.inputSchema.json : undefined;
  return { name: asText(spec.name), input: sampleOfSchema(schema) };
}

const DOCUMENTS_MAX = 5;
/**
 * What the service takes is wider than what it says: underscores, and a blank at either end, pass; a tab or a wide blank
 * does not.
 */
const NAME = /^[A-Za-z0-9_()[\] -]*$/;

/**
 * Refuses documents by name, number and company. The blocks' shapes have been checked.
 *
 * @param messages their content blocks
 * @throws ServiceError ValidationException with the service's words
 * Source: Amazon Bedrock API reference, DocumentBlock and Message; texts and the blanks that pass as quoted and measured in
 * public issue threads (vercel/ai#20365, aws-samples/generative-ai-use-cases#1671 and #1685, maximhq/bifrost#5817).
 */
export function refuseDocuments(messages: readonly (readonly JsonObject[])[]): void {
  const names = messages.flatMap((blocks) => {
    const documents = blocks.flatMap(({ document }) => (isObject(document) ? [asText(document.name)] : []));
    const hasText = blocks.some(({ text }) => text !== undefined && text !== null);
    if (documents.length > 0 && !hasText) throw invalid("A text block must be included when using documents.");
    return documents;
  });
  if (names.some((name) => !isName(name))) {
    throw invalid(
      "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, parentheses, and square brackets. The name can't contain more than one consecutive whitespace character. Check that the file name conforms to these restrictions and retry your request.",
    );
  }
  if (new Set(names).size < names.length) throw invalid("Messages can't contain duplicate document names.");
  if (names.length > DOCUMENTS_MAX) throw invalid("You can't include more than 5 documents in a request.");
}

/** One blank may stand between words, not two. */
function isName(name: string): boolean {
  return NAME.test(name) && !name.includes("  ");
}
