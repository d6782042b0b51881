import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { loadEndpoints } from "../../../../scripts/io/k6/endpoints-file.ts";
import { MeridianError } from "../../../../simulator/errors.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meridian-endpoints-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const NAMES: Readonly<Record<string, readonly string[]>> = { "gw.example.com": ["10.1.2.3"] };

async function load(text: string, env: Record<string, string> = {}, allowedHosts: readonly string[] = []) {
  const file = join(folder, "endpoints.yaml");
  writeFileSync(file, text);
  const resolve = async (host: string) => NAMES[host] ?? [];
  return loadEndpoints(file, { regions: ["us-east-1", "eu-west-1"], allowedHosts, env, resolve });
}

async function problems(text: string, env: Record<string, string> = {}, allowed: readonly string[] = []) {
  const error = await load(text, env, allowed).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof MeridianError, String(error));
  return error.problems.map(({ code, where }) => `${code} ${where?.replace(folder, "")}`);
}

describe("an endpoints file", () => {
  it("maps regions to URLs, with round trips where they are given", async () => {
    const set = await load(
      "endpoints:\n  us-east-1: http://127.0.0.1:7400\n  eu-west-1: { url: 'http://127.0.0.1:7401', roundTrip: 75ms }\n",
    );
    assert.deepEqual(
      [...set.urlOfRegion],
      [
        ["us-east-1", "http://127.0.0.1:7400"],
        ["eu-west-1", "http://127.0.0.1:7401"],
      ],
    );
    assert.deepEqual(
      [...set.roundTripMs],
      [
        ["us-east-1", 0],
        ["eu-west-1", 75],
      ],
    );
    assert.deepEqual(set.credentials, {});
  });

  it("has an endpoint for every region that the scenario calls, and every problem is told by line", async () => {
    assert.deepEqual(await problems("endpoints:\n  us-east-1: http://169.254.169.254\n"), [
      "ENDPOINT_FORBIDDEN /endpoints.yaml:2 endpoints.us-east-1",
      "ENDPOINT_MISSING /endpoints.yaml:1 endpoints",
    ]);
    assert.match((await problems("endpoint: {}\n"))[0]!, /UNKNOWN_KEY/);
    assert.match((await problems("endpoints: [1\n"))[0]!, /endpoints\.yaml/);
  });

  const BOTH = "endpoints:\n  us-east-1: http://127.0.0.1:1\n  eu-west-1: http://127.0.0.1:2\n";

  it("takes from the environment the credentials that it asks for, and no others", async () => {
    const env = {
      AWS_BEARER_TOKEN_BEDROCK: "key",
      AWS_ACCESS_KEY_ID: "id",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_SESSION_TOKEN: "token",
    };
    assert.deepEqual((await load(BOTH, env)).credentials, {});
    assert.deepEqual((await load(`auth: api-key\n${BOTH}`, env)).credentials, { AWS_BEARER_TOKEN_BEDROCK: "key" });
    const { AWS_BEARER_TOKEN_BEDROCK: _, ...keys } = env;
    assert.deepEqual((await load(`auth: sigv4\n${BOTH}`, env)).credentials, keys);
    assert.match((await problems(`auth: sigv4\n${BOTH}`))[0]!, /CREDENTIALS_MISSING/);
  });

  it("sends no API key in the clear to another machine", async () => {
    const text = "auth: api-key\nendpoints:\n  us-east-1: http://gw.example.com\n  eu-west-1: https://gw.example.com\n";
    const env = { AWS_BEARER_TOKEN_BEDROCK: "key" };
    assert.deepEqual(await problems(text, env, ["gw.example.com"]), [
      "ENDPOINT_PLAIN_HTTP /endpoints.yaml:3 endpoints.us-east-1",
    ]);
  });

  it("pins names to the addresses that were checked", async () => {
    const text = "endpoints:\n  us-east-1: https://gw.example.com\n  eu-west-1: http://127.0.0.1:2\n";
    const set = await load(text, {}, ["gw.example.com"]);
    assert.deepEqual(set.addresses, { "gw.example.com": "10.1.2.3" });
  });
});
