import { invokeBodyOf } from "./bodies/index.ts";
import type { Catalog, ModelInfo } from "./catalog.ts";
import { parseConverse } from "./converse/request.ts";
import { ServiceError } from "./errors.ts";
import { asObject, asText, type JsonObject, optional, parseJsonObject } from "./shape.ts";

/**
 * CountTokens: the input tokens that a request would have, free of charge. Wants a base model id; a profile will not
 * do. Source: Amazon Bedrock API reference, CountTokens.
 *
 * @throws ServiceError ValidationException, SerializationException
 */
export function countTokens(catalog: Catalog, modelId: string, body: Buffer): { readonly inputTokens: number } {
  const id = modelId.replace(/^arn:aws[a-z-]*:bedrock:[a-z0-9-]*::foundation-model\//, "");
  if (catalog.profile(id) !== undefined || id.startsWith("arn:")) {
    throw new ServiceError("ValidationException", "The provided model doesn't support counting tokens.");
  }
  const model = catalog.model(id);
  if (model === undefined) throw new ServiceError("ValidationException", "The provided model identifier is invalid.");
  const request = parseJsonObject(body, broken);
  const input = optional(request.input, asObject) ?? {};
  if (input.converse !== undefined) return { inputTokens: countConverse(asObject(input.converse), model) };
  if (input.invokeModel !== undefined) return { inputTokens: countInvoke(asObject(input.invokeModel), model) };
  throw new ServiceError("ValidationException", "The input must hold one of: converse, invokeModel.");
}

function countConverse(body: JsonObject, model: ModelInfo): number {
  return parseConverse(body, model).inputTokens;
}

/** The body of an InvokeModel travels as a blob, which is base64 in JSON. */
function countInvoke(input: JsonObject, model: ModelInfo): number {
  const body = parseJsonObject(Buffer.from(asText(input.body), "base64"), broken);
  // A count needs no limit on the answer, which Anthropic's body would otherwise demand.
  const withLimit = model.modelId.startsWith("anthropic.") ? { max_tokens: 1, ...body } : body;
  return invokeBodyOf(model.modelId).parse(withLimit).prompt.inputTokens;
}

function broken(): ServiceError {
  return new ServiceError("SerializationException", "Unable to parse the request body: it is not a JSON object.");
}
