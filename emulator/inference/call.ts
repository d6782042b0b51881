/** Turns a request into a validated call: body, settings and limits; also CountTokens, which only counts. */
import { malformedInput } from "../bodies/body.ts";
import { invokeBodyOf } from "../bodies/index.ts";
import { refuseExtraneous } from "../bodies/nova.ts";
import { responseFieldsOf } from "../converse/answer.ts";
import { parseConverse } from "../converse/request.ts";
import { ServiceError } from "../http/errors.ts";
import { asObject, asText, ConstraintList, type JsonObject, optional, parseJsonObject } from "../http/request-body.ts";
import type { InferenceOperation } from "../http/router.ts";
import type { WireRequest } from "../http/wire.ts";
import { findStop, type StopMatch } from "../model/answer.ts";
import type { InferenceCall, ServiceTierName } from "../model/backend.ts";
import type { Catalog, ModelInfo, ResolvedModel } from "../model/catalog.ts";
import {
  type CallSettings,
  countFromMetadata,
  estimateTokens,
  type ParsedPrompt,
  type ThinkingRequest,
} from "../model/prompt.ts";
import { converseReply, invokeReply, type ReplyFormat } from "./reply.ts";
import { refuseByRules, refuseFeatures, refuseLatencyOptimized } from "./rules.ts";

/** A validated request: the call for the backend, and the format of its answer. */
export interface ParsedCall {
  readonly call: InferenceCall;
  readonly prompt: ParsedPrompt;
  readonly stop: StopMatch | undefined;
  readonly format: ReplyFormat;
}

/** A request of an inference operation, as received. */
export interface CallContext {
  readonly requestId: string;
  readonly region: string;
  readonly accountId: string;
  readonly operation: InferenceOperation;
  readonly resolved: ResolvedModel;
  readonly headers: WireRequest["headers"];
  readonly body: Buffer;
}

/**
 * Parses and validates a request of Converse, InvokeModel or their streaming variants.
 *
 * @throws ServiceError ValidationException or SerializationException
 */
export function parseCall(context: CallContext): ParsedCall {
  const converse = context.operation === "Converse" || context.operation === "ConverseStream";
  return converse ? parseConverseCall(context) : parseInvokeCall(context);
}

function parseConverseCall(context: CallContext): ParsedCall {
  const body = parseJsonObject(context.body, brokenConverseJson);
  const prompt = parseConverse(body, isClaude(context.resolved.model));
  refuseFeatures(body, context.resolved.model.converseLacks, context.operation === "ConverseStream");
  if (isNova(context.resolved.model)) refuseFieldsOfNova(optional(body.additionalModelRequestFields, asObject) ?? {});
  const settings = parseConverseSettings(body);
  const fields = responseFieldsOf(body, invokeBodyOf(context.resolved.model.modelId).format);
  return assemble(context, prompt, settings, converseReply({ ...settings, fields }));
}

function parseInvokeCall(context: CallContext): ParsedCall {
  const body = parseJsonObject(context.body, brokenInvokeJson);
  const settings = headerSettings(context.headers);
  const { prompt, format } = invokeBodyOf(context.resolved.model.modelId).parse(body, context.headers);
  return assemble(context, prompt, settings, invokeReply(format, settings));
}

/** What cannot be read at all is refused without a reason. */
function brokenInvokeJson(reason: string): ServiceError {
  if (reason.startsWith("expected type")) return malformedInput(`#: ${reason}`);
  return new ServiceError("ValidationException", "Malformed input request, please reformat your input and try again.");
}

function isNova({ modelId }: ModelInfo): boolean {
  return modelId.startsWith("amazon.nova-");
}

/** Converse hands the fields on to the model, whose refusal it quotes. */
function refuseFieldsOfNova(fields: JsonObject): void {
  try {
    refuseExtraneous(fields);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new ServiceError("ValidationException", `The model returned the following errors: ${error.message}`);
  }
}

function isClaude({ modelId }: ModelInfo): boolean {
  return modelId.startsWith("anthropic.");
}

/**
 * Completes a parsed request: sizes that the caller states, and the rules of its model.
 *
 * @throws ServiceError ValidationException if a stated size is malformed or a rule is broken
 */
export function assemble(
  context: Omit<CallContext, "headers" | "body">,
  prompt: ParsedPrompt,
  settings: CallSettings,
  format: ReplyFormat,
): ParsedCall {
  const { model, profile, destinations } = context.resolved;
  const { requestMetadata } = settings;
  const inputTokens = countFromMetadata(requestMetadata, "inputTokens", 0) ?? prompt.inputTokens;
  const wantedTokens = countFromMetadata(requestMetadata, "outputTokens", 1);
  const isConverse = context.operation.startsWith("Converse");
  if (settings.latency === "optimized") refuseLatencyOptimized(prompt, context, isConverse);
  refuseByRules(prompt, inputTokens, model, isConverse);
  const fixed = prompt.tool === undefined ? prompt.structured : JSON.stringify(prompt.tool.input);
  const stop = fixed === undefined ? findStop(prompt.stopSequences) : undefined;
  const call: InferenceCall = {
    requestId: context.requestId,
    region: context.region,
    modelId: model.modelId,
    profileId: profile?.profileId,
    destinations,
    operation: context.operation,
    inputTokens,
    // A caller's own count may be smaller than the estimate on which the checkpoints are based.
    cachePoints: prompt.cachePoints.map((point) => ({ ...point, tokens: Math.min(point.tokens, inputTokens) })),
    cacheMinimumTokens: model.cacheMinimumTokens,
    maxTokens: prompt.maxTokens,
    modelMaxTokens: model.maxOutputTokens,
    wantedOutputTokens: wantedTokens ?? withThinking(fixed && Math.max(1, estimateTokens(fixed)), prompt),
    stopAtTokens: withThinking(stop?.tokens, prompt),
    serviceTier: settings.serviceTier ?? "default",
    latencyOptimized: settings.latency === "optimized",
    requestMetadata,
    accountId: context.accountId,
  };
  return { call, prompt, stop, format };
}

/** Tokens of an answer whose text has `textTokens`: {@link thinkingTokensOf} of them are thinking. */
function withThinking(textTokens: number | "" | undefined, { thinking }: ParsedPrompt): number | undefined {
  if (textTokens === undefined || textTokens === "" || !isThinking(thinking)) return textTokens || undefined;
  return textTokens + Math.min(textTokens, thinking.budgetTokens ?? Number.POSITIVE_INFINITY);
}

/** Half of an answer is thinking, but never more than the budget. */
export function thinkingTokensOf({ thinking }: ParsedPrompt, outputTokens: number): number {
  if (!isThinking(thinking)) return 0;
  return Math.min(Math.floor(outputTokens / 2), thinking.budgetTokens ?? Number.POSITIVE_INFINITY);
}

function isThinking(thinking: ParsedPrompt["thinking"]): thinking is ThinkingRequest {
  return thinking !== undefined && thinking.mode !== "disabled";
}

/** Settings that InvokeModel takes from headers and Converse from the body. */
export function headerSettings(headers: WireRequest["headers"]): CallSettings {
  const metadata = textHeader(headers, "x-amzn-bedrock-request-metadata");
  return checkSettings({
    tier: textHeader(headers, "x-amzn-bedrock-service-tier"),
    latency: textHeader(headers, "x-amzn-bedrock-performanceconfig-latency"),
    metadata: metadata === undefined ? undefined : parseMetadata(metadata),
    tierAt: "serviceTier",
  });
}

function parseMetadata(text: string): Readonly<Record<string, unknown>> {
  try {
    return asObject(JSON.parse(text));
  } catch {
    throw new ServiceError(
      "ValidationException",
      "The X-Amzn-Bedrock-Request-Metadata header must hold a JSON object of texts.",
    );
  }
}

function textHeader(headers: WireRequest["headers"], name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function brokenConverseJson(): ServiceError {
  return new ServiceError("SerializationException", "Unable to parse the request body: it is not a JSON object.");
}

const TIERS: readonly string[] = ["priority", "default", "flex", "reserved"];
const LATENCIES: readonly string[] = ["standard", "optimized"];
/** Characters allowed in metadata keys and values. */
const METADATA_TEXT = /^[a-zA-Z0-9\s:_@$#=/+,.-]*$/;

/** `serviceTier`, `performanceConfig` and `requestMetadata` of a Converse body. */
export function parseConverseSettings(body: JsonObject): CallSettings {
  const tier = optional(body.serviceTier, asObject);
  const performance = optional(body.performanceConfig, asObject);
  return checkSettings({
    tier: tier === undefined ? undefined : asText(tier.type),
    latency: optional(performance?.latency, asText),
    metadata: optional(body.requestMetadata, asObject),
    tierAt: "serviceTier.type",
  });
}

export interface RawSettings {
  readonly tier: string | undefined;
  readonly latency: string | undefined;
  readonly metadata: JsonObject | undefined;
  readonly tierAt: string;
}

/**
 * @throws ServiceError ValidationException naming every violated constraint: unknown tier or latency, more than 16
 *         metadata pairs, keys or values that are too long or contain characters that are not allowed
 */
export function checkSettings(raw: RawSettings): CallSettings {
  const constraints = new ConstraintList();
  const { tier, latency, metadata } = raw;
  const tierValues = `Member must satisfy enum value set: [${TIERS.join(", ")}]`;
  constraints.check(tier === undefined || TIERS.includes(tier), tier, raw.tierAt, tierValues);
  const latencyValues = `Member must satisfy enum value set: [${LATENCIES.join(", ")}]`;
  constraints.check(
    latency === undefined || LATENCIES.includes(latency),
    latency,
    "performanceConfig.latency",
    latencyValues,
  );
  const requestMetadata = checkMetadata(metadata ?? {}, metadata !== undefined, constraints);
  constraints.throwIfAny();
  return {
    requestMetadata,
    serviceTier: tier as ServiceTierName | undefined,
    latency: latency as CallSettings["latency"],
  };
}

function checkMetadata(metadata: JsonObject, given: boolean, constraints: ConstraintList): Record<string, string> {
  const pairs = Object.entries(metadata).map(([key, value]) => [key, asText(value)] as const);
  const at = "requestMetadata";
  const count = `${pairs.length} pairs`;
  constraints.check(!given || pairs.length >= 1, "{}", at, "Member must have length greater than or equal to 1");
  constraints.check(pairs.length <= 16, count, at, "Member must have length less than or equal to 16");
  for (const [key, value] of pairs.slice(0, 17)) {
    const keyFine = key.length >= 1 && key.length <= 256 && METADATA_TEXT.test(key);
    constraints.check(
      keyFine,
      key,
      at,
      "Map keys must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [a-zA-Z0-9\\s:_@$#=/+,-.]{1,256}]",
    );
    constraints.check(
      value.length <= 256 && METADATA_TEXT.test(value),
      value,
      at,
      "Map value must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: [a-zA-Z0-9\\s:_@$#=/+,-.]{0,256}]",
    );
  }
  return Object.fromEntries(pairs);
}

/**
 * Answers CountTokens: the input tokens of a request that is not run. Accepts base model ids of Claude only, no profiles.
 *
 * @param body JSON with one of `converse` and `invokeModel`
 * Source: Amazon Bedrock API reference, CountTokens; User Guide, supported models for token counting.
 *
 * @throws ServiceError ValidationException, SerializationException
 */
export function countTokens(catalog: Catalog, modelId: string, body: Buffer): { readonly inputTokens: number } {
  const id = modelId.replace(/^arn:aws[a-z-]*:bedrock:[a-z0-9-]*::foundation-model\//, "");
  const model = catalog.model(id);
  const isProfile = catalog.profile(id) !== undefined || id.startsWith("arn:");
  if (isProfile || (model !== undefined && !isClaude(model))) {
    throw new ServiceError("ValidationException", "The provided model doesn't support counting tokens.");
  }
  if (model === undefined) throw new ServiceError("ValidationException", "The provided model identifier is invalid.");
  const request = parseJsonObject(body, broken);
  const input = optional(request.input, asObject) ?? {};
  if (input.converse !== undefined) return { inputTokens: countConverse(asObject(input.converse), model) };
  if (input.invokeModel !== undefined) return { inputTokens: countInvoke(asObject(input.invokeModel), model) };
  throw new ServiceError("ValidationException", "The input must hold one of: converse, invokeModel.");
}

function countConverse(body: JsonObject, model: ModelInfo): number {
  return parseConverse(body, isClaude(model)).inputTokens;
}

/** InvokeModel's body is a blob, which is base64 in JSON. */
function countInvoke(input: JsonObject, model: ModelInfo): number {
  const body = parseJsonObject(Buffer.from(asText(input.body), "base64"), broken);
  // Counting needs no limit on the answer, which a request would otherwise have to have.
  return invokeBodyOf(model.modelId).parse({ max_tokens: 1, ...body }).prompt.inputTokens;
}

function broken(): ServiceError {
  return new ServiceError("SerializationException", "Unable to parse the request body: it is not a JSON object.");
}
