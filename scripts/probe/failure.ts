/** Why a call of a probe failed, classified by what a person would do about it. */
import type { Problem } from "../../simulator/base/errors.ts";

/** What went wrong with a call. */
export type FailureKind =
  | "no-credentials"
  | "expired-credentials"
  | "wrong-credentials"
  | "clock-skew"
  | "not-authorised"
  | "no-model-access"
  | "model-not-here"
  | "needs-profile"
  | "bad-request"
  | "throttled"
  | "unavailable"
  | "service-error"
  | "broken-stream"
  | "timeout"
  | "dns"
  | "unreachable"
  | "tls"
  | "not-http2"
  | "unknown";

export interface Failure {
  readonly kind: FailureKind;
  /** 0 where there was no answer. */
  readonly status: number;
  /** As it came; it may hold secrets and must be redacted before it is shown. */
  readonly message: string;
  readonly requestId: string | null;
}

/** What is known of a call that failed, beside the error that the SDK threw. */
export interface CallFacts {
  /** Why the connection failed, if it did. */
  readonly socketError: Error | undefined;
  readonly timedOut: boolean;
  /** Status of the answer's headers, if they came. */
  readonly status: number | undefined;
  readonly requestId: string | undefined;
}

/**
 * Classifies an error by what a person would do about it.
 *
 * @param error what the SDK threw
 * @param facts what else was seen of the call
 * @returns kind, HTTP status (0 without an answer), message and request id
 */
export function classifyFailure(error: unknown, facts: CallFacts): Failure {
  const own = describe(error);
  const cause = facts.socketError === undefined ? own : describe(facts.socketError);
  const base = {
    status: facts.status ?? own.status ?? 0,
    message: cause.message,
    requestId: facts.requestId ?? own.requestId ?? null,
  };
  if (facts.timedOut) return { ...base, kind: "timeout", message: "no whole answer within the time limit" };
  const streamBroke = facts.status === 200;
  const kind = byName(own) ?? byCode(cause) ?? (streamBroke ? "broken-stream" : undefined) ?? byStatus(base.status);
  return { ...base, kind };
}

/** True if the next call would fail likewise: the remaining calls of that region and model are left out. */
export function isLasting(kind: FailureKind): boolean {
  return !PASSING.has(kind);
}

const PASSING: ReadonlySet<FailureKind> = new Set<FailureKind>([
  "throttled",
  "unavailable",
  "service-error",
  "broken-stream",
  "timeout",
  "unknown",
]);

interface Described {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
}

function describe(error: unknown): Described {
  const { name, code, message, $metadata } = (typeof error === "object" && error !== null ? error : {}) as {
    readonly name?: unknown;
    readonly code?: unknown;
    readonly message?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  };
  return {
    name: String(name ?? ""),
    code: String(code ?? ""),
    message: String(message ?? error),
    status: $metadata?.httpStatusCode,
    requestId: $metadata?.requestId,
  };
}

/**
 * Errors of the service and of the SDK's credential chain. Names and texts: Amazon Bedrock API reference and User Guide
 * (troubleshooting API error codes), General Reference (signature errors); where AWS publishes no text, the
 * messages that public issue threads quote.
 */
function byName({ name, message }: Described): FailureKind | undefined {
  const says = (pattern: RegExp): boolean => pattern.test(message);
  switch (name) {
    case "CredentialsProviderError":
    case "TokenProviderError":
      return says(/expired|refresh/i) ? "expired-credentials" : "no-credentials";
    case "ExpiredTokenException":
    case "ExpiredToken":
      return "expired-credentials";
    case "RequestTimeTooSkewed":
    case "RequestExpired":
      return "clock-skew";
    case "InvalidSignatureException":
    case "SignatureDoesNotMatch":
      return says(/signature expired|signature not yet current/i) ? "clock-skew" : "wrong-credentials";
    case "UnrecognizedClientException":
    case "InvalidClientTokenId":
    case "IncompleteSignatureException":
    case "MissingAuthenticationTokenException":
      return "wrong-credentials";
    case "AccessDeniedException":
      if (says(/authentication failed|api key|bearer/i)) return "wrong-credentials";
      return says(/access to the model|model access|marketplace|use case/i) ? "no-model-access" : "not-authorised";
    case "ResourceNotFoundException":
      return says(/use case|agreement|not been actively using/i) ? "no-model-access" : "model-not-here";
    case "ValidationException":
      return validation(message);
    case "ThrottlingException":
    case "TooManyRequestsException":
    case "ServiceQuotaExceededException":
      return "throttled";
    case "ServiceUnavailableException":
    case "ModelNotReadyException":
      return "unavailable";
    case "InternalServerException":
    case "ModelErrorException":
    case "ModelStreamErrorException":
    case "ModelTimeoutException":
      return "service-error";
    default:
      return undefined;
  }
}

function validation(message: string): FailureKind {
  if (/on-demand throughput/i.test(message)) return "needs-profile";
  if (/model identifier is invalid|could not resolve|end of its life|unknown model/i.test(message)) {
    return "model-not-here";
  }
  if (/operation not allowed|not allowed from unsupported/i.test(message)) return "not-authorised";
  return "bad-request";
}

const DNS_CODES: readonly string[] = ["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA"];
const UNREACHABLE_CODES: readonly string[] = [
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "EADDRNOTAVAIL",
];
const BROKEN_CODES: readonly string[] = ["ECONNRESET", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE"];

/** Errors of names, connections and TLS, by Node's codes. */
function byCode({ code, message }: Described): FailureKind | undefined {
  if (DNS_CODES.includes(code)) return "dns";
  if (UNREACHABLE_CODES.includes(code)) return "unreachable";
  if (code === "ETIMEDOUT") return "timeout";
  if (/no_application_protocol/i.test(`${code} ${message}`)) return "not-http2";
  if (/before secure TLS/i.test(message)) return "tls";
  if (/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH)|^EPROTO$/.test(code)) return "tls";
  if (code === "ERR_HTTP2_ERROR" || /protocol error/i.test(message)) return "not-http2";
  if (BROKEN_CODES.includes(code) || code.startsWith("ERR_HTTP2_")) return "broken-stream";
  return undefined;
}

function byStatus(status: number): FailureKind {
  if (status === 401 || status === 403) return "not-authorised";
  if (status === 404) return "model-not-here";
  if (status === 429) return "throttled";
  if (status === 503) return "unavailable";
  if (status >= 500) return "service-error";
  return status >= 400 ? "bad-request" : "unknown";
}

/** What a person needs to know to say what to do. */
export interface FailedCall {
  readonly kind: FailureKind;
  /** Redacted. */
  readonly message: string;
  readonly region: string;
  readonly model: string;
  /** Inference profiles of the model that can be called in the region, where known. */
  readonly profiles: readonly string[];
  readonly host: string;
  /** The endpoint is on this machine: an emulator, whose credentials are its own. */
  readonly isLoopback?: boolean;
}

/** The failure as a problem: where, what the service said, and how to fix it. */
export function failureProblem(call: FailedCall): Problem {
  return {
    code: `PROBE_${call.kind.replaceAll("-", "_").toUpperCase()}`,
    what: call.message,
    where: `${call.region} ${call.model}`,
    fix: fixOf(call),
  };
}

const OF_CREDENTIALS: readonly FailureKind[] = ["no-credentials", "expired-credentials", "wrong-credentials"];

function fixOf({ kind, message, region, model, profiles, host, isLoopback = false }: FailedCall): string {
  if (isLoopback && OF_CREDENTIALS.includes(kind)) {
    return "export the credentials that the endpoint wants: meridian emulate prints its own at the start, and --auth off takes any";
  }
  const profile = profiles.length > 0 ? `call a profile of it: ${profiles.join(" or ")}` : undefined;
  switch (kind) {
    case "no-credentials":
      return "sign in (aws sso login), set AWS_PROFILE or --profile, or AWS_BEARER_TOKEN_BEDROCK; meridian doctor shows what is found";
    case "expired-credentials":
      return "sign in again (aws sso login), or export new temporary credentials, all three of them";
    case "wrong-credentials":
      if (/scoped to a valid region/i.test(message)) {
        return `${host} is the endpoint of another region: give each region its own with --endpoints <file>`;
      }
      return `check that key, secret and session token belong together and are of ${host}'s account and partition`;
    case "clock-skew":
      return "set this machine's clock: signatures are refused when it is more than 5 minutes off";
    case "not-authorised":
      return `let the identity call bedrock:InvokeModelWithResponseStream on ${model} in ${region} (its policies, and those of the organisation)`;
    case "no-model-access":
      return `ask for access to the model: Amazon Bedrock console, ${region}, Model access; Anthropic's models require a use case form`;
    case "model-not-here":
      return (
        profile ?? `check the id, and that ${region} sells it: aws bedrock list-foundation-models --region ${region}`
      );
    case "needs-profile":
      return profile ?? `call an inference profile of it: aws bedrock list-inference-profiles --region ${region}`;
    case "bad-request":
      return "correct what the message names; only models that answer in text can be probed";
    case "throttled":
      return "raise --interval, lower --input-tokens and --output-tokens, or ask for more quota (Service Quotas, Amazon Bedrock)";
    case "unavailable":
    case "service-error":
      return "try again later, or another region; the request id is in the file for AWS support";
    case "broken-stream":
      return "try again; if it stays, look for a proxy or firewall that cuts long connections";
    case "timeout":
      return "raise --timeout, or ask for fewer --output-tokens";
    case "dns":
      return `check the name ${host} and this machine's resolver (a VPC may need an interface endpoint)`;
    case "unreachable":
      return `check that something listens at ${host} and that no firewall is between`;
    case "tls":
      return /before secure TLS|EPROTO|wrong version/i.test(message)
        ? `check that ${host} speaks TLS on that port, or write http:`
        : "trust the endpoint's certificate: NODE_EXTRA_CA_CERTS=<ca.pem> (a proxy that opens TLS needs its own there)";
    case "not-http2":
      return "point at an endpoint that speaks HTTP/2 or HTTP/1.1, such as meridian emulate";
    case "unknown":
      return "run again with MERIDIAN_DEBUG=1, or try the same call with the AWS CLI";
  }
}
