/** Signs requests to Bedrock with AWS Signature Version 4, on k6's own cryptography. */
import { encodeSegment } from "../../simulator/bench/adapters/adapter.ts";

/** The part of k6/crypto that signing needs; a test brings its own. */
export interface CryptoFunctions {
  sha256(data: string, encoding: "hex"): string;
  hmac(algorithm: "sha256", key: string | ArrayBuffer, data: string, encoding: "hex"): string;
  hmac(algorithm: "sha256", key: string | ArrayBuffer, data: string, encoding: "binary"): ArrayBuffer;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Temporary credentials have one. */
  readonly sessionToken?: string | undefined;
}

export interface SignableRequest {
  readonly region: string;
  readonly host: string;
  /** As it goes over the wire: each segment percent-encoded once. No query. */
  readonly path: string;
  readonly body: string;
  /** ms since 1970. */
  readonly nowMs: number;
}

const SERVICE = "bedrock";
const CONTENT_TYPE = "application/json";

/**
 * Makes a signer of POST requests to Bedrock, AWS Signature Version 4. The key of a day and region is kept.
 * Source: AWS General Reference, "Create a signed AWS API request": every service but S3 encodes the path once more.
 *
 * @returns the headers to send; the body's content type is application/json
 */
export function createSigner(crypto: CryptoFunctions, credentials: Credentials) {
  const keys = new Map<string, ArrayBuffer>();
  const { sessionToken } = credentials;

  function keyOf(day: string, region: string): ArrayBuffer {
    const name = `${day}/${region}`;
    const known = keys.get(name);
    if (known !== undefined) return known;
    let key = crypto.hmac("sha256", `AWS4${credentials.secretAccessKey}`, day, "binary");
    for (const part of [region, SERVICE, "aws4_request"]) key = crypto.hmac("sha256", key, part, "binary");
    keys.set(name, key);
    return key;
  }

  return (request: SignableRequest): Readonly<Record<string, string>> => {
    const { region, host, path, body } = request;
    const stamp = new Date(request.nowMs).toISOString().replace(/[-:]|\.\d{3}/g, "");
    const day = stamp.slice(0, 8);
    const scope = `${day}/${region}/${SERVICE}/aws4_request`;
    const headers: readonly (readonly [string, string])[] = [
      ["content-type", CONTENT_TYPE],
      ["host", host],
      ["x-amz-date", stamp],
      ...(sessionToken === undefined ? [] : [["x-amz-security-token", sessionToken] as const]),
    ];
    const names = headers.map(([name]) => name).join(";");
    const canonical = [
      "POST",
      path.split("/").map(encodeSegment).join("/"),
      "",
      ...headers.map(([name, value]) => `${name}:${value.trim()}`),
      "",
      names,
      crypto.sha256(body, "hex"),
    ].join("\n");
    const toSign = `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${crypto.sha256(canonical, "hex")}`;
    const signature = crypto.hmac("sha256", keyOf(day, region), toSign, "hex");
    return {
      "content-type": CONTENT_TYPE,
      "x-amz-date": stamp,
      ...(sessionToken === undefined ? {} : { "x-amz-security-token": sessionToken }),
      authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    };
  };
}
