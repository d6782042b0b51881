/** The errors of the service as they appear on the wire: status, `x-amzn-ErrorType`, JSON body. */
import { messageOf, type ServiceErrorName, statusOf } from "../../simulator/service/service-errors.ts";

export {
  isServiceErrorName,
  SERVICE_ERROR_NAMES,
  type ServiceErrorName,
  statusOf,
} from "../../simulator/service/service-errors.ts";

/** An error of the service as plain data, so that a backend can return one without throwing. */
export interface ServiceFault {
  readonly name: ServiceErrorName;
  /** The service's standard message by default. */
  readonly message?: string | undefined;
  /** Further members of the body, e.g. `originalStatusCode` of a ModelErrorException. */
  readonly members?: Readonly<Record<string, string | number>> | undefined;
  /** Hint of when to retry, ms, sent as `x-amz-retry-after`. SDKs honour it; the service sends none today. */
  readonly retryAfterMs?: number | undefined;
  /** Who refuses, where it is not the service itself but what stands before it. */
  readonly gate?: Gate | undefined;
  /** It comes inside the stream of an answer, although no token of that may have been sent. */
  readonly isInStream?: boolean | undefined;
}

/** What looks at API keys, and at policies. It spells the member of its errors `Message`, where the service writes `message`. */
export type Gate = "api key" | "policy";

/** Thrown while a request is handled, to answer it with an error of the service. */
export class ServiceError extends Error implements ServiceFault {
  override readonly name: ServiceErrorName;
  readonly members: Readonly<Record<string, string | number>> | undefined;
  readonly gate: Gate | undefined;

  constructor(
    name: ServiceErrorName,
    message?: string,
    members?: Readonly<Record<string, string | number>>,
    gate?: Gate,
  ) {
    super(message ?? messageOf(name));
    this.name = name;
    this.members = members;
    this.gate = gate;
  }
}

/** An error ready to be written: status, value of `x-amzn-ErrorType`, JSON body. */
export interface RenderedError {
  readonly status: number;
  readonly errorType: string;
  readonly body: string;
}

/** Real answers have a suffix after the name; every SDK cuts it off at the colon. */
const ERROR_TYPE_SUFFIX = ":http://internal.amazon.com/coral/com.amazon.bedrock/";

/** @returns what is written to the wire for an error of the service */
export function renderError(fault: ServiceFault): RenderedError {
  return {
    status: statusOf(fault.name),
    errorType: `${fault.name}${ERROR_TYPE_SUFFIX}`,
    body: faultBody(fault),
  };
}

/** An error with the service's standard message where it has none of its own. */
export function withDefaultMessage(fault: ServiceFault): { readonly message: string } {
  return { message: fault.message ?? messageOf(fault.name) };
}

/** The JSON body of an error, also the payload of an in-stream exception. */
export function faultBody(fault: ServiceFault): string {
  const { message } = withDefaultMessage(fault);
  return JSON.stringify({ [fault.gate === undefined ? "message" : "Message"]: message, ...fault.members });
}

/** Exceptions that may end a running stream; any other becomes an internalServerException. */
const STREAM_EXCEPTIONS: readonly ServiceErrorName[] = [
  "InternalServerException",
  "ModelStreamErrorException",
  "ValidationException",
  "ThrottlingException",
  "ServiceUnavailableException",
];
/** Only InvokeModelWithResponseStream's may also time out. Source: botocore's service model. */
const INVOKE_EXCEPTIONS: readonly ServiceErrorName[] = [...STREAM_EXCEPTIONS, "ModelTimeoutException"];

/** Value of the `:exception-type` header: lower camel case, e.g. `throttlingException`. */
export function exceptionType(name: ServiceErrorName, stream: "converse" | "invoke"): string {
  const possible = stream === "invoke" ? INVOKE_EXCEPTIONS : STREAM_EXCEPTIONS;
  const known = possible.includes(name) ? name : "InternalServerException";
  return `${known[0]!.toLowerCase()}${known.slice(1)}`;
}
