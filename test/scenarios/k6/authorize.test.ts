import assert from "node:assert/strict";
import { it } from "node:test";
import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime";
import { authorizeFrom } from "../../../scenarios/k6/authorize.ts";
import type { CryptoFunctions } from "../../../scenarios/k6/sigv4.ts";

const crypto = { sha256: () => "00", hmac: (..._: unknown[]) => "00" } as unknown as CryptoFunctions;
const request = { region: "us-east-1", host: "h", path: "/", body: "", nowMs: 0 };
const ENV = { AWS_BEARER_TOKEN_BEDROCK: "key", AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s", TEAM_KEY: "team" };
const OPEN = { "content-type": "application/json" };

it("as the AWS SDKs do, an API key goes before a pair of keys", () => {
  assert.equal(authorizeFrom(ENV, crypto)({ kind: "aws" }, request).authorization, "Bearer key");
});

it("a pair of keys signs, with the session token if there is one", () => {
  const env = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" };
  for (const kind of ["aws", "sigv4"] as const) {
    const headers = authorizeFrom(env, crypto)({ kind }, request);
    assert.match(headers.authorization!, /^AWS4-HMAC-SHA256 Credential=a\/19700101\/us-east-1\/bedrock\/aws4_request/);
    assert.equal(headers["x-amz-security-token"], "t");
  }
});

it("each endpoint gets what it asks for and nothing else, whatever the environment holds", () => {
  const authorize = authorizeFrom(ENV, crypto);
  assert.deepEqual(authorize({ kind: "none" }, request), OPEN);
  assert.deepEqual(authorize({ kind: "api-key", variable: "TEAM_KEY" }, request), {
    ...OPEN,
    authorization: "Bearer team",
  });
  assert.match(authorize({ kind: "sigv4" }, request).authorization!, /^AWS4-HMAC/);
});

it("nothing authorises where there are no credentials", () => {
  const authorize = authorizeFrom({ AWS_BEARER_TOKEN_BEDROCK: "", TEAM_KEY: "" }, crypto);
  for (const auth of [{ kind: "aws" }, { kind: "sigv4" }, { kind: "api-key", variable: "TEAM_KEY" }] as const) {
    assert.deepEqual(authorize(auth, request), OPEN);
  }
});

/** Headers of a call that the AWS SDK has made ready to leave. */
async function headersOfSdk(auth: object): Promise<Readonly<Record<string, string>>> {
  let headers: Readonly<Record<string, string>> = {};
  const client = new BedrockRuntimeClient({
    region: "us-east-1",
    maxAttempts: 1,
    requestHandler: {
      handle: async (call: { readonly headers: Readonly<Record<string, string>> }) => {
        headers = Object.fromEntries(Object.entries(call.headers).map(([name, value]) => [name.toLowerCase(), value]));
        throw new Error("only looked at");
      },
    },
    ...auth,
  });
  await client.send(new ConverseCommand({ modelId: "m", messages: [] })).catch(() => {});
  client.destroy();
  return headers;
}

it("an API key and a session token travel as the AWS SDK sends them", async () => {
  const token = "bedrock-api-key-YmVkcm9jaw==";
  const bearer = await headersOfSdk({ token: { token }, authSchemePreference: ["httpBearerAuth"] });
  const ours = authorizeFrom({ AWS_BEARER_TOKEN_BEDROCK: token }, crypto)({ kind: "aws" }, request);
  assert.equal(ours.authorization, bearer.authorization);
  assert.equal(ours["content-type"], bearer["content-type"]);
  const keys = { accessKeyId: "a", secretAccessKey: "s", sessionToken: "IQoJ/+=" };
  const session = await headersOfSdk({ credentials: keys, authSchemePreference: ["sigv4"] });
  const env = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "IQoJ/+=" };
  const signed = authorizeFrom(env, crypto)({ kind: "aws" }, request);
  assert.equal(signed["x-amz-security-token"], session["x-amz-security-token"]);
  const signedHeaders = (authorization: string) => /SignedHeaders=([^,]+)/.exec(authorization)![1]!.split(";");
  for (const name of ["host", "x-amz-date", "x-amz-security-token"]) {
    assert.ok(signedHeaders(signed.authorization!).includes(name), `we sign ${name}`);
    assert.ok(signedHeaders(session.authorization!).includes(name), `the SDK signs ${name}`);
  }
});
