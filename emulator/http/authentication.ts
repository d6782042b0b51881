/** Authentication as AWS does it: Signature Version 4 or a bearer API key, checked against the fleet's credentials. */

import { MINUTE_MS } from "../../simulator/base/time.ts";
import { verifyApiKey } from "./api-keys.ts";
import { ServiceError } from "./errors.ts";
import {
  type Credentials,
  canonicalRequest,
  type HeaderMap,
  type SigningScope,
  sameSecret,
  sha256,
  signatureOf,
} from "./signature.ts";

/**
 * Checks the credentials of a request.
 *
 * @param request what was received
 * @param mode    whether to check, and against which credentials
 * @param scope   region of the endpoint and the wall-clock time
 * @throws ServiceError with status 403; its message never repeats what the caller sent
 */
export function authenticate(request: SignedRequest, mode: AuthMode, scope: SigningScope): void {
  if (mode.kind === "off") return;
  const key = bearerOf(request.headers);
  if (key === undefined) verifySigV4(request, mode.credentials, scope);
  else verifyApiKey(key, mode.credentials, scope);
}

/** The API key of a request: a bearer token, or `x-api-key` as Anthropic's clients send it. */
function bearerOf(headers: HeaderMap): string | undefined {
  const { authorization, "x-api-key": apiKey } = headers;
  if (typeof authorization === "string" && authorization !== "") {
    return /^Bearer\s+(\S+)\s*$/i.exec(authorization)?.[1];
  }
  if (typeof apiKey === "string" && apiKey !== "") return apiKey;
  throw new ServiceError("MissingAuthenticationTokenException");
}

/**
 * Checks what can be checked before the body is read, so that strangers cannot make the service keep their bodies: that
 * there are credentials, that they are known, meant for this endpoint and current.
 *
 * @throws ServiceError as {@link authenticate}
 */
export function authenticateHeaders(headers: HeaderMap, mode: AuthMode, scope: SigningScope): void {
  if (mode.kind === "off") return;
  const key = bearerOf(headers);
  if (key === undefined) verifyScope(headers, mode.credentials, scope);
  else verifyApiKey(key, mode.credentials, scope);
}

/** `verify` checks signatures and API keys; `off` accepts any credentials, or none. */
export type AuthMode = { readonly kind: "off" } | { readonly kind: "verify"; readonly credentials: Credentials };

/**
 * The fixed test credentials: AWS's own documentation example, which secret scanners know, and an API key that says
 * "MeridianEmulatorTestKey" in base64. They open nothing but an emulator.
 */
export const TEST_CREDENTIALS: Credentials = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  bearerToken: "ABSKTWVyaWRpYW5FbXVsYXRvclRlc3RLZXk=",
};

export const TEST_ACCOUNT_ID = "123456789012";
export const TEST_IDENTITY_ARN = `arn:aws:iam::${TEST_ACCOUNT_ID}:user/meridian-test`;

/** Credentials of a fleet that listens beyond loopback: the operator's token replaces the published test secrets. */
export function credentialsFromToken(token: string): Credentials {
  return { accessKeyId: TEST_CREDENTIALS.accessKeyId, secretAccessKey: token, bearerToken: token };
}

/** The signed parts of a request, as received. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: HeaderMap;
  readonly body: Buffer;
}

/** The service, and the name of its newer endpoint. */
const SIGNING_SERVICES: readonly string[] = ["bedrock", "bedrock-mantle"];
const SKEW_MS = 5 * MINUTE_MS;
const AUTHORIZATION = /^AWS4-HMAC-SHA256\s+(.*)$/s;

/**
 * Verifies an AWS Signature Version 4 in the `Authorization` header, over the headers that SignedHeaders names.
 *
 * @throws ServiceError IncompleteSignatureException, UnrecognizedClientException or InvalidSignatureException, with
 *         AWS's messages. None of them quotes a secret or the caller's credentials.
 *
 * Source: AWS General Reference, Authenticating requests (SigV4) and common errors.
 */
export function verifySigV4(request: SignedRequest, credentials: Credentials, scope: SigningScope): void {
  const { fields, date, region, service, stamp } = verifyScope(request.headers, credentials, scope);
  const signedHeaders = fields.signedHeaders.split(";");
  const missing = signedHeaders.find((name) => !isPresent(request.headers, name));
  if (missing !== undefined) throw new ServiceError("InvalidSignatureException");
  if (!signedHeaders.includes("host") && !signedHeaders.includes(":authority"))
    throw invalidSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  const canonical = canonicalRequest({ ...request, signedHeaders, payloadHash: payloadHash(request) });
  const signature = signatureOf(credentials.secretAccessKey, { date, region, service, stamp }, canonical);
  if (!sameSecret(fields.signature, signature)) throw new ServiceError("InvalidSignatureException");
}

/** The parts of a signature that need no body: whose it is, for where and when. */
function verifyScope(headers: HeaderMap, credentials: Credentials, scope: SigningScope) {
  const fields = authorizationFields(String(headers.authorization ?? ""));
  const [accessKeyId, date, region, service = "", terminator] = fields.credential.split("/");
  if (terminator !== "aws4_request" || date === undefined) {
    throw incompleteSignature("Credential must have 5 elements: access key, date, region, service and aws4_request.");
  }
  refuseUnknownKey(String(accessKeyId), headers["x-amz-security-token"], credentials);
  if (region !== scope.region) throw invalidSignature("Credential should be scoped to a valid region.");
  if (!SIGNING_SERVICES.includes(service))
    throw invalidSignature(`Credential should be scoped to correct service: '${SIGNING_SERVICES[0]}'.`);

  const stamp = dateStamp(headers);
  if (!stamp.startsWith(date))
    throw invalidSignature("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.");
  refuseSkew(stamp, scope.nowMs);
  return { fields, date, region, service, stamp };
}

/** Names of signed headers are the caller's: only headers that it sent count, not what an object has besides. */
function isPresent(headers: HeaderMap, name: string): boolean {
  if (name === "host" || name === ":authority") return true;
  return Object.hasOwn(headers, name);
}

interface AuthorizationFields {
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
}

function authorizationFields(header: string): AuthorizationFields {
  const match = AUTHORIZATION.exec(header);
  if (match === null) throw incompleteSignature("Authorization header requires the AWS4-HMAC-SHA256 algorithm.");
  const fields = new Map<string, string>();
  for (const part of match[1]!.split(",")) {
    const mark = part.indexOf("=");
    if (mark > 0) fields.set(part.slice(0, mark).trim(), part.slice(mark + 1).trim());
  }
  for (const name of ["Credential", "Signature", "SignedHeaders"]) {
    if (!fields.get(name)) throw incompleteSignature(`Authorization header requires '${name}' parameter.`);
  }
  return {
    credential: fields.get("Credential")!,
    signedHeaders: fields.get("SignedHeaders")!,
    signature: fields.get("Signature")!,
  };
}

function refuseUnknownKey(accessKeyId: string, sessionToken: unknown, credentials: Credentials): void {
  const isKeyKnown = sameSecret(accessKeyId, credentials.accessKeyId);
  const isTokenKnown = sameSecret(String(sessionToken ?? ""), credentials.sessionToken ?? "");
  if (!isKeyKnown || !isTokenKnown) throw new ServiceError("UnrecognizedClientException");
}

/** The signing instant as `YYYYMMDDTHHMMSSZ`, from `x-amz-date` or else `date`. */
function dateStamp(headers: HeaderMap): string {
  const amzDate = headers["x-amz-date"];
  if (typeof amzDate === "string" && /^\d{8}T\d{6}Z$/.test(amzDate)) return amzDate;
  const date = typeof headers.date === "string" ? new Date(headers.date) : undefined;
  if (amzDate !== undefined || date === undefined || Number.isNaN(date.getTime())) {
    throw incompleteSignature(
      "Authorization header requires existence of either a valid 'X-Amz-Date' or a 'Date' header.",
    );
  }
  return compactDate(date);
}

function refuseSkew(stamp: string, nowMs: number): void {
  const iso = stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
  const signedMs = Date.parse(iso);
  const now = compactDate(new Date(nowMs));
  if (!(signedMs >= nowMs - SKEW_MS)) {
    const oldest = compactDate(new Date(nowMs - SKEW_MS));
    throw invalidSignature(`Signature expired: ${stamp} is now earlier than ${oldest} (${now} - 5 min.)`);
  }
  if (signedMs > nowMs + SKEW_MS) {
    const newest = compactDate(new Date(nowMs + SKEW_MS));
    throw invalidSignature(`Signature not yet current: ${stamp} is still later than ${newest} (${now} + 5 min.)`);
  }
}

function payloadHash(request: SignedRequest): string {
  const given = request.headers["x-amz-content-sha256"];
  if (given === "UNSIGNED-PAYLOAD") return given;
  const actual = sha256(request.body);
  if (typeof given === "string" && given !== actual) throw new ServiceError("InvalidSignatureException");
  return actual;
}

/** `YYYYMMDDTHHMMSSZ`. */
function compactDate(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d{3}/g, "");
}

function incompleteSignature(message: string): ServiceError {
  return new ServiceError("IncompleteSignatureException", message);
}

function invalidSignature(message: string): ServiceError {
  return new ServiceError("InvalidSignatureException", message);
}
