import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { authenticate } from "../../../emulator/auth/authenticate.ts";
import { TEST_CREDENTIALS } from "../../../emulator/auth/credentials.ts";
import { ServiceError } from "../../../emulator/errors.ts";
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
  it("takes anybody when off", () => authenticate(request(), { kind: "off" }, SCOPE));
  it("refuses callers without credentials", () => {
    const expected = { name: "MissingAuthenticationTokenException", message: "Missing Authentication Token" };
    assert.throws(() => authenticate(request(), VERIFY, SCOPE), expected);
  });
  it("takes the API key and no other", () => {
    authenticate(request(`Bearer ${TEST_CREDENTIALS.bearerToken}`), VERIFY, SCOPE);
    assert.throws(() => authenticate(request("Bearer ABSKother"), VERIFY, SCOPE), {
      name: "AccessDeniedException",
      message: "Authentication failed: Please make sure your API Key is valid.",
    });
  });
  it("takes a signature", async () => authenticate(await signed({ path: "/x", atMs: NOW }), VERIFY, SCOPE));
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
