/**
 * The errors of Bedrock's runtime and control plane as they appear on the wire: status, `x-amzn-ErrorType`, JSON body.
 *
 * Sources of statuses and messages: Amazon Bedrock API reference and User Guide (troubleshooting), botocore service
 * models; AWS General Reference for the common errors of SigV4 services. docs/emulator.md lists unpublished messages.
 */
const SERVICE_ERRORS = {
  ThrottlingException: [429, "Too many tokens, please wait before trying again."],
  ModelNotReadyException: [429, "The model is not ready for inference. Wait and try your request again."],
  ServiceUnavailableException: [503, "Bedrock is unable to process your request."],
  InternalServerException: [
    500,
    "The system encountered an unexpected error during processing. Try your request again.",
  ],
  ModelTimeoutException: [
    408,
    "The request took too long to process. Processing time exceeded the model timeout length.",
  ],
  ModelErrorException: [424, "The request failed due to an error while processing the model."],
  ModelStreamErrorException: [424, "An error occurred while streaming the response."],
  ValidationException: [400, "The request is not valid."],
  SerializationException: [400, "The request body could not be read."],
  ServiceQuotaExceededException: [400, "Your request exceeds the service quota for your account."],
  ConflictException: [409, "The resource already exists."],
  AccessDeniedException: [403, "You don't have access to the model with the specified model ID."],
  ResourceNotFoundException: [404, "The specified resource was not found."],
  UnknownOperationException: [404, "The requested operation is not known."],
  RequestEntityTooLargeException: [413, "The request body is larger than the service allows."],
  MissingAuthenticationTokenException: [403, "Missing Authentication Token"],
  IncompleteSignatureException: [403, "The request signature does not conform to AWS standards."],
  InvalidSignatureException: [
    403,
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
  ],
  UnrecognizedClientException: [403, "The security token included in the request is invalid."],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type ServiceErrorName = keyof typeof SERVICE_ERRORS;

/** Names of all errors of the service. */
export const SERVICE_ERROR_NAMES = Object.keys(SERVICE_ERRORS) as readonly ServiceErrorName[];

/** An error of the service as plain data, so that a backend can return one without throwing. */
export interface ServiceFault {
  readonly name: ServiceErrorName;
  /** The service's standard message by default. */
  readonly message?: string | undefined;
  /** Further members of the body, e.g. `originalStatusCode` of a ModelErrorException. */
  readonly members?: Readonly<Record<string, string | number>> | undefined;
  /** Hint of when to retry, ms, sent as `x-amz-retry-after`. SDKs honour it; the service sends none today. */
  readonly retryAfterMs?: number | undefined;
}

/** Thrown while a request is handled, to answer it with an error of the service. */
export class ServiceError extends Error implements ServiceFault {
  override readonly name: ServiceErrorName;
  readonly members: Readonly<Record<string, string | number>> | undefined;

  constructor(name: ServiceErrorName, message?: string, members?: Readonly<Record<string, string | number>>) {
    super(message ?? SERVICE_ERRORS[name][1]);
    this.name = name;
    this.members = members;
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
  return { message: fault.message ?? SERVICE_ERRORS[fault.name][1] };
}

/** The JSON body of an error, also the payload of an in-stream exception. */
export function faultBody(fault: ServiceFault): string {
  return JSON.stringify({ ...withDefaultMessage(fault), ...fault.members });
}

/** @returns the HTTP status of an error */
export function statusOf(name: ServiceErrorName): number {
  return SERVICE_ERRORS[name][0];
}

export function isServiceErrorName(text: string): text is ServiceErrorName {
  return Object.hasOwn(SERVICE_ERRORS, text);
}

/** Exceptions that may end a running stream; any other becomes an internalServerException. */
const STREAM_EXCEPTIONS: ReadonlySet<ServiceErrorName> = new Set<ServiceErrorName>([
  "InternalServerException",
  "ModelStreamErrorException",
  "ValidationException",
  "ThrottlingException",
  "ServiceUnavailableException",
  "ModelTimeoutException",
]);

/** Value of the `:exception-type` header: lower camel case, e.g. `throttlingException`. */
export function exceptionType(name: ServiceErrorName): string {
  const known = STREAM_EXCEPTIONS.has(name) ? name : "InternalServerException";
  return `${known[0]!.toLowerCase()}${known.slice(1)}`;
}
