import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { endpointOf, environmentOf, refuseForeignHost, refuseOpenHost } from "../../emulator/endpoint.ts";
import { TEST_CREDENTIALS } from "../../emulator/http/authentication.ts";

const certificate = { keyPem: "key", certPem: "cert" };

describe("endpoint of a region", () => {
  it("is reached over loopback when the fleet listens on a wildcard address", () => {
    assert.equal(endpointOf("us-east-1", "0.0.0.0", 7400, undefined).url, "http://127.0.0.1:7400");
    assert.equal(endpointOf("us-east-1", "::1", 7400, certificate).tlsUrl, "https://[::1]:7400");
    assert.equal(endpointOf("us-east-1", "10.0.0.1", 7400, undefined).tlsUrl, undefined);
  });

  it("is what the environment names: over TLS if there is TLS, and only then with an API key", () => {
    const plain = endpointOf("us-east-1", "127.0.0.1", 7400, undefined);
    const secure = endpointOf("us-east-1", "127.0.0.1", 7400, certificate);
    const overHttp = Object.fromEntries(environmentOf(plain, TEST_CREDENTIALS));
    const overTls = Object.fromEntries(environmentOf(secure, TEST_CREDENTIALS));
    assert.equal(overHttp.AWS_ENDPOINT_URL_BEDROCK, "http://127.0.0.1:7400");
    assert.equal(overHttp.AWS_BEARER_TOKEN_BEDROCK, undefined);
    assert.equal(overTls.AWS_ENDPOINT_URL_BEDROCK, "https://127.0.0.1:7400");
    assert.equal(overTls.AWS_BEARER_TOKEN_BEDROCK, TEST_CREDENTIALS.bearerToken);
    assert.equal(overTls.AWS_DEFAULT_REGION, "us-east-1");
  });
});

describe("host of a request", () => {
  it("may be any name of loopback, with any port, and the names that are allowed", () => {
    for (const host of [
      "127.0.0.1",
      "127.0.0.1:7400",
      "localhost:80",
      "LOCALHOST",
      "a.localhost:1",
      "[::1]:7400",
      "127.9.9.9",
    ]) {
      refuseForeignHost({ host }, []);
      refuseForeignHost({ ":authority": host }, []);
    }
    refuseForeignHost({ host: "host.docker.internal:7400" }, ["host.docker.internal"]);
    refuseForeignHost({ host: "anything" }, undefined);
  });
  it("may be beyond loopback only with a long token and authentication", () => {
    refuseOpenHost("127.0.0.1", undefined, "off");
    refuseOpenHost("0.0.0.0", "a-long-operator-token", "verify");
    for (const [token, auth] of [
      [undefined, "verify"],
      ["short", "verify"],
      ["a-long-operator-token", "off"],
    ] as const) {
      assert.throws(() => refuseOpenHost("0.0.0.0", token, auth), { message: /^EMULATOR_HOST_NEEDS_TOKEN/ });
    }
  });
  it("may not be a name that a web page could point at loopback", () => {
    for (const host of [
      "evil.example",
      "127.0.0.1.evil.example:7400",
      "localhost.evil.example",
      "",
      "10.0.0.1",
      "[::2]",
    ]) {
      assert.throws(() => refuseForeignHost({ host }, ["127.0.0.1"]), { name: "AccessDeniedException" }, host);
    }
    assert.throws(() => refuseForeignHost({}, []), { name: "AccessDeniedException" });
  });
});
