import type { ModelInfo } from "../catalog.ts";
import { ServiceError } from "../errors.ts";
import { type ParsedPrompt, PromptMeter } from "../prompt.ts";
import { asInteger, asList, asNumber, asObject, asText, ConstraintList, type JsonObject, optional } from "../shape.ts";
import { meterBlock } from "./blocks.ts";
import { meterToolConfig } from "./tools.ts";

/**
 * Reads and validates the body of Converse and ConverseStream: `messages`, `system`, `inferenceConfig`, `toolConfig`.
 * Types are refused as SerializationException, everything else as ValidationException, in the service's words.
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

/** Limits of the model that hold for every body format. */
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
