/** API keys: the fleet's own, and short-term ones, which clients make of credentials. */
import { HOUR_MS, MINUTE_MS } from "../../simulator/base/time.ts";
import { ServiceError } from "./errors.ts";
import { type Credentials, canonicalRequest, type SigningScope, sameSecret, sha256, signatureOf } from "./signature.ts";

const LONG_TERM = "ABSK";
const SHORT_TERM = "bedrock-api-key-";
/** What a short-term key is a signed request of, and the longest that it may be valid. */
const HOST = "bedrock.amazonaws.com";
const ACTION = "CallWithBearerToken";
const LONGEST_MS = 12 * HOUR_MS;
const SKEW_MS = 5 * MINUTE_MS;

/**
 * Checks an API key. A short-term key is a request that was signed with credentials (a presigned URL in base64, which AWS's
 * token generators make): it is valid in the region that it names, for as long as it says.
 *
 * @throws ServiceError AccessDeniedException; its message never repeats the key
 * Source: Amazon Bedrock User Guide, API keys; aws-bedrock-token-generator 1.1; texts as quoted in public issue threads.
 */
export function verifyApiKey(key: string, credentials: Credentials, scope: SigningScope): void {
  if (sameSecret(key, credentials.bearerToken)) return;
  const isShortTerm = key.startsWith(SHORT_TERM);
  if (isShortTerm && isSignedRequest(key.slice(SHORT_TERM.length), credentials, scope)) return;
  const hasPrefix = isShortTerm || key.startsWith(LONG_TERM);
  throw new ServiceError(
    "AccessDeniedException",
    hasPrefix
      ? "Authentication failed: Please make sure your API Key is valid."
      : "Invalid API Key format: Must start with pre-defined prefix",
    undefined,
    "api key",
  );
}

function isSignedRequest(encoded: string, credentials: Credentials, { region, nowMs }: SigningScope): boolean {
  const [place, ...rest] = Buffer.from(encoded, "base64").toString("utf8").split("?");
  const query = rest.join("?");
  const given = new URLSearchParams(query);
  const [accessKeyId, date, signedRegion, service, terminator] = (given.get("X-Amz-Credential") ?? "").split("/");
  const stamp = given.get("X-Amz-Date") ?? "";
  if (place !== `${HOST}/` || given.get("Action") !== ACTION || given.get("X-Amz-SignedHeaders") !== "host")
    return false;
  if (signedRegion !== region || service !== "bedrock" || terminator !== "aws4_request") return false;
  if (date === undefined || !stamp.startsWith(date) || !isCurrent(stamp, given.get("X-Amz-Expires"), nowMs))
    return false;
  const isKeyKnown = sameSecret(accessKeyId ?? "", credentials.accessKeyId);
  const isTokenKnown = sameSecret(given.get("X-Amz-Security-Token") ?? "", credentials.sessionToken ?? "");
  if (!isKeyKnown || !isTokenKnown) return false;
  const canonical = canonicalRequest({
    method: "POST",
    path: "/",
    query: query
      .split("&")
      .filter((pair) => !/^(?:X-Amz-Signature|Version)=/.test(pair))
      .join("&"),
    headers: { host: HOST },
    signedHeaders: ["host"],
    payloadHash: sha256(""),
  });
  const signature = signatureOf(credentials.secretAccessKey, { date, region, service, stamp }, canonical);
  return sameSecret(given.get("X-Amz-Signature") ?? "", signature);
}

function isCurrent(stamp: string, expires: string | null, nowMs: number): boolean {
  const iso = stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
  const signedMs = Date.parse(iso);
  const validMs = Number(expires ?? "") * 1000;
  return validMs > 0 && validMs <= LONGEST_MS && signedMs <= nowMs + SKEW_MS && nowMs < signedMs + validMs;
}
