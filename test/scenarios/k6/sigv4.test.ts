import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { SignatureV4 } from "@smithy/signature-v4";
import fc from "fast-check";
import { type CryptoFunctions, createSigner } from "../../../scenarios/k6/sigv4.ts";
import { encodeSegment } from "../../../simulator/bench/adapters/adapter.ts";

/** k6/crypto as far as signing needs it, over Node's. */
const crypto = {
  sha256: (data: string) => createHash("sha256").update(data).digest("hex"),
  hmac(_algorithm: string, key: string | ArrayBuffer, data: string, encoding: "hex" | "binary") {
    const mac = createHmac("sha256", typeof key === "string" ? key : Buffer.from(key)).update(data);
    if (encoding === "hex") return mac.digest("hex");
    const bytes = mac.digest();
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  },
} as CryptoFunctions;

class Sha256 {
  private readonly hash;
  constructor(secret?: string | Uint8Array | ArrayBuffer) {
    this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", Buffer.from(secret as Uint8Array));
  }
  update(data: string | Uint8Array): void {
    this.hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }
}

const KEYS = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
const NOW_MS = Date.UTC(2026, 4, 4, 23, 59, 58, 123);

interface Case {
  readonly modelId: string;
  readonly body: string;
  readonly region: string;
  readonly host: string;
  readonly sessionToken?: string;
}

async function expected({ modelId, body, region, host, sessionToken }: Case): Promise<string> {
  const signer = new SignatureV4({
    service: "bedrock",
    region,
    sha256: Sha256 as never,
    applyChecksum: false,
    credentials: { ...KEYS, ...(sessionToken === undefined ? {} : { sessionToken }) },
  });
  const signed = await signer.sign(
    {
      method: "POST",
      protocol: "https:",
      hostname: host,
      path: `/model/${encodeSegment(modelId)}/converse`,
      query: {},
      headers: { host, "content-type": "application/json" },
      body,
    },
    { signingDate: new Date(NOW_MS) },
  );
  return signed.headers.authorization!;
}

function ours({ modelId, body, region, host, sessionToken }: Case): string {
  const sign = createSigner(crypto, { ...KEYS, sessionToken });
  const path = `/model/${encodeSegment(modelId)}/converse`;
  return sign({ region, host, path, body, nowMs: NOW_MS }).authorization!;
}

const CASES: Readonly<Record<string, Case>> = {
  "a model id with a colon": {
    modelId: "anthropic.claude-3-haiku-20240307-v1:0",
    body: '{"a":1}',
    region: "us-east-1",
    host: "bedrock-runtime.us-east-1.amazonaws.com",
  },
  "an ARN with slashes": {
    modelId: "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123",
    body: "{}",
    region: "eu-west-1",
    host: "127.0.0.1:7401",
  },
  "a session token": {
    modelId: "amazon.nova-pro-v1:0",
    body: "{}",
    region: "ap-northeast-1",
    host: "localhost:7400",
    sessionToken: "IQoJb3JpZ2luX2VjE+/=token",
  },
  "text beyond ASCII": { modelId: "m", body: '{"text":"grüße 東京 🙂"}', region: "us-east-1", host: "h" },
  "an empty body": { modelId: "m", body: "", region: "us-east-1", host: "h" },
};

describe("SigV4 in k6", () => {
  for (const [name, each] of Object.entries(CASES)) {
    it(`signs as the AWS SDK for JavaScript does: ${name}`, async () => {
      assert.equal(ours(each), await expected(each));
    });
  }

  it("signs any id and body as the SDK does", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 1, maxLength: 40 }),
        fc.string({ unit: "grapheme" }),
        async (id, body) => {
          const each = { modelId: `m${id}`, body, region: "us-west-2", host: "example.com:8443" };
          assert.equal(ours(each), await expected(each));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("does not mistake one region's key for another's", async () => {
    const sign = createSigner(crypto, KEYS);
    const each = CASES["a model id with a colon"]!;
    const path = `/model/${encodeSegment(each.modelId)}/converse`;
    sign({ ...each, region: "eu-west-1", path, nowMs: NOW_MS });
    assert.equal(sign({ ...each, path, nowMs: NOW_MS }).authorization, await expected(each));
  });
});
