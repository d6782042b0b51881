/** Registry of the paths in the shape of a model vendor's own API. */
import { ServiceError } from "../http/errors.ts";
import { isObject, type JsonObject, parseJsonObject } from "../http/request-body.ts";
import type { WireRequest } from "../http/wire.ts";
import { assemble, type CallContext, checkSettings, headerSettings, type ParsedCall } from "../inference/call.ts";
import type { ApplicationProfileLookup, Catalog, ResolvedModel } from "../model/catalog.ts";
import { countTokensOf, messagesApi } from "./messages.ts";
import { chatCompletionsApi, responsesApi } from "./openai.ts";
import { type ErrorStyle, type VendorApi, vendorReply } from "./vendor-api.ts";

/**
 * APIs by the end of their paths. The service has OpenAI's below `/openai/v1` and, on its newer endpoint, `/v1`;
 * Anthropic's is below `/anthropic/v1`. A new one is one file and one line here.
 */
const APIS: Readonly<Record<string, VendorApi>> = {
  "/v1/chat/completions": chatCompletionsApi,
  "/openai/v1/chat/completions": chatCompletionsApi,
  "/v1/responses": responsesApi,
  "/openai/v1/responses": responsesApi,
  "/anthropic/v1/messages": messagesApi,
};

/** Beginnings of the paths whose errors are those of a vendor. */
const PREFIXES: readonly (readonly [string, ErrorStyle])[] = [
  ["/anthropic/", "anthropic"],
  ["/openai/", "openai"],
  ["/v1/", "openai"],
];

/** Whose errors a path answers with; undefined for AWS's own. */
export function errorStyleOf(path: string): ErrorStyle | undefined {
  return PREFIXES.find(([prefix]) => path.startsWith(prefix))?.[1];
}

/** What a request to a vendor's API needs besides its body. */
export interface VendorContext extends Pick<CallContext, "requestId" | "region" | "accountId" | "body"> {
  /** A key of the registry, see `parseRoute`. */
  readonly path: string;
  readonly headers: WireRequest["headers"];
  readonly catalog: Catalog;
  readonly lookup: ApplicationProfileLookup;
}

/** A request to a vendor's API whose model is known. */
export interface VendorCall {
  readonly body: JsonObject;
  readonly resolved: ResolvedModel;
  /** The operation as which it is logged. */
  readonly operation: "InvokeModel" | "InvokeModelWithResponseStream";
}

/**
 * Reads a request to a vendor's API as far as its model.
 *
 * @throws ServiceError ValidationException, ResourceNotFoundException for an unknown model
 */
export function resolveVendorCall(context: VendorContext): VendorCall {
  const body = parseJsonObject(context.body, (reason) => new ServiceError("ValidationException", reason));
  if (typeof body.model !== "string") throw new ServiceError("ValidationException", "model: Field required");
  const operation = body.stream === true ? "InvokeModelWithResponseStream" : "InvokeModel";
  return { body, resolved: resolveNamed(body.model, context), operation };
}

/**
 * Parses a request to a vendor's API.
 *
 * @throws ServiceError ValidationException
 */
export function parseVendorCall(context: VendorContext, { body, resolved, operation }: VendorCall): ParsedCall {
  const api = APIS[context.path]!;
  refuseUnserved(api, body, resolved);
  const { prompt, tier, metadata, format } = api.parse(body, context.headers);
  const fromHeaders = headerSettings(context.headers);
  const own = checkSettings({
    tier,
    latency: undefined,
    metadata: isObject(metadata) ? metadata : undefined,
    tierAt: "service_tier",
  });
  const settings = {
    ...fromHeaders,
    serviceTier: own.serviceTier ?? fromHeaders.serviceTier,
    requestMetadata: { ...own.requestMetadata, ...fromHeaders.requestMetadata },
  };
  const reply = vendorReply(format, api.style, context.requestId);
  return assemble({ ...context, operation, resolved }, prompt, settings, reply);
}

function refuseUnserved(api: VendorApi, { model }: JsonObject, resolved: ResolvedModel): void {
  if (api.serves(resolved.model.modelId)) return;
  throw new ServiceError("ValidationException", `model \`${String(model)}\` isn't supported on this route`);
}

/** Counts the tokens of a request of the Messages API, which is not run. */
export function countMessages(context: VendorContext): { readonly input_tokens: number } {
  const { body, resolved } = resolveVendorCall(context);
  refuseUnserved(messagesApi, body, resolved);
  return countTokensOf(body, context.headers);
}

/** Models that a vendor's paths serve, by its own list, which is never cut into pages. */
export function listModels({ data: { models } }: Catalog, path: string): object {
  if (errorStyleOf(path) !== "anthropic") {
    const data = models.map(({ modelId }) => ({ id: modelId, object: "model", created: 0, owned_by: "system" }));
    return { object: "list", data };
  }
  const data = models
    .filter(({ modelId }) => messagesApi.serves(modelId))
    .map(({ modelId, modelName }) => ({
      type: "model",
      id: modelId,
      display_name: modelName,
      created_at: "1970-01-01T00:00:00Z",
    }));
  return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
}

/** The newer endpoint takes a model's own id even where the older one wants a profile: a profile of the region serves it. */
function resolveNamed(id: string, { catalog, region, lookup }: VendorContext): ResolvedModel {
  for (const candidate of [
    id,
    ...catalog.data.profiles.filter(({ modelId }) => modelId === id).map((each) => each.profileId),
  ]) {
    try {
      return catalog.resolve(candidate, region, lookup);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
    }
  }
  throw new ServiceError("ResourceNotFoundException", `The model \`${id.slice(0, 200)}\` does not exist`);
}
