import assert from "node:assert/strict";
import { it } from "node:test";
import { hideSecrets } from "../../../../scripts/io/bedrock/hide-secrets.ts";

it("hides values in use, those of the environment, and what looks like a key", () => {
  const env = { AWS_SECRET_ACCESS_KEY: "environment/secret", AWS_SESSION_TOKEN: "" };
  assert.equal(hideSecrets("in use-value and environment/secret", ["use-value"], env), "in [hidden] and [hidden]");
  assert.equal(hideSecrets("key AKIAIOSFODNN7EXAMPLE, ASIAIOSFODNN7EXAMPLE.", [], {}), "key [hidden], [hidden].");
  const long = "ABSKQmVkcm9ja0FQSUtleS1leGFtcGxl+/=";
  const short = "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t";
  assert.equal(hideSecrets(`Bearer ${long} ${short}`, [], {}), "Bearer [hidden] [hidden]");
});

it("hides a value before another that is part of it, and leaves short words alone", () => {
  assert.equal(hideSecrets("abcdefghij abcdefgh", ["abcdefgh", "abcdefghij"], {}), "[hidden] [hidden]");
  assert.equal(hideSecrets("region us-east-1", ["region"], {}), "region us-east-1");
});
