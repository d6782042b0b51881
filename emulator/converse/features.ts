/** What Converse refuses because the model lacks it: system prompts, documents, images, tools, cache checkpoints. */
import type { ConverseFeature } from "../../simulator/service/model-facts.ts";
import { ServiceError } from "../http/errors.ts";
import { asList, asObject, isObject, type JsonObject, optional } from "../http/request-body.ts";

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
