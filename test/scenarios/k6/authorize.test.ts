import assert from "node:assert/strict";
import { it } from "node:test";
import { authorizeFrom } from "../../../scenarios/k6/authorize.ts";
import type { CryptoFunctions } from "../../../scenarios/k6/sigv4.ts";

const crypto = { sha256: () => "00", hmac: (..._: unknown[]) => "00" } as unknown as CryptoFunctions;
const request = { region: "us-east-1", host: "h", path: "/", body: "", nowMs: 0 };

it("an API key goes before a pair of keys", () => {
  const env = { AWS_BEARER_TOKEN_BEDROCK: "key", AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s" };
  assert.equal(authorizeFrom(env, crypto)(request).authorization, "Bearer key");
});

it("a pair of keys signs, with the session token if there is one", () => {
  const env = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" };
  const headers = authorizeFrom(env, crypto)(request);
  assert.match(headers.authorization!, /^AWS4-HMAC-SHA256 Credential=a\/19700101\/us-east-1\/bedrock\/aws4_request/);
  assert.equal(headers["x-amz-security-token"], "t");
});

it("nothing authorises where there are no credentials", () => {
  assert.deepEqual(authorizeFrom({ AWS_BEARER_TOKEN_BEDROCK: "" }, crypto)(request), {
    "content-type": "application/json",
  });
});
