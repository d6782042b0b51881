import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import { type SignedRequest, TEST_CREDENTIALS } from "../../../emulator/http/authentication.ts";

/** Node's hash behind the interface that Smithy's signer requires. */
class Sha256 {
  private readonly hash: Hash | Hmac;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(bytesOf(data));
  }
  async digest(): Promise<Uint8Array> {
    return new Uint8Array(this.hash.digest());
  }
  reset(): void {}
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === "string") return Buffer.from(data);
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}

export interface SignOptions {
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly atMs: number;
  readonly region?: string;
  readonly service?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
}

/** A request signed by Smithy's signer, as the emulator would receive it. */
export async function signed(options: SignOptions): Promise<SignedRequest> {
  const { path, body = "{}", headers = {}, query = {}, region = "us-east-1", service = "bedrock" } = options;
  const signer = signerOf(options, region, service);
  const request = (await signer.sign(
    {
      method: "POST",
      protocol: "http:",
      hostname: "127.0.0.1",
      port: 7400,
      path,
      query,
      headers: { host: "127.0.0.1:7400", "content-type": "application/json", ...headers },
      body,
    } as never,
    { signingDate: new Date(options.atMs) },
  )) as unknown as { readonly headers: Record<string, string> };
  return {
    method: "POST",
    path,
    query: new URLSearchParams(query).toString(),
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: Buffer.from(body),
  };
}

type KeyOptions = Omit<SignOptions, "path" | "body" | "headers" | "query" | "service"> & { readonly expiresS?: number };

/** A short-term API key, made as AWS's token generators make it: a presigned URL without its scheme, in base64. */
export async function shortTermKey(options: KeyOptions): Promise<string> {
  const { region = "us-east-1", expiresS = 43_200 } = options;
  const hostname = "bedrock.amazonaws.com";
  const request = { method: "POST", protocol: "https:", hostname, path: "/", headers: { host: hostname } };
  const { query } = (await signerOf(options, region, "bedrock").presign(
    { ...request, query: { Action: "CallWithBearerToken" } } as never,
    // The signer itself refuses more than a week.
    { signingDate: new Date(options.atMs), expiresIn: expiresS },
  )) as unknown as { readonly query: Record<string, string> };
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `bedrock-api-key-${Buffer.from(`${hostname}/?${pairs.join("&")}&Version=1`).toString("base64")}`;
}

function signerOf(
  options: Pick<SignOptions, "accessKeyId" | "secretAccessKey" | "sessionToken">,
  region: string,
  service: string,
): SignatureV4 {
  return new SignatureV4({
    service,
    region,
    sha256: Sha256 as never,
    credentials: {
      accessKeyId: options.accessKeyId ?? TEST_CREDENTIALS.accessKeyId,
      secretAccessKey: options.secretAccessKey ?? TEST_CREDENTIALS.secretAccessKey,
      ...(options.sessionToken === undefined ? {} : { sessionToken: options.sessionToken }),
    },
  });
}
