/**
 * What a model refuses whatever the format of the request (too long a prompt or answer, cache checkpoints, parameters that
 * exclude each other, thinking), and what Converse refuses because the model lacks it.
 */
import type { ConverseFeature } from "../../simulator/service/model-facts.ts";
import { ServiceError } from "../http/errors.ts";
import { asList, asObject, isObject, type JsonObject, optional } from "../http/request-body.ts";
import type { ModelInfo, ResolvedModel } from "../model/catalog.ts";
import { LONG_CONTEXT_BETA } from "../model/facts.ts";
import { CACHE_TTL_MS, type ParsedPrompt } from "../model/prompt.ts";

/**
 * Checks a request against the limits and rules of its model.
 *
 * @param prompt      what the request asks
 * @param inputTokens all input tokens, as counted here or stated by the caller
 * @param model       its model
 * @param isConverse  Converse quotes the model's refusals with a sentence before them
 * @throws ServiceError ValidationException with the message of the first rule that is broken
 * Source: texts of the service as quoted in public issue threads; docs/reference/models.md has the facts.
 */
export function refuseByRules(
  prompt: ParsedPrompt,
  inputTokens: number,
  model: Omit<ModelInfo, "onDemandRegions" | "modelName" | "burndown">,
  isConverse: boolean,
): void {
  refuseTooLong(prompt, inputTokens, model);
  const refusal =
    conversationRefusal(prompt, model) ??
    cacheRefusal(prompt, model) ??
    thinkingRefusal(prompt, model) ??
    samplingRefusal(prompt, model);
  if (refusal === undefined) return;
  throw invalid(isConverse ? `The model returned the following errors: ${refusal}` : refusal);
}

/**
 * Checks that a latency-optimised call is on offer: for its model, in its source region, through a profile. Claude does
 * not cache prompts of such calls.
 *
 * @throws ServiceError ValidationException
 * Source: docs/reference/models.md; texts of the service as quoted in public repositories, of cached prompts boto/boto3#4626.
 */
export function refuseLatencyOptimized(
  { cachePoints }: ParsedPrompt,
  { resolved: { model, profile }, region }: { readonly resolved: ResolvedModel; readonly region: string },
  isConverse: boolean,
): void {
  const { latencyOptimizedIn, isLatencyOptimizedAlone = false, modelId } = model;
  const isOfferedRoute = profile !== undefined || isLatencyOptimizedAlone;
  const isOffered = latencyOptimizedIn === undefined || (latencyOptimizedIn.includes(region) && isOfferedRoute);
  if (!isOffered) throw invalid(`Latency performance configuration is not supported for ${modelId} in ${region}`);
  if (cachePoints.length === 0 || !modelId.startsWith("anthropic.")) return;
  const refusal = `${cachePoints[0]!.at}.cache_control: Extra inputs are not permitted`;
  throw invalid(isConverse ? `The model returned the following errors: ${refusal}` : refusal);
}

type Rules = Parameters<typeof refuseByRules>[2];

function refuseTooLong({ maxTokens, betas = [] }: ParsedPrompt, inputTokens: number, model: Rules): void {
  if (maxTokens !== undefined && maxTokens > model.maxOutputTokens) {
    throw invalid(
      `The maximum tokens you requested exceeds the model limit of ${model.maxOutputTokens}. Try again with a maximum tokens value that is lower than ${model.maxOutputTokens}.`,
    );
  }
  const extended = betas.includes(LONG_CONTEXT_BETA) ? model.extendedContextTokens : undefined;
  const windowTokens = extended ?? model.contextTokens ?? Number.POSITIVE_INFINITY;
  if (inputTokens > windowTokens) throw invalid("Input is too long for requested model.");
}

/** Rules of Claude; other families take what it refuses here, as far as is known. */
function conversationRefusal(prompt: ParsedPrompt, model: Rules): string | undefined {
  const { prefill, stopSequences, toolNames = [] } = prompt;
  if (!model.modelId.startsWith("anthropic.")) return undefined;
  if (stopSequences.some((sequence) => sequence.trim() === "")) {
    return "stop_sequences: each stop sequence must contain non-whitespace";
  }
  if (new Set(toolNames).size < toolNames.length) return "tools: Tool names must be unique.";
  if (prefill === undefined) return undefined;
  if (model.prefill === false) {
    return "This model does not support assistant message prefill. The conversation must end with a user message.";
  }
  return /\s$/.test(prefill) ? "messages: final assistant content cannot end with trailing whitespace" : undefined;
}

function cacheRefusal({ cachePoints }: ParsedPrompt, { cacheMaxPoints, cacheTtls }: Rules): string | undefined {
  if (cachePoints.length > (cacheMaxPoints ?? Number.POSITIVE_INFINITY)) {
    return `A maximum of ${cacheMaxPoints} blocks with cache_control may be provided. Found ${cachePoints.length}.`;
  }
  const unknown = cachePoints.find(({ ttlMs }) => !(cacheTtls ?? ALL_TTLS).some((ttl) => CACHE_TTL_MS[ttl] === ttlMs));
  if (unknown !== undefined) return `${unknown.at}.cache_control.ttl: Extra inputs are not permitted`;
  const longer = cachePoints.find((point, index) => point.ttlMs > (cachePoints[index - 1]?.ttlMs ?? point.ttlMs));
  if (longer === undefined) return undefined;
  return `${longer.at}.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed in the following order: \`tools\`, \`system\`, \`messages\`.`;
}

const ALL_TTLS = Object.keys(CACHE_TTL_MS);

const THINKING_TYPES: readonly string[] = ["thinking", "redacted_thinking"];

function thinkingRefusal(prompt: ParsedPrompt, { thinking: rules, maxOutputTokens }: Rules): string | undefined {
  const { thinking, tool, toolLoop, maxTokens = maxOutputTokens, sampling = {} } = prompt;
  if (rules === undefined || thinking === undefined) return undefined;
  const { mode, budgetTokens = 0 } = thinking;
  if (mode === "disabled")
    return rules.alwaysOn ? "thinking.type.disabled is not supported for this model." : undefined;
  if (rules.modes.length === 0) return "thinking is not supported for this model.";
  if (!rules.modes.includes(mode)) {
    return mode === "adaptive"
      ? "adaptive thinking is not supported on this model"
      : '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.';
  }
  const leastTokens = rules.minimumBudgetTokens ?? 1;
  if (mode === "budget" && budgetTokens < leastTokens) {
    return `thinking.enabled.budget_tokens: Input should be greater than or equal to ${leastTokens}`;
  }
  if (mode === "budget" && budgetTokens >= maxTokens) {
    return "`max_tokens` must be greater than `thinking.budget_tokens`.";
  }
  if (mode === "budget" && toolLoop !== undefined && !THINKING_TYPES.includes(toolLoop.type)) {
    return `${toolLoop.at}.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${toolLoop.type}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block (preceeding the lastmost set of \`tool_use\` and \`tool_result\` blocks). We recommend you include thinking blocks from previous turns. To avoid this requirement, disable \`thinking\`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking`;
  }
  if (tool !== undefined) return "Thinking may not be enabled when tool_choice forces tool use.";
  if ((sampling.temperature ?? 1) !== 1) return "`temperature` may only be set to 1 when thinking is enabled.";
  if ((sampling.topP ?? 1) < 0.95) {
    return "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.";
  }
  return sampling.topK === undefined ? undefined : "`top_k` must be unset when thinking is enabled.";
}

function samplingRefusal({ sampling = {} }: ParsedPrompt, { samplingParameters }: Rules): string | undefined {
  const { temperature, topP, topK } = sampling;
  if (samplingParameters === "one-of-two" && temperature !== undefined && topP !== undefined) {
    return "`temperature` and `top_p` cannot both be specified for this model. Please use only one.";
  }
  if (samplingParameters !== "refused") return undefined;
  const given = [
    ["temperature", (temperature ?? 1) !== 1],
    ["top_p", (topP ?? 1) !== 1],
    ["top_k", topK !== undefined],
  ] as const;
  const name = given.find(([, isSet]) => isSet)?.[0];
  return name === undefined ? undefined : `\`${name}\` is deprecated for this model.`;
}

function invalid(message: string): ServiceError {
  return new ServiceError("ValidationException", message);
}

/**
 * Refuses a request that uses what its model lacks.
 *
 * @param body     a request whose shape has been checked
 * @param lacks    what the model lacks; undefined where that is not known
 * @param isStream the answer is streamed
 * @throws ServiceError ValidationException, for cache checkpoints AccessDeniedException
 * Source: docs/reference/models.md; texts as quoted in public repositories, but for documents.
 */
export function refuseFeatures(
  body: JsonObject,
  lacks: readonly ConverseFeature[] | undefined,
  isStream: boolean,
): void {
  if (lacks === undefined || lacks.length === 0) return;
  const used = usedFeatures(body, isStream);
  const missing = lacks.find((feature) => used.has(feature));
  if (missing === "cache checkpoints") {
    throw new ServiceError(
      "AccessDeniedException",
      "You invoked an unsupported model or your request did not allow prompt caching. See the documentation for more information.",
    );
  }
  if (missing !== undefined) throw new ServiceError("ValidationException", refusalOf(missing, body));
}

function usedFeatures(body: JsonObject, isStream: boolean): ReadonlySet<ConverseFeature> {
  const system = blocksOf(body.system);
  const messages = blocksOf(body.messages).flatMap((message) => blocksOf(message.content));
  const config = optional(body.toolConfig, asObject) ?? {};
  const tools = blocksOf(config.tools);
  const has = (blocks: readonly JsonObject[], member: string): boolean => blocks.some((block) => isSet(block[member]));
  const uses: Readonly<Record<ConverseFeature, boolean>> = {
    "system prompts": system.length > 0,
    documents: has(messages, "document"),
    images: has(messages, "image"),
    tools: tools.length > 0,
    "streamed tools": isStream && tools.length > 0,
    "tool choice": isSet(config.toolChoice) && !isSet(asObject(config.toolChoice).auto),
    "cache checkpoints": has([...system, ...messages, ...tools], "cachePoint"),
  };
  return new Set((Object.keys(uses) as ConverseFeature[]).filter((feature) => uses[feature]));
}

function refusalOf(feature: Exclude<ConverseFeature, "cache checkpoints">, body: JsonObject): string {
  switch (feature) {
    case "system prompts":
      return "This model doesn't support system messages. Try again without a system message or use a model that supports system messages.";
    case "documents":
      return "This model doesn't support documents. Try again without a document or use a model that supports documents.";
    case "images":
      return "This model doesn't support the image content block that you provided. Update the content block and try again.";
    case "tools":
      return "This model doesn't support tool use.";
    case "streamed tools":
      return "This model doesn't support tool use in streaming mode.";
    case "tool choice": {
      const choice = asObject(asObject(body.toolConfig).toolChoice);
      const field = `toolConfig.toolChoice.${isSet(choice.any) ? "any" : "tool"}`;
      return `This model doesn't support the ${field} field. Remove ${field} and try again.`;
    }
  }
}

function blocksOf(value: unknown): readonly JsonObject[] {
  return (optional(value, asList) ?? []).filter(isObject);
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}
