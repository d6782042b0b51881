import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { verifyApiKey } from "../../../emulator/http/api-keys.ts";
import { TEST_CREDENTIALS } from "../../../emulator/http/authentication.ts";
import { ServiceError } from "../../../emulator/http/errors.ts";
import type { Credentials } from "../../../emulator/http/signature.ts";
import { shortTermKey } from "./signer.ts";

const NOW = Date.UTC(2026, 10, 21);
const SCOPE = { region: "us-east-1", nowMs: NOW };
const HOUR_MS = 3_600_000;
const INVALID = "Authentication failed: Please make sure your API Key is valid.";

function refusal(key: string, credentials: Credentials = TEST_CREDENTIALS): string | undefined {
  try {
    verifyApiKey(key, credentials, SCOPE);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ServiceError && error.name === "AccessDeniedException" && error.gate === "api key");
    assert.equal(error.message.includes(key), false);
    return error.message;
  }
}

describe("verifyApiKey", () => {
  it("accepts the fleet's key", () => assert.equal(refusal(TEST_CREDENTIALS.bearerToken), undefined));

  it("accepts short-term keys made of the fleet's credentials, as long as they say", async () => {
    for (const key of [
      await shortTermKey({ atMs: NOW }),
      await shortTermKey({ atMs: NOW - 11.9 * HOUR_MS }),
      await shortTermKey({ atMs: NOW - 50_000, expiresS: 60 }),
    ]) {
      assert.equal(refusal(key), undefined);
    }
    const temporary = { ...TEST_CREDENTIALS, sessionToken: "FwoGZXIvYXdz/session+token==" };
    assert.equal(
      refusal(await shortTermKey({ atMs: NOW, sessionToken: temporary.sessionToken }), temporary),
      undefined,
    );
  });

  it("refuses those of others, of another region, or of another time", async () => {
    const good = await shortTermKey({ atMs: NOW });
    const url = Buffer.from(good.slice("bedrock-api-key-".length), "base64").toString();
    const changed = (from: string, to: string) =>
      `bedrock-api-key-${Buffer.from(url.replace(from, to)).toString("base64")}`;
    assert.notEqual(changed("Expires=43200", "Expires=43100"), good);
    for (const key of [
      await shortTermKey({ atMs: NOW, secretAccessKey: "another" }),
      await shortTermKey({ atMs: NOW, accessKeyId: "AKIAANOTHER" }),
      await shortTermKey({ atMs: NOW, region: "eu-west-1" }),
      await shortTermKey({ atMs: NOW, sessionToken: "unasked" }),
      await shortTermKey({ atMs: NOW - 12.1 * HOUR_MS }),
      await shortTermKey({ atMs: NOW - 70_000, expiresS: 60 }),
      await shortTermKey({ atMs: NOW + HOUR_MS }),
      await shortTermKey({ atMs: NOW, expiresS: 13 * 3600 }),
      changed("Expires=43200", "Expires=43100"),
      changed("CallWithBearerToken", "Other"),
      changed("bedrock.amazonaws.com", "iam.amazonaws.com"),
      "bedrock-api-key-",
      "bedrock-api-key-!!!",
      "ABSKother",
    ]) {
      assert.equal(refusal(key), INVALID, key);
    }
  });

  it("says so where a key does not begin like one", () => {
    assert.equal(refusal("sk-1234"), "Invalid API Key format: Must start with pre-defined prefix");
  });
});
