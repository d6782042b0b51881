/** The contract of the paths in the shape of a model vendor's own API, and how their answers go onto the wire. */
import type { ServiceErrorName, ServiceFault } from "../http/errors.ts";
import { statusOf, withDefaultMessage } from "../http/errors.ts";
import { isObject, type JsonObject } from "../http/request-body.ts";
import type { JsonReply, WireRequest } from "../http/wire.ts";
import type { ReplyFormat } from "../inference/reply.ts";
import type { Answer, AnswerFormat } from "../model/answer.ts";
import type { ParsedPrompt } from "../model/prompt.ts";

/** A vendor's API as the service offers it. */
export interface VendorApi {
  /** Whether a model is on offer there. */
  serves(modelId: string): boolean;
  /**
   * Parses a request.
   *
   * @throws ServiceError ValidationException
   */
  parse(body: JsonObject, headers: WireRequest["headers"]): VendorRequest;
  readonly style: ErrorStyle;
}

/** What a request asks, and the format of its answer. */
export interface VendorRequest {
  readonly prompt: ParsedPrompt;
  readonly tier: string | undefined;
  /** Key-value pairs that the caller attaches. */
  readonly metadata: JsonObject | undefined;
  readonly format: AnswerFormat;
}

/** Whose errors are sent, and whether events have names. */
export type ErrorStyle = "openai" | "anthropic" | "responses";

/** Requests name no metadata of their own in the vendors' APIs where they have none. */
export function metadataOf(value: unknown): JsonObject | undefined {
  return isObject(value) && Object.keys(value).length > 0 ? value : undefined;
}

/** Types of errors by the names of the service's own. */
const TYPES: Readonly<Partial<Record<ServiceErrorName, string>>> = {
  ThrottlingException: "rate_limit_error",
  ServiceUnavailableException: "overloaded_error",
  MissingAuthenticationTokenException: "authentication_error",
  IncompleteSignatureException: "authentication_error",
  InvalidSignatureException: "authentication_error",
  UnrecognizedClientException: "authentication_error",
  AccessDeniedException: "permission_error",
  ResourceNotFoundException: "not_found_error",
  UnknownOperationException: "not_found_error",
  RequestEntityTooLargeException: "request_too_large",
  ModelTimeoutException: "timeout_error",
};

/** The vendor's type of an error. */
function typeOf(name: ServiceErrorName): string {
  const status = statusOf(name);
  return TYPES[name] ?? (status >= 500 || status === 424 ? "api_error" : "invalid_request_error");
}

/** Anthropic's API has a status of its own for capacity that is exhausted. */
const OVERLOADED_STATUS = 529;

/** The newer endpoint's words for a key that is not valid. Source: NousResearch/hermes-agent#87190. */
const INVALID_KEY = { type: "authentication_error", code: "invalid_api_key", message: "Invalid bearer token" } as const;

/** The body of an error. Source: Anthropic API reference, Errors; OpenAI API reference, Error codes. */
export function errorBody(fault: ServiceFault, style: ErrorStyle, requestId: string): object {
  const code = fault.name === "ThrottlingException" ? "rate_limit_exceeded" : null;
  const error =
    fault.gate === "api key" ? INVALID_KEY : { type: typeOf(fault.name), code, ...withDefaultMessage(fault) };
  const { type, message } = error;
  if (style === "anthropic") return { type: "error", error: { type, message }, request_id: requestId };
  return { error: { message, type, param: null, code: error.code } };
}

/** An error as the answer. */
export function errorReply(fault: ServiceFault, style: ErrorStyle, requestId: string): JsonReply {
  const hint: Record<string, string> =
    fault.retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(fault.retryAfterMs / 1000)) };
  return {
    status: vendorStatus(fault, style),
    body: JSON.stringify(errorBody(fault, style, requestId)),
    headers: { ...idHeaders(requestId), ...hint },
  };
}

function vendorStatus(fault: ServiceFault, style: ErrorStyle): number {
  if (fault.gate === "api key" || typeOf(fault.name) === "authentication_error") return 401;
  const isOverloaded = style === "anthropic" && fault.name === "ServiceUnavailableException";
  return isOverloaded ? OVERLOADED_STATUS : statusOf(fault.name);
}

function idHeaders(requestId: string): Record<string, string> {
  return { "x-request-id": requestId, "request-id": requestId };
}

/** Answers of a vendor's API: one JSON body, or server-sent events. */
export function vendorReply(format: AnswerFormat, style: ErrorStyle, requestId: string): ReplyFormat {
  const sent = (events: readonly object[]): readonly Buffer[] => events.map((event) => eventBytes(event, style));
  return {
    whole: (answer: Answer) => ({ body: format.answer(answer), headers: idHeaders(requestId) }),
    streamHeaders: () => ({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      ...idHeaders(requestId),
    }),
    begin: (answer) => sent(format.begin(answer)),
    delta: (answer, from, to) => sent(format.delta(answer, from, to)),
    end: (answer) => [...sent(format.end(answer)), ...(style === "openai" ? [DONE] : [])],
    refuse: (fault) => errorReply(fault, style, requestId),
    exception: (fault) => Buffer.concat(sent(format.fail?.(failureOf(fault)) ?? [errorBody(fault, style, requestId)])),
  };
}

/** An error inside a stream, as a response of OpenAI's has it. */
function failureOf(fault: ServiceFault): { readonly code: string; readonly message: string } {
  const code = fault.name === "ThrottlingException" ? "rate_limit_exceeded" : "server_error";
  return { code, ...withDefaultMessage(fault) };
}

const DONE = Buffer.from("data: [DONE]\n\n");

/** A server-sent event; in the APIs whose events have types, it bears the type's name. */
function eventBytes(event: object, style: ErrorStyle): Buffer {
  const name = style !== "openai" && "type" in event ? `event: ${String(event.type)}\n` : "";
  return Buffer.from(`${name}data: ${JSON.stringify(event)}\n\n`);
}
