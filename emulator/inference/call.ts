import type { InferenceCall, InferenceOperation } from "../backend.ts";
import { malformed } from "../bodies/body.ts";
import { invokeBodyOf } from "../bodies/index.ts";
import type { ResolvedModel } from "../catalog.ts";
import { parseConverse, refuseTooLong } from "../converse/request.ts";
import { checkSettings, parseConverseSettings } from "../converse/settings.ts";
import { ServiceError } from "../errors.ts";
import type { CallSettings, ParsedPrompt } from "../prompt.ts";
import { asObject, parseJsonObject } from "../shape.ts";
import { findStop, type StopMatch } from "../text.ts";
import { countFromMetadata, estimateJsonTokens } from "../tokens.ts";
import type { WireRequest } from "../wire.ts";
import { converseReply, invokeReply, type ReplyFormat } from "./reply.ts";

/** A request that passed validation: what the backend is asked, and how the answer will be written. */
export interface ParsedCall {
  readonly call: InferenceCall;
  readonly prompt: ParsedPrompt;
  readonly stop: StopMatch | undefined;
  readonly format: ReplyFormat;
}

export interface CallContext {
  readonly requestId: string;
  readonly region: string;
  readonly accountId: string;
  readonly operation: InferenceOperation;
  readonly resolved: ResolvedModel;
  readonly headers: WireRequest["headers"];
  readonly body: Buffer;
}

/** @throws ServiceError ValidationException or SerializationException */
export function parseCall(context: CallContext): ParsedCall {
  const converse = context.operation === "Converse" || context.operation === "ConverseStream";
  return converse ? parseConverseCall(context) : parseInvokeCall(context);
}

function parseConverseCall(context: CallContext): ParsedCall {
  const body = parseJsonObject(context.body, brokenConverseJson);
  const settings = parseConverseSettings(body);
  const prompt = parseConverse(body, context.resolved.model);
  return assemble(context, prompt, settings, converseReply(settings));
}

function parseInvokeCall(context: CallContext): ParsedCall {
  const body = parseJsonObject(context.body, malformed);
  const settings = headerSettings(context.headers);
  const { model } = context.resolved;
  const { prompt, format } = invokeBodyOf(model.modelId).parse(body);
  refuseTooLong(prompt.inputTokens, prompt.maxTokens, model);
  return assemble(context, prompt, settings, invokeReply(format, settings));
}

function assemble(context: CallContext, prompt: ParsedPrompt, settings: CallSettings, format: ReplyFormat): ParsedCall {
  const { resolved } = context;
  const { requestMetadata } = settings;
  const stop = prompt.tool === undefined ? findStop(prompt.stopSequences) : undefined;
  const wantedByTool = prompt.tool === undefined ? undefined : Math.max(1, estimateJsonTokens(prompt.tool.input));
  const inputTokens = countFromMetadata(requestMetadata.inputTokens, 0) ?? prompt.inputTokens;
  const call: InferenceCall = {
    requestId: context.requestId,
    region: context.region,
    modelId: resolved.model.modelId,
    profileId: resolved.profile?.profileId,
    destinations: resolved.destinations,
    operation: context.operation,
    inputTokens,
    // A caller's own count may be below the estimate that the checkpoints were placed with.
    cachePoints: prompt.cachePoints.map((point) => ({ ...point, tokens: Math.min(point.tokens, inputTokens) })),
    maxTokens: prompt.maxTokens,
    modelMaxTokens: resolved.model.maxOutputTokens,
    wantedOutputTokens: countFromMetadata(requestMetadata.outputTokens, 1) ?? wantedByTool,
    stopAtTokens: stop?.tokens,
    serviceTier: settings.serviceTier ?? "default",
    latencyOptimized: settings.latency === "optimized",
    requestMetadata,
    accountId: context.accountId,
  };
  return { call, prompt, stop, format };
}

/** InvokeModel carries in headers what Converse carries in members. */
function headerSettings(headers: WireRequest["headers"]): CallSettings {
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
