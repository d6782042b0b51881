import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { it } from "node:test";
import { SignatureV4 } from "@smithy/signature-v4";
import { apiKeyExpiryMs } from "../../../../scripts/io/bedrock/api-key.ts";

class Sha256 {
  private readonly hash;
  constructor(secret?: Uint8Array) {
    this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret);
  }
  update(data: Uint8Array): void {
    this.hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }
}

/** A key as AWS's generator makes it: a presigned call, without its scheme, in base64. */
async function shortTermKey(signedAtMs: number, expiresIn: number): Promise<string> {
  const signer = new SignatureV4({
    service: "bedrock",
    region: "us-east-1",
    sha256: Sha256 as never,
    credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret", sessionToken: "a+b/c=" },
  });
  const { hostname, path, query } = await signer.presign(
    {
      method: "POST",
      protocol: "https:",
      hostname: "bedrock.amazonaws.com",
      path: "/",
      query: { Action: "CallWithBearerToken" },
      headers: { host: "bedrock.amazonaws.com" },
    },
    { expiresIn, signingDate: new Date(signedAtMs) },
  );
  const text = new URLSearchParams(query as Record<string, string>).toString();
  return `bedrock-api-key-${Buffer.from(`${hostname}${path}?${text}&Version=1`).toString("base64")}`;
}

it("a short-term key says when it ends", async () => {
  const signedAtMs = Date.UTC(2026, 10, 21, 8, 30, 15);
  assert.equal(apiKeyExpiryMs(await shortTermKey(signedAtMs, 43_200)), signedAtMs + 43_200_000);
});

it("a long-term key does not, and neither does what is no key", () => {
  for (const key of ["ABSKabc", "bedrock-api-key-", "bedrock-api-key-!!!", "bedrock-api-key-aGVsbG8/eA==", ""]) {
    assert.equal(apiKeyExpiryMs(key), null, key);
  }
});
