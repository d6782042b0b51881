/** Signatures of Signature Version 4: what is signed of a request, in its canonical form, and how. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** The one set of credentials that a fleet accepts. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Session token of temporary credentials; callers must then send it. */
  readonly sessionToken?: string;
  /** API key for `Authorization: Bearer`. */
  readonly bearerToken: string;
}

/** What a signature must match besides the request. */
export interface SigningScope {
  readonly region: string;
  /** Wall clock, milliseconds since 1970: signatures expire in real time. */
  readonly nowMs: number;
}

/**
 * SigV4's canonical forms. Every service but S3 encodes the path of the request once more, so `%3A` on the wire is
 * `%253A` in the canonical path, and a raw `:` is `%3A`.
 * Source: AWS General Reference, Create a signed AWS API request.
 */
export type HeaderMap = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The parts of a request that enter its canonical form. */
export interface CanonicalInput {
  readonly method: string;
  /** Path and query as received. */
  readonly path: string;
  readonly query: string;
  readonly headers: HeaderMap;
  /** Lower-case names in the order of the SignedHeaders list. */
  readonly signedHeaders: readonly string[];
  readonly payloadHash: string;
}

export function canonicalRequest(input: CanonicalInput): string {
  const headers = input.signedHeaders.map((name) => `${name}:${canonicalValue(input.headers, name)}\n`).join("");
  return [
    input.method,
    canonicalPath(input.path),
    canonicalQuery(input.query),
    headers,
    input.signedHeaders.join(";"),
    input.payloadHash,
  ].join("\n");
}

export function canonicalPath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  const trailing = kept.length > 0 && path.endsWith("/") ? "/" : "";
  return `/${kept.map(encodeRfc3986).join("/")}${trailing}`;
}

export function canonicalQuery(query: string): string {
  if (query === "") return "";
  return query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const mark = pair.indexOf("=");
      const name = mark < 0 ? pair : pair.slice(0, mark);
      const value = mark < 0 ? "" : pair.slice(mark + 1);
      return [encodeRfc3986(decodeLeniently(name)), encodeRfc3986(decodeLeniently(value))] as const;
    })
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function canonicalValue(headers: HeaderMap, name: string): string {
  // HTTP/2 carries the host as a pseudo-header.
  const value = name === "host" ? (headers.host ?? headers[":authority"]) : headers[name];
  const text = typeof value === "string" ? value : (value ?? []).join(",");
  return text.trim().replace(/ {2,}/g, " ");
}

/** encodeURIComponent leaves five characters that RFC 3986 reserves. */
function encodeRfc3986(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function decodeLeniently(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** For which day, region and service, and at which instant (`YYYYMMDDTHHMMSSZ`) a request is signed. */
export interface SigningInstant {
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly stamp: string;
}

/**
 * @param secret    secret access key
 * @param at        what the signature is for
 * @param canonical the request's canonical form
 * @returns the signature, in hexadecimal
 */
export function signatureOf(
  secret: string,
  { date, region, service, stamp }: SigningInstant,
  canonical: string,
): string {
  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${sha256(canonical)}`;
  return createHmac("sha256", signingKey(secret, [date, region, service]))
    .update(toSign)
    .digest("hex");
}

let cachedKey: { readonly id: string; readonly key: Buffer } | undefined;

/** A signing key is valid for one day, region and service; caching the latest saves four HMACs per request. */
function signingKey(secret: string, scope: readonly [date: string, region: string, service: string]): Buffer {
  const id = `${secret} ${scope.join(" ")}`;
  if (cachedKey?.id === id) return cachedKey.key;
  let key: string | Buffer = `AWS4${secret}`;
  for (const part of [...scope, "aws4_request"]) key = createHmac("sha256", key).update(part).digest();
  cachedKey = { id, key: key as Buffer };
  return cachedKey.key;
}

export function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Compares secrets in constant time. */
export function sameSecret(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
