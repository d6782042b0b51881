import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type ProbeSettings, placesOf, prepareProbe } from "../../../scripts/probe/prepare.ts";
import type { MeridianError } from "../../../simulator/base/errors.ts";
import { TINY } from "../run-meridian.ts";

const LOCAL = "http://127.0.0.1:7400";
const env = { AWS_BEARER_TOKEN_BEDROCK: "ABSKCANARYCANARYCANARYCANARY" };
let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "meridian-probe-"));
});
after(() => rm(folder, { recursive: true }));

function settings(overrides: Partial<ProbeSettings>): ProbeSettings {
  return {
    scenario: undefined,
    regions: ["us-east-1"],
    models: ["amazon.nova-pro-v1:0"],
    endpointUrl: LOCAL,
    endpoints: undefined,
    allowedHosts: [],
    profile: undefined,
    prices: undefined,
    inputTokens: 500,
    outputTokens: 100,
    env,
    ...overrides,
  };
}

async function refused(overrides: Partial<ProbeSettings>): Promise<string> {
  const error = await prepareProbe(settings(overrides)).then(
    () => assert.fail("it is refused"),
    (thrown: MeridianError) => thrown,
  );
  return error.problems.map(({ code }) => code).join(" ");
}

const targetsOf = async (overrides: Partial<ProbeSettings>) =>
  (await prepareProbe(settings(overrides))).targets.map(({ region, model }) => `${region} ${model}`);

describe("preparing a probe", () => {
  it("takes every region with every model, once, and is free on this machine", async () => {
    const prepared = await prepareProbe(settings({ regions: ["a-1", "b-1", "a-1"], models: ["x", "y"] }));
    assert.deepEqual(
      prepared.targets.map(({ region, model, worstUsd }) => [region, model, worstUsd]),
      [
        ["a-1", "x", 0],
        ["a-1", "y", 0],
        ["b-1", "x", 0],
        ["b-1", "y", 0],
      ],
    );
    assert.deepEqual(prepared.priceSources, []);
  });

  it("takes the region from the environment, and regions and models from a scenario", async () => {
    assert.deepEqual(await targetsOf({ regions: [], env: { ...env, AWS_REGION: "eu-west-3" } }), [
      "eu-west-3 amazon.nova-pro-v1:0",
    ]);
    assert.deepEqual(await targetsOf({ scenario: TINY, regions: [], models: [] }), [
      "us-east-1 amazon.nova-pro-v1:0",
      "eu-west-1 amazon.nova-pro-v1:0",
    ]);
    assert.deepEqual(await targetsOf({ scenario: TINY, regions: ["eu-west-1"], models: [] }), [
      "eu-west-1 amazon.nova-pro-v1:0",
    ]);
  });

  it("takes regions, names and credentials from an endpoints file, to each region its own", async () => {
    const file = join(folder, "endpoints.yaml");
    await writeFile(
      file,
      `endpoints:
  r-1: ${LOCAL}
  r-2: { url: "http://127.0.0.1:7401/base", auth: api-key, models: { amazon.nova-pro-v1:0: nova } }
  r-3: { url: "http://127.0.0.1:7402", auth: sigv4 }
  r-4: { url: "http://127.0.0.1:7403", api: openai, models: { amazon.nova-pro-v1:0: nova } }
`,
    );
    const keys = { AWS_ACCESS_KEY_ID: "AKIACANARY", AWS_SECRET_ACCESS_KEY: "CANARYsecret" };
    const options = { endpoints: file, endpointUrl: undefined, env: { ...env, ...keys } };
    const prepared = await prepareProbe(settings({ ...options, regions: ["r-1", "r-2", "r-3"] }));
    const configOf = (region: string) => prepared.callerOf(region).identity;
    assert.deepEqual(configOf("r-1").credentials, { accessKeyId: "none", secretAccessKey: "none" });
    assert.deepEqual([configOf("r-1").token, configOf("r-3").token], [undefined, undefined], "the key is r-2's alone");
    assert.deepEqual(configOf("r-2").token, { token: env.AWS_BEARER_TOKEN_BEDROCK });
    assert.deepEqual(configOf("r-3").credentials, { accessKeyId: "AKIACANARY", secretAccessKey: "CANARYsecret" });
    assert.equal(prepared.callerOf("r-2").url, "http://127.0.0.1:7401/base");
    assert.deepEqual(
      prepared.targets.map(({ model, calledAs }) => [model, calledAs].join(" ")),
      ["", "nova", ""].map((name) => `amazon.nova-pro-v1:0 ${name === "" ? "amazon.nova-pro-v1:0" : name}`),
    );
    assert.equal(await refused({ ...options, regions: [] }), "PROBE_API", "all of the file's regions unless named");
  });

  it("says what is missing, all of it", async () => {
    assert.equal(await refused({ regions: [], models: [] }), "PROBE_WITHOUT_REGION PROBE_WITHOUT_MODEL");
    assert.equal(await refused({ regions: ["us-east-1", "a.yaml"] }), "PROBE_SCENARIO_SWALLOWED");
    assert.equal(await refused({ models: ["x", "../a.yml"] }), "PROBE_SCENARIO_SWALLOWED");
    assert.equal(await refused({ scenario: TINY, regions: ["ap-east-1"], models: [] }), "PROBE_NOTHING_TO_CALL");
  });

  it("calls no host that is not this machine, the partition's own, or allowed by name", async () => {
    assert.equal(await refused({ endpointUrl: "http://10.0.0.1" }), "ENDPOINT_NOT_ALLOWED");
    assert.equal(
      await refused({ endpointUrl: "http://169.254.169.254", allowedHosts: ["169.254.169.254"] }),
      "ENDPOINT_FORBIDDEN",
    );
    assert.equal(await refused({ endpointUrl: "ftp://127.0.0.1" }), "ENDPOINT_URL");
  });

  it("sends no API key to another machine in the clear, and nothing whose price is unknown", async () => {
    const there = { endpointUrl: "http://10.0.0.1", allowedHosts: ["10.0.0.1"] };
    assert.equal(await refused(there), "ENDPOINT_PLAIN_HTTP");
    const secure = { endpointUrl: "https://10.0.0.1", allowedHosts: ["10.0.0.1"] };
    assert.equal(await refused({ ...secure, models: ["acme.unknown-v1:0"] }), "PROBE_PRICE_UNKNOWN");
    const [target] = (await prepareProbe(settings(secure))).targets;
    assert.ok(target!.worstUsd > 0);
  });

  it("finds Bedrock's own endpoint by the region's partition", async () => {
    const options = { endpoints: undefined, endpointUrl: undefined, profile: undefined, allowedHosts: [], env };
    const resolve = async () => ["203.0.113.7"];
    const places = await placesOf({ ...options, regions: ["eu-west-1", "us-gov-west-1"], resolve });
    assert.deepEqual(
      places.map(({ url, isLoopback }) => [url, isLoopback]),
      [
        ["https://bedrock-runtime.eu-west-1.amazonaws.com", false],
        ["https://bedrock-runtime.us-gov-west-1.amazonaws.com", false],
      ],
    );
    assert.deepEqual(places[0]!.allowedHosts, ["bedrock-runtime.eu-west-1.amazonaws.com"]);
  });

  it("knows the profiles that offer a model in a region", async () => {
    const prepared = await prepareProbe(settings({}));
    const profiles = prepared.profilesOf("anthropic.claude-sonnet-4-5-20250929-v1:0", "us-east-1");
    assert.ok(profiles.includes("us.anthropic.claude-sonnet-4-5-20250929-v1:0"), profiles.join(" "));
    assert.ok(!profiles.some((id) => id.startsWith("eu.")));
  });
});
