import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { credentialsFromToken, sameSecret, TEST_CREDENTIALS } from "../../../emulator/auth/credentials.ts";

describe("credentials", () => {
  it("are AWS's documentation example, so that no scanner takes them for real", () => {
    assert.match(TEST_CREDENTIALS.accessKeyId, /EXAMPLE$/);
    assert.match(TEST_CREDENTIALS.secretAccessKey, /EXAMPLEKEY$/);
    const said = Buffer.from(TEST_CREDENTIALS.bearerToken.slice(4), "base64").toString();
    assert.equal(said, "MeridianEmulatorTestKey");
  });
  it("of an open fleet hold nothing that is known", () => {
    const { secretAccessKey, bearerToken } = credentialsFromToken("a-long-operator-token");
    assert.deepEqual([secretAccessKey, bearerToken], ["a-long-operator-token", "a-long-operator-token"]);
  });
  it("compare by their bytes", () => {
    assert.equal(sameSecret("abc", "abc"), true);
    for (const other of ["abd", "ab", "", "abcd"]) assert.equal(sameSecret(other, "abc"), false);
  });
});
