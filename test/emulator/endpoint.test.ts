import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { endpointOf, environmentOf } from "../../emulator/endpoint.ts";
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
