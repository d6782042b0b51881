import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TEST_CREDENTIALS } from "../../../emulator/auth/credentials.ts";
import { verifySigV4 } from "../../../emulator/auth/sigv4.ts";
import { signed } from "./signer.ts";

const NOW = Date.UTC(2026, 10, 21, 5, 10, 0);
const SCOPE = { region: "us-east-1", nowMs: NOW };
const PATH = "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse";

describe("verifySigV4", () => {
  // The oracle is Smithy's signer: what the JavaScript SDK signs with.
  const accepted = [
    ["a plain request", {}],
    [
      "an encoded ARN",
      { path: "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.x/converse" },
    ],
    ["a raw colon", { path: "/model/a.b-v1:0/invoke" }],
    ["a UTF-8 body", { body: '{"text":"Zürich 日本"}' }],
    ["further signed headers", { headers: { "amz-sdk-request": "attempt=1; max=3", "x-amz-user-agent": "a  b" } }],
    ["a query", { path: "/inference-profiles", query: { type: "APPLICATION", maxResults: "10" } }],
    ["a clock four minutes off", { atMs: NOW - 4 * 60_000 }],
  ] as const;
  for (const [what, options] of accepted) {
    it(`accepts ${what}`, async () => {
      verifySigV4(await signed({ path: PATH, atMs: NOW, ...options }), TEST_CREDENTIALS, SCOPE);
    });
  }

  it("accepts UNSIGNED-PAYLOAD and temporary credentials with their token", async () => {
    const unsigned = await signed({ path: PATH, atMs: NOW, headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } });
    verifySigV4({ ...unsigned, body: Buffer.from("anything") }, TEST_CREDENTIALS, SCOPE);
    const temporary = { ...TEST_CREDENTIALS, sessionToken: "session" };
    verifySigV4(await signed({ path: PATH, atMs: NOW, sessionToken: "session" }), temporary, SCOPE);
    const without = await signed({ path: PATH, atMs: NOW });
    assert.throws(() => verifySigV4(without, temporary, SCOPE), { name: "UnrecognizedClientException" });
  });

  const refused = [
    [
      "a wrong secret",
      { secretAccessKey: "wrong" },
      "InvalidSignatureException",
      /does not match the signature you provided/,
    ],
    ["an unknown key", { accessKeyId: "AKIAUNKNOWN" }, "UnrecognizedClientException", /security token .* is invalid/],
    ["a token that nobody issued", { sessionToken: "x" }, "UnrecognizedClientException", /is invalid/],
    ["another region", { region: "eu-west-1" }, "InvalidSignatureException", /scoped to a valid region/],
    ["another service", { service: "s3" }, "InvalidSignatureException", /correct service: 'bedrock'/],
    [
      "an old date",
      { atMs: NOW - 6 * 60_000 },
      "InvalidSignatureException",
      /^Signature expired: 20261121T050400Z is now earlier than 20261121T050500Z \(20261121T051000Z - 5 min\.\)$/,
    ],
    ["a date to come", { atMs: NOW + 6 * 60_000 }, "InvalidSignatureException", /^Signature not yet current/],
  ] as const;
  for (const [what, options, name, message] of refused) {
    it(`refuses ${what}`, async () => {
      const request = await signed({ path: PATH, atMs: NOW, ...options });
      assert.throws(() => verifySigV4(request, TEST_CREDENTIALS, SCOPE), { name, message });
    });
  }

  it("refuses a body, a path, a query or a signed header that was changed", async () => {
    const request = await signed({ path: PATH, atMs: NOW });
    for (const change of [
      { body: Buffer.from("{ }") },
      { path: "/model/x/converse" },
      { query: "a=1" },
      { method: "GET" },
    ]) {
      assert.throws(() => verifySigV4({ ...request, ...change }, TEST_CREDENTIALS, SCOPE), {
        name: "InvalidSignatureException",
      });
    }
    const headers = { ...request.headers, "content-type": "text/plain" };
    assert.throws(() => verifySigV4({ ...request, headers }, TEST_CREDENTIALS, SCOPE), {
      name: "InvalidSignatureException",
    });
  });

  it("refuses headers that are no SigV4", () => {
    const credential = `${TEST_CREDENTIALS.accessKeyId}/20261121/us-east-1/bedrock/aws4_request`;
    for (const authorization of [
      "Basic abc",
      "AWS4-HMAC-SHA256 ",
      "AWS4-HMAC-SHA256 Credential=a",
      `AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=x`,
      `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=x`,
    ]) {
      const request = { method: "POST", path: "/", query: "", headers: { authorization }, body: Buffer.alloc(0) };
      assert.throws(
        () => verifySigV4(request, TEST_CREDENTIALS, SCOPE),
        { name: "IncompleteSignatureException" },
        authorization,
      );
    }
  });
});
