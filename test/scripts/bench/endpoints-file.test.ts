import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import {
  guardEndpoint,
  isForbiddenAddress,
  isForbiddenName,
  isLoopbackAddress,
  loadEndpoints,
} from "../../../scripts/bench/endpoints-file.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import type { PlannedCall } from "../../../simulator/bench/make-plan.ts";

const NAMES: Readonly<Record<string, readonly string[]>> = {
  localhost: ["127.0.0.1", "::1"],
  "gateway.example.com": ["10.1.2.3"],
  "rebound.example.com": ["10.1.2.3", "169.254.169.254"],
  "half.example.com": ["127.0.0.1", "10.0.0.1"],
  "metadata.google.internal": ["169.254.169.254"],
};
const resolve = async (host: string) => NAMES[host] ?? Promise.reject(new Error("ENOTFOUND"));

async function outcome(url: string, allowed: readonly string[] = []): Promise<string> {
  const found = await guardEndpoint(url, "endpoints.us-east-1", allowed, resolve);
  if ("code" in found) {
    assert.ok(found.fix, "every refusal says what to do");
    return found.code;
  }
  return `${found.url} at ${found.address}`;
}

describe("an endpoint", () => {
  it("on this machine may be called", async () => {
    assert.equal(await outcome("http://127.0.0.1:7400"), "http://127.0.0.1:7400 at 127.0.0.1");
    assert.equal(await outcome("http://localhost:7400/"), "http://localhost:7400 at 127.0.0.1");
    assert.equal(await outcome("http://[::1]:7400"), "http://[::1]:7400 at ::1");
  });

  it("elsewhere only if its host was allowed, by its very name", async () => {
    const url = "https://gateway.example.com";
    assert.equal(await outcome(url), "ENDPOINT_NOT_ALLOWED");
    assert.equal(await outcome(url, ["example.com"]), "ENDPOINT_NOT_ALLOWED");
    assert.equal(await outcome(url, ["gateway.example.com"]), "https://gateway.example.com at 10.1.2.3");
    assert.equal(await outcome("http://half.example.com"), "ENDPOINT_NOT_ALLOWED", "loopback in part is not loopback");
  });

  it("at a metadata service or a link-local address never, allowed or not", async () => {
    for (const url of [
      "http://169.254.169.254",
      "http://169.254.1.2:80",
      "http://[fe80::1]",
      "http://[fd00:ec2::254]",
      "http://[::ffff:169.254.169.254]",
      "http://2852039166",
      "http://0xa9fea9fe",
      "http://0.0.0.0:7400",
      "http://[::]:7400",
      "http://100.100.100.200",
      "http://255.255.255.255",
      "http://metadata.google.internal",
      "http://rebound.example.com",
    ]) {
      const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
      assert.equal(await outcome(url, [host]), "ENDPOINT_FORBIDDEN", url);
    }
  });

  it("is scheme, host and port, and exists", async () => {
    for (const url of [
      "ftp://127.0.0.1",
      "file:///etc/passwd",
      "127.0.0.1:7400",
      "",
      "http://user:secret@127.0.0.1",
      "http://127.0.0.1/path",
      "http://127.0.0.1/?q",
      "http://127.0.0.1/#f",
    ]) {
      assert.equal(await outcome(url), "ENDPOINT_URL", url);
    }
    assert.equal(await outcome("http://nowhere.example.com"), "ENDPOINT_UNKNOWN_HOST");
  });
});

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meridian-endpoints-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const FILE_NAMES: Readonly<Record<string, readonly string[]>> = { "gw.example.com": ["10.1.2.3"] };

const REGIONS = ["us-east-1", "eu-west-1"];
/** One model, called by its id at home and by a profile's abroad. */
const CALLS: readonly PlannedCall[] = REGIONS.map((region) => ({
  target: region,
  region,
  model: "sonnet",
  modelId: "a.sonnet-v1:0",
  calledId: region === "us-east-1" ? "a.sonnet-v1:0" : "eu.a.sonnet-v1:0",
  tier: "standard",
}));

async function load(
  text: string,
  env: Record<string, string> = {},
  allowedHosts: readonly string[] = [],
  calls = CALLS,
) {
  const file = join(folder, "endpoints.yaml");
  writeFileSync(file, text);
  const resolve = async (host: string) => FILE_NAMES[host] ?? [];
  return loadEndpoints(file, { regions: REGIONS, calls, allowedHosts, env, resolve });
}

async function problems(
  text: string,
  env: Record<string, string> = {},
  allowed: readonly string[] = [],
  calls = CALLS,
) {
  const error = await load(text, env, allowed, calls).then(
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

  it("has an endpoint for every region that the scenario calls, and every problem has its line", async () => {
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

describe("an endpoints file says how endpoints are called", () => {
  const TWO = "endpoints:\n  us-east-1: http://127.0.0.1:1\n  eu-west-1: http://127.0.0.1:2\n";
  const SONNET = "models: { sonnet: meta/llama }\n";
  const wayOf = async (text: string, env: Record<string, string> = {}) =>
    [...(await load(text, env)).waysOfRegion.values()] as const;

  it("as Bedrock's, where it does not say", async () => {
    const way = { api: "bedrock", settings: {}, auth: { kind: "none" }, seesFirstToken: true, models: {} };
    assert.deepEqual(await wayOf(TWO), [way, way]);
  });

  it("for all of them, or for each", async () => {
    const text = `api: openai
models: { sonnet: meta/llama }
auth: api-key
temperature: 0
forceLength: vllm
firstToken: unseen
endpoints:
  us-east-1: http://127.0.0.1:1/gateway/v1/
  eu-west-1: { url: "http://127.0.0.1:2", api: bedrock, keyFrom: TEAM_KEY, models: { eu.a.sonnet-v1:0: mine }, firstToken: headers }
`;
    const set = await load(text, { OPENAI_API_KEY: "o", TEAM_KEY: "t", AWS_BEARER_TOKEN_BEDROCK: "b", OTHER_KEY: "x" });
    assert.deepEqual(
      [...set.urlOfRegion.values()],
      ["http://127.0.0.1:1/gateway/v1", "http://127.0.0.1:2"],
      "a path is kept, the slash at its end is not",
    );
    assert.deepEqual(
      [...set.waysOfRegion.values()],
      [
        {
          api: "openai",
          settings: { temperature: 0, forceLength: "vllm" },
          auth: { kind: "api-key", variable: "OPENAI_API_KEY" },
          seesFirstToken: false,
          models: { sonnet: "meta/llama" },
        },
        {
          api: "bedrock",
          settings: {},
          auth: { kind: "api-key", variable: "TEAM_KEY" },
          seesFirstToken: true,
          models: { sonnet: "meta/llama", "eu.a.sonnet-v1:0": "mine" },
        },
      ],
    );
    assert.deepEqual(set.credentials, { OPENAI_API_KEY: "o", TEAM_KEY: "t" });
  });

  it("with a key from a variable of its own, which is to be there and to hold a key", async () => {
    const [way] = await wayOf(`keyFrom: TEAM_TOKEN\n${TWO}`, { TEAM_TOKEN: "t" });
    assert.deepEqual(way!.auth, { kind: "api-key", variable: "TEAM_TOKEN" });
    assert.match((await problems(`keyFrom: TEAM_TOKEN\n${TWO}`))[0]!, /^CREDENTIALS_MISSING/);
    for (const name of ["AWS_SECRET_ACCESS_KEY", "PATH", "team_key", "K6_CLOUD_TOKEN", "MERIDIAN_KEY", "HOME"]) {
      assert.match((await problems(`keyFrom: ${name}\n${TWO}`, { [name]: "x" }))[0]!, /INVALID_VALUE.* keyFrom$/, name);
    }
    assert.deepEqual(await problems(`keyFrom: TEAM_KEY\nauth: none\n${TWO}`), [
      "ENDPOINT_KEY /endpoints.yaml:1 keyFrom",
    ]);
  });

  it("in ways that the API knows", async () => {
    assert.match((await problems(`api: opena1\n${TWO}`))[0]!, /INVALID_VALUE.* api$/);
    assert.deepEqual(await problems(`api: openai\nauth: sigv4\n${SONNET}${TWO}`), [
      "ENDPOINT_AUTH /endpoints.yaml:5 endpoints.us-east-1",
      "ENDPOINT_AUTH /endpoints.yaml:6 endpoints.eu-west-1",
    ]);
    assert.deepEqual(await problems(`temperature: 1\n${TWO}`), ["ENDPOINT_SETTING /endpoints.yaml:1 temperature"]);
    assert.match((await problems(`api: openai\ntemperature: 9\n${SONNET}${TWO}`))[0]!, /INVALID_VALUE.* temperature$/);
    const own =
      "endpoints:\n  us-east-1: { url: http://127.0.0.1:1, forceLength: vllm }\n  eu-west-1: http://127.0.0.1:2\n";
    assert.deepEqual(await problems(own), ["ENDPOINT_SETTING /endpoints.yaml:2 endpoints.us-east-1.forceLength"]);
    const fast = CALLS.map((call) => ({ ...call, tier: "latency-optimized" as const }));
    assert.match((await problems(`api: openai\n${SONNET}${TWO}`, {}, [], fast))[0]!, /^ENDPOINT_TIER/);
  });

  it("and what models are called where the scenario's ids mean nothing", async () => {
    assert.deepEqual(await problems(`api: openai\n${TWO}`), [
      "ENDPOINT_MODEL /endpoints.yaml:3 endpoints.us-east-1",
      "ENDPOINT_MODEL /endpoints.yaml:4 endpoints.eu-west-1",
    ]);
    const byProfile = `api: openai\nmodels: { eu.a.sonnet-v1:0: llama }\n${TWO}`;
    assert.deepEqual(await problems(byProfile), ["ENDPOINT_MODEL /endpoints.yaml:4 endpoints.us-east-1"]);
    const unsold = CALLS.map((call) => ({ ...call, calledId: null }));
    assert.match((await problems(TWO, {}, [], unsold))[0]!, /^ENDPOINT_MODEL/);
  });

  it("and how many characters of filler make a token, of all models or of each", async () => {
    const chars = async (line: string) => [...((await load(`${line}${TWO}`)).charsPerToken ?? [])];
    assert.deepEqual(await chars(""), []);
    assert.deepEqual(await chars("charsPerToken: 5\n"), [["a.sonnet-v1:0", 5]]);
    assert.deepEqual(await chars("charsPerToken: { sonnet: 4.5 }\n"), [["a.sonnet-v1:0", 4.5]]);
    assert.match((await problems(`charsPerToken: 0\n${TWO}`))[0]!, /INVALID_VALUE.* charsPerToken$/);
  });

  it("with the guards of every URL, whatever path it has", async () => {
    const at = (url: string) => problems(`endpoints:\n  us-east-1: "${url}"\n  eu-west-1: http://127.0.0.1:2\n`);
    assert.match((await at("http://169.254.169.254/latest/v1"))[0]!, /^ENDPOINT_FORBIDDEN/);
    assert.match((await at("http://10.0.0.1/v1"))[0]!, /^ENDPOINT_NOT_ALLOWED/);
    assert.match((await at("http://127.0.0.1:1/v1?key=x"))[0]!, /^ENDPOINT_URL/);
    assert.match((await at("http://me:secret@127.0.0.1:1/v1"))[0]!, /^ENDPOINT_URL/);
    assert.match((await at("http://127.0.0.1:1/v1/chat/completions"))[0]!, /^ENDPOINT_URL/);
    assert.match((await at("http://127.0.0.1:1/a b;c"))[0]!, /^ENDPOINT_URL/);
  });
});

it("metadata services of all clouds are never called", () => {
  for (const address of [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "169.254.0.23",
    "100.100.100.200",
    "100.96.0.96",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
    "fd00:42::42",
    "fd00:a9fe:a9fe::1",
    "fe80::a9fe:a9fe",
    "0.0.0.0",
    "::",
    "224.0.0.1",
  ])
    assert.ok(isForbiddenAddress(address), address);
  for (const name of ["metadata.google.internal", "METADATA.goog.", "instance-data", "metadata.tencentyun.com"])
    assert.ok(isForbiddenName(name), name);
});

it("nor through an address of IPv6 that wraps one of IPv4", () => {
  for (const address of [
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::169.254.169.254",
    "64:ff9b::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "64:ff9b:1:a9fe:a9:fe00::",
    "64:ff9b:1:a9:fe:a9fe::",
    "64:ff9b:1:7:a9:fea9:fe00:0",
    "64:ff9b::6464:64c8",
    "64:ff9b::127.0.0.1",
    "64:ff9b::0.0.0.0",
    "::ffff:0.0.0.0",
    "::224.0.0.1",
    "2002:a9fe:a9fe::1",
    "2002:7f00:1::",
    "2001:0:a9fe:a9fe::1",
    "2001:db8::5efe:a9fe:a9fe",
    "2001:db8::200:5efe:a9fe:a9fe",
    "fe80::1%eth0",
  ])
    assert.ok(isForbiddenAddress(address), address);
});

it("other machines are a matter of permission, and this one is free", () => {
  for (const address of [
    "10.0.0.1",
    "192.0.2.7",
    "8.8.8.8",
    "2600::1",
    "64:ff9b::192.0.2.7",
    "64:ff9b:1::192.0.2.7",
    "fd00:ec3::1",
  ])
    assert.ok(!isForbiddenAddress(address), address);
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) {
    assert.ok(!isForbiddenAddress(address), address);
    assert.ok(isLoopbackAddress(address), address);
  }
  assert.ok(!isLoopbackAddress("10.0.0.1"));
});
