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
  const signer = new SignatureV4({
    service,
    region,
    sha256: Sha256 as never,
    credentials: {
      accessKeyId: options.accessKeyId ?? TEST_CREDENTIALS.accessKeyId,
      secretAccessKey: options.secretAccessKey ?? TEST_CREDENTIALS.secretAccessKey,
      ...(options.sessionToken === undefined ? {} : { sessionToken: options.sessionToken }),
    },
  });
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
