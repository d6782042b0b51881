/** Which operation of the API a method and a path ask for. */
import { ServiceError } from "./errors.ts";

/** A parsed request line. Ids are percent-decoded. */
export type Route =
  | { readonly kind: "inference"; readonly operation: InferenceOperation; readonly modelId: string }
  | { readonly kind: "countTokens"; readonly modelId: string }
  /** The path of a vendor's own API, a key of its registry. */
  | { readonly kind: "vendor"; readonly path: string }
  | { readonly kind: "countMessages"; readonly path: string }
  | { readonly kind: "models"; readonly path: string }
  | {
      readonly kind: "control";
      readonly operation: ControlOperation;
      readonly id: string;
      readonly query: URLSearchParams;
    }
  | { readonly kind: "admin"; readonly name: string; readonly query: URLSearchParams };

/** The operations that run a model. */
export type InferenceOperation = "Converse" | "ConverseStream" | "InvokeModel" | "InvokeModelWithResponseStream";

/** The operations of the control plane that routing needs. */
export type ControlOperation =
  | "ListInferenceProfiles"
  | "GetInferenceProfile"
  | "CreateInferenceProfile"
  | "DeleteInferenceProfile"
  | "ListFoundationModels"
  | "GetFoundationModel";

/** Paths of the emulator's own pages. */
export const ADMIN_PREFIX = "/_meridian/";

const OPERATIONS: Readonly<Record<string, InferenceOperation | "CountTokens">> = {
  converse: "Converse",
  "converse-stream": "ConverseStream",
  invoke: "InvokeModel",
  "invoke-with-response-stream": "InvokeModelWithResponseStream",
  "count-tokens": "CountTokens",
};

/** Operations of the control plane by collection and method, with and without an id. */
const COLLECTIONS: Readonly<Record<string, Readonly<Record<string, ControlOperation>>>> = {
  "inference-profiles": {
    GET: "ListInferenceProfiles",
    POST: "CreateInferenceProfile",
    "GET id": "GetInferenceProfile",
    "DELETE id": "DeleteInferenceProfile",
  },
  "foundation-models": { GET: "ListFoundationModels", "GET id": "GetFoundationModel" },
};

/** Paths in the shape of a model vendor's API. */
const VENDOR_PATHS: Readonly<Record<string, "vendor" | "countMessages" | "models">> = {
  "POST /v1/chat/completions": "vendor",
  "POST /openai/v1/chat/completions": "vendor",
  "POST /v1/responses": "vendor",
  "POST /openai/v1/responses": "vendor",
  "POST /anthropic/v1/messages": "vendor",
  "POST /anthropic/v1/messages/count_tokens": "countMessages",
  "GET /v1/models": "models",
  "GET /openai/v1/models": "models",
  "GET /anthropic/v1/models": "models",
};

/**
 * Parses a request line. Model ids arrive percent-encoded or raw, and ARNs contain slashes, so a model path is split at
 * its last slash.
 *
 * @param method HTTP method
 * @param url    request target as received: path with optional query, or absolute
 * @throws ServiceError UnknownOperationException for an unknown path or method
 */
export function parseRoute(method: string, url: string): Route {
  const target = url.startsWith("/") ? url : url.replace(/^[a-z]+:\/\/[^/]*/i, "");
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? "" : target.slice(mark + 1);

  if (path.startsWith("/model/")) return parseModelRoute(method, path);
  const vendor = Object.hasOwn(VENDOR_PATHS, `${method} ${path}`) ? VENDOR_PATHS[`${method} ${path}`] : undefined;
  if (vendor !== undefined) return { kind: vendor, path };
  if (path.startsWith(ADMIN_PREFIX)) {
    // Tools that wait for a server ask with HEAD; what is sent to them has no body.
    const asked = method === "HEAD" ? "GET" : method;
    return { kind: "admin", name: `${asked} ${path.slice(ADMIN_PREFIX.length)}`, query: new URLSearchParams(query) };
  }
  const [, collection, ...rest] = path.replace(/\/$/, "").split("/");
  const operations = collection !== undefined && Object.hasOwn(COLLECTIONS, collection) ? COLLECTIONS[collection] : {};
  const operation = operations?.[rest.length === 0 ? method : `${method} id`];
  if (operation === undefined) throw unknownOperation();
  return { kind: "control", operation, id: decodeId(rest.join("/")), query: new URLSearchParams(query) };
}

function parseModelRoute(method: string, path: string): Route {
  const slash = path.lastIndexOf("/");
  const encodedId = path.slice("/model/".length, slash);
  const name = path.slice(slash + 1);
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
  if (operation === undefined || encodedId === "" || method !== "POST") throw unknownOperation();
  const modelId = decodeId(encodedId);
  return operation === "CountTokens" ? { kind: "countTokens", modelId } : { kind: "inference", operation, modelId };
}

function decodeId(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new ServiceError("ValidationException", "The provided model identifier is invalid.");
  }
}

function unknownOperation(): ServiceError {
  return new ServiceError("UnknownOperationException");
}
