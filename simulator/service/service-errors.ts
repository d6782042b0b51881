/**
 * The errors of Bedrock's runtime and control plane: statuses, messages, and what an SDK makes of one that answers a call.
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

export function isServiceErrorName(text: string): text is ServiceErrorName {
  return Object.hasOwn(SERVICE_ERRORS, text);
}

/** @returns the HTTP status of an error */
export function statusOf(name: ServiceErrorName): number {
  return SERVICE_ERRORS[name][0];
}

/** The message of an error that has none of its own. */
export function messageOf(name: ServiceErrorName): string {
  return SERVICE_ERRORS[name][1];
}

/**
 * What SDKs make of an error that is the whole answer: 429 and 503 and other 5xx they try again, 4xx they do not; nor 408
 * and 424 (observed with boto3 1.44.5 and JS 3.1162).
 *
 * @example outcomeOfServiceError("ModelNotReadyException") // => "unavailable"
 * @example outcomeOfServiceError("ModelTimeoutException") // => "rejected"
 */
export function outcomeOfServiceError(name: ServiceErrorName): "throttled" | "unavailable" | "error" | "rejected" {
  if (name === "ThrottlingException") return "throttled";
  const status = statusOf(name);
  if (name === "ModelNotReadyException" || status === 503) return "unavailable";
  return status >= 500 ? "error" : "rejected";
}
