import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  authenticate,
  authenticateHeaders,
  credentialsFromToken,
  TEST_CREDENTIALS,
  verifySigV4,
} from "../../../emulator/http/authentication.ts";
import { ServiceError } from "../../../emulator/http/errors.ts";
import { signed } from "./signer.ts";

const NOW = Date.UTC(2026, 10, 21);
const SCOPE = { region: "us-east-1", nowMs: NOW };
const VERIFY = { kind: "verify", credentials: TEST_CREDENTIALS } as const;
const request = (authorization?: string) => ({
  method: "POST",
  path: "/",
  query: "",
  headers: { authorization },
  body: Buffer.alloc(0),
});

describe("authenticate", () => {
  it("accepts any request when off", () => authenticate(request(), { kind: "off" }, SCOPE));
  it("refuses callers without credentials", () => {
    const expected = { name: "MissingAuthenticationTokenException", message: "Missing Authentication Token" };
    assert.throws(() => authenticate(request(), VERIFY, SCOPE), expected);
  });
  it("accepts the API key and no other", () => {
    authenticate(request(`Bearer ${TEST_CREDENTIALS.bearerToken}`), VERIFY, SCOPE);
    assert.throws(() => authenticate(request("Bearer ABSKother"), VERIFY, SCOPE), {
      name: "AccessDeniedException",
      message: "Authentication failed: Please make sure your API Key is valid.",
    });
  });
  it("accepts a signature", async () => authenticate(await signed({ path: "/x", atMs: NOW }), VERIFY, SCOPE));
  it("never repeats a caller's secrets in its refusal", () => {
    const canaries = ["AKIACANARYCANARY1234", "ABSKcanarykey", "bedrock-api-key-canary", "sessioncanary"];
    for (const authorization of [
      `Bearer ${canaries[1]}`,
      `Bearer ${canaries[2]}`,
      `AWS4-HMAC-SHA256 Credential=${canaries[0]}/20261121/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=${canaries[3]}`,
      canaries.join(" "),
    ]) {
      assert.throws(
        () => authenticate(request(authorization), VERIFY, SCOPE),
        (error: unknown) =>
          error instanceof ServiceError && canaries.every((canary) => !error.message.includes(canary)),
      );
    }
  });
});

describe("credentials", () => {
  it("are AWS's documentation example, so that no scanner reports them", () => {
    assert.match(TEST_CREDENTIALS.accessKeyId, /EXAMPLE$/);
    assert.match(TEST_CREDENTIALS.secretAccessKey, /EXAMPLEKEY$/);
    const said = Buffer.from(TEST_CREDENTIALS.bearerToken.slice(4), "base64").toString();
    assert.equal(said, "MeridianEmulatorTestKey");
  });
  it("of a fleet beyond loopback contain no published secret", () => {
    const { secretAccessKey, bearerToken } = credentialsFromToken("a-long-operator-token");
    assert.deepEqual([secretAccessKey, bearerToken], ["a-long-operator-token", "a-long-operator-token"]);
  });
});

const SIGNED_AT_MS = Date.UTC(2026, 10, 21, 5, 10, 0);
const SIGNING_SCOPE = { region: "us-east-1", nowMs: SIGNED_AT_MS };
const PATH = "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse";

describe("verifySigV4", () => {
  // The oracle is Smithy's signer: the one that the JavaScript SDK uses.
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
    ["a clock four minutes off", { atMs: SIGNED_AT_MS - 4 * 60_000 }],
  ] as const;
  for (const [what, options] of accepted) {
    it(`accepts ${what}`, async () => {
      verifySigV4(await signed({ path: PATH, atMs: SIGNED_AT_MS, ...options }), TEST_CREDENTIALS, SIGNING_SCOPE);
    });
  }

  it("accepts UNSIGNED-PAYLOAD and temporary credentials with their token", async () => {
    const unsigned = await signed({
      path: PATH,
      atMs: SIGNED_AT_MS,
      headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
    });
    verifySigV4({ ...unsigned, body: Buffer.from("anything") }, TEST_CREDENTIALS, SIGNING_SCOPE);
    const temporary = { ...TEST_CREDENTIALS, sessionToken: "session" };
    verifySigV4(await signed({ path: PATH, atMs: SIGNED_AT_MS, sessionToken: "session" }), temporary, SIGNING_SCOPE);
    const without = await signed({ path: PATH, atMs: SIGNED_AT_MS });
    assert.throws(() => verifySigV4(without, temporary, SIGNING_SCOPE), { name: "UnrecognizedClientException" });
  });

  const refused = [
    [
      "a wrong secret",
      { secretAccessKey: "wrong" },
      "InvalidSignatureException",
      /does not match the signature you provided/,
    ],
    ["an unknown key", { accessKeyId: "AKIAUNKNOWN" }, "UnrecognizedClientException", /security token .* is invalid/],
    ["a token that was never issued", { sessionToken: "x" }, "UnrecognizedClientException", /is invalid/],
    ["another region", { region: "eu-west-1" }, "InvalidSignatureException", /scoped to a valid region/],
    ["another service", { service: "s3" }, "InvalidSignatureException", /correct service: 'bedrock'/],
    [
      "an old date",
      { atMs: SIGNED_AT_MS - 6 * 60_000 },
      "InvalidSignatureException",
      /^Signature expired: 20261121T050400Z is now earlier than 20261121T050500Z \(20261121T051000Z - 5 min\.\)$/,
    ],
    ["a date to come", { atMs: SIGNED_AT_MS + 6 * 60_000 }, "InvalidSignatureException", /^Signature not yet current/],
  ] as const;
  for (const [what, options, name, message] of refused) {
    it(`refuses ${what}`, async () => {
      const request = await signed({ path: PATH, atMs: SIGNED_AT_MS, ...options });
      assert.throws(() => verifySigV4(request, TEST_CREDENTIALS, SIGNING_SCOPE), { name, message });
    });
  }

  it("refuses a body, a path, a query or a signed header that was changed", async () => {
    const request = await signed({ path: PATH, atMs: SIGNED_AT_MS });
    for (const change of [
      { body: Buffer.from("{ }") },
      { path: "/model/x/converse" },
      { query: "a=1" },
      { method: "GET" },
    ]) {
      assert.throws(() => verifySigV4({ ...request, ...change }, TEST_CREDENTIALS, SIGNING_SCOPE), {
        name: "InvalidSignatureException",
      });
    }
    const headers = { ...request.headers, "content-type": "text/plain" };
    assert.throws(() => verifySigV4({ ...request, headers }, TEST_CREDENTIALS, SIGNING_SCOPE), {
      name: "InvalidSignatureException",
    });
  });

  it("counts only headers that were sent as signed, whatever their names", async () => {
    for (const names of [
      "host;constructor",
      "host;__proto__",
      "host;toString;x",
      "host;",
      "host;\u0000",
      "host;x-absent",
    ]) {
      const request = await signed({ path: PATH, atMs: SIGNED_AT_MS });
      const authorization = String(request.headers.authorization).replace(
        /SignedHeaders=[^,]+/,
        `SignedHeaders=${names}`,
      );
      const headers = { ...request.headers, authorization };
      assert.throws(() => verifySigV4({ ...request, headers }, TEST_CREDENTIALS, SIGNING_SCOPE), {
        name: /^(InvalidSignature|IncompleteSignature)Exception$/,
      });
    }
  });

  it("is checked without the body as far as that goes", async () => {
    const mode = { kind: "verify", credentials: TEST_CREDENTIALS } as const;
    const check = async (options: Parameters<typeof signed>[0]) =>
      authenticateHeaders((await signed(options)).headers, mode, SIGNING_SCOPE);
    await check({ path: PATH, atMs: SIGNED_AT_MS });
    await check({ path: PATH, atMs: SIGNED_AT_MS, service: "bedrock-mantle" });
    await assert.rejects(check({ path: PATH, atMs: SIGNED_AT_MS, accessKeyId: "AKIAOTHER" }), {
      name: "UnrecognizedClientException",
    });
    await assert.rejects(check({ path: PATH, atMs: SIGNED_AT_MS - 3_600_000 }), { name: "InvalidSignatureException" });
    assert.throws(() => authenticateHeaders({}, mode, SIGNING_SCOPE), { name: "MissingAuthenticationTokenException" });
    const wrong = { authorization: "Bearer nonsense" };
    assert.throws(() => authenticateHeaders(wrong, mode, SIGNING_SCOPE), { name: "AccessDeniedException" });
    authenticateHeaders({ "x-api-key": TEST_CREDENTIALS.bearerToken }, mode, SIGNING_SCOPE);
    authenticateHeaders({}, { kind: "off" }, SIGNING_SCOPE);
  });

  it("refuses headers that are not SigV4", () => {
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
        () => verifySigV4(request, TEST_CREDENTIALS, SIGNING_SCOPE),
        { name: "IncompleteSignatureException" },
        authorization,
      );
    }
  });
});
