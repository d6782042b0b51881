import { createHash, createHmac } from "node:crypto";
import { ServiceError } from "../errors.ts";
import { canonicalRequest, type HeaderMap } from "./canonical.ts";
import { type Credentials, sameSecret } from "./credentials.ts";

export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: HeaderMap;
  readonly body: Buffer;
}

export interface SigningScope {
  readonly region: string;
  /** Milliseconds since 1970 on the wall clock: signatures age in real time. */
  readonly nowMs: number;
}

const SERVICE = "bedrock";
const SKEW_MS = 5 * 60_000;
const AUTHORIZATION = /^AWS4-HMAC-SHA256\s+(.*)$/s;

/**
 * Verifies an AWS Signature Version 4 in the `Authorization` header, over the headers that SignedHeaders names.
 *
 * @throws ServiceError IncompleteSignatureException, UnrecognizedClientException or InvalidSignatureException, with
 *         the texts of AWS. None of them quotes a secret or the caller's credentials.
 * Source: AWS General Reference, Authenticating requests (SigV4) and common errors.
 */
export function verifySigV4(request: SignedRequest, credentials: Credentials, scope: SigningScope): void {
  const fields = authorizationFields(String(request.headers.authorization ?? ""));
  const [accessKeyId, date, region, service, terminator] = fields.credential.split("/");
  if (terminator !== "aws4_request" || date === undefined) {
    throw incomplete("Credential must have 5 elements: access key, date, region, service and aws4_request.");
  }
  refuseUnknownKey(String(accessKeyId), request.headers["x-amz-security-token"], credentials);
  if (region !== scope.region) throw invalid("Credential should be scoped to a valid region.");
  if (service !== SERVICE) throw invalid(`Credential should be scoped to correct service: '${SERVICE}'.`);

  const stamp = dateStamp(request.headers);
  if (!stamp.startsWith(date))
    throw invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.");
  refuseSkew(stamp, scope.nowMs);

  const signedHeaders = fields.signedHeaders.split(";");
  if (!signedHeaders.includes("host") && !signedHeaders.includes(":authority"))
    throw invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  const canonical = canonicalRequest({ ...request, signedHeaders, payloadHash: payloadHash(request) });
  const scopeText = `${date}/${region}/${SERVICE}/aws4_request`;
  const toSign = `AWS4-HMAC-SHA256\n${stamp}\n${scopeText}\n${sha256(canonical)}`;
  const key = signingKey(credentials.secretAccessKey, date, region);
  if (!sameSecret(fields.signature, createHmac("sha256", key).update(toSign).digest("hex"))) {
    throw new ServiceError("InvalidSignatureException");
  }
}

interface AuthorizationFields {
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
}

function authorizationFields(header: string): AuthorizationFields {
  const match = AUTHORIZATION.exec(header);
  if (match === null) throw incomplete("Authorization header requires the AWS4-HMAC-SHA256 algorithm.");
  const fields = new Map<string, string>();
  for (const part of match[1]!.split(",")) {
    const mark = part.indexOf("=");
    if (mark > 0) fields.set(part.slice(0, mark).trim(), part.slice(mark + 1).trim());
  }
  for (const name of ["Credential", "Signature", "SignedHeaders"]) {
    if (!fields.get(name)) throw incomplete(`Authorization header requires '${name}' parameter.`);
  }
  return {
    credential: fields.get("Credential")!,
    signedHeaders: fields.get("SignedHeaders")!,
    signature: fields.get("Signature")!,
  };
}

function refuseUnknownKey(accessKeyId: string, sessionToken: unknown, credentials: Credentials): void {
  const keyFine = sameSecret(accessKeyId, credentials.accessKeyId);
  const tokenFine = sameSecret(String(sessionToken ?? ""), credentials.sessionToken ?? "");
  if (!keyFine || !tokenFine) throw new ServiceError("UnrecognizedClientException");
}

/** The signing instant as `YYYYMMDDTHHMMSSZ`, from `x-amz-date` or else `date`. */
function dateStamp(headers: HeaderMap): string {
  const amzDate = headers["x-amz-date"];
  if (typeof amzDate === "string" && /^\d{8}T\d{6}Z$/.test(amzDate)) return amzDate;
  const date = typeof headers.date === "string" ? new Date(headers.date) : undefined;
  if (amzDate !== undefined || date === undefined || Number.isNaN(date.getTime())) {
    throw incomplete("Authorization header requires existence of either a valid 'X-Amz-Date' or a 'Date' header.");
  }
  return compact(date);
}

function refuseSkew(stamp: string, nowMs: number): void {
  const iso = stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
  const signedMs = Date.parse(iso);
  const now = compact(new Date(nowMs));
  if (!(signedMs >= nowMs - SKEW_MS)) {
    const oldest = compact(new Date(nowMs - SKEW_MS));
    throw invalid(`Signature expired: ${stamp} is now earlier than ${oldest} (${now} - 5 min.)`);
  }
  if (signedMs > nowMs + SKEW_MS) {
    const newest = compact(new Date(nowMs + SKEW_MS));
    throw invalid(`Signature not yet current: ${stamp} is still later than ${newest} (${now} + 5 min.)`);
  }
}

function payloadHash(request: SignedRequest): string {
  const given = request.headers["x-amz-content-sha256"];
  if (given === "UNSIGNED-PAYLOAD") return given;
  const actual = sha256(request.body);
  if (typeof given === "string" && given !== actual) throw new ServiceError("InvalidSignatureException");
  return actual;
}

let cachedKey: { readonly id: string; readonly key: Buffer } | undefined;

/** The key lasts a day per region, and a fleet has few regions: keeping the latest saves four HMACs a request. */
function signingKey(secret: string, date: string, region: string): Buffer {
  const id = `${secret} ${date} ${region}`;
  if (cachedKey?.id === id) return cachedKey.key;
  let key = createHmac("sha256", `AWS4${secret}`).update(date).digest();
  for (const part of [region, SERVICE, "aws4_request"]) key = createHmac("sha256", key).update(part).digest();
  cachedKey = { id, key };
  return key;
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

function compact(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d{3}/g, "");
}

function incomplete(message: string): ServiceError {
  return new ServiceError("IncompleteSignatureException", message);
}

function invalid(message: string): ServiceError {
  return new ServiceError("InvalidSignatureException", message);
}
