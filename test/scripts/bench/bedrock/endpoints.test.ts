import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type BedrockEndpointOptions, bedrockEndpoints } from "../../../../scripts/bench/bedrock/endpoints.ts";
import { MeridianError } from "../../../../simulator/base/errors.ts";
import { type AwsFiles, withAwsEnv } from "./with-env.ts";

const OUTSIDE = async () => ["203.0.113.7"];
const RUNTIME = "AWS_ENDPOINT_URL_BEDROCK_RUNTIME";

async function found(
  regions: readonly string[],
  env: Readonly<Record<string, string>> = {},
  more: Partial<BedrockEndpointOptions> = {},
  files?: AwsFiles,
) {
  const endpoints = await withAwsEnv(
    env,
    () => bedrockEndpoints({ regions, allowedHosts: [], resolve: OUTSIDE, ...more }),
    files,
  );
  return endpoints.map(({ url, isStandard }) => `${url}${isStandard ? "" : " set"}`);
}

async function refused(code: string, ...args: Parameters<typeof found>): Promise<void> {
  await assert.rejects(found(...args), (error) => {
    assert.ok(error instanceof MeridianError, String(error));
    assert.equal(error.kind, "usage");
    assert.ok(
      error.problems.some((problem) => problem.code === code && problem.fix !== undefined),
      error.message,
    );
    return true;
  });
}

describe("the endpoint of a region", () => {
  it("is its partition's", async () => {
    // AWS General Reference, "Amazon Bedrock endpoints and quotas"; China's suffix from the SDKs' partitions.json.
    assert.deepEqual(await found(["us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1"]), [
      "https://bedrock-runtime.us-east-1.amazonaws.com",
      "https://bedrock-runtime.eu-central-1.amazonaws.com",
      "https://bedrock-runtime.us-gov-west-1.amazonaws.com",
      "https://bedrock-runtime.cn-north-1.amazonaws.com.cn",
    ]);
  });

  it("may be the FIPS one, asked for here or in the environment", async () => {
    const fips = ["https://bedrock-runtime-fips.us-east-1.amazonaws.com"];
    assert.deepEqual(await found(["us-east-1"], {}, { useFips: true }), fips);
    assert.deepEqual(await found(["us-east-1"], { AWS_USE_FIPS_ENDPOINT: "true" }), fips);
  });

  it("may be set in the environment: the service's own name goes before the general one", async () => {
    const one = "http://127.0.0.1:7400";
    assert.deepEqual(await found(["us-east-1"], { [RUNTIME]: one }, { resolve: undefined }), [`${one} set`]);
    const both = { AWS_ENDPOINT_URL: "http://127.0.0.1:1", [RUNTIME]: one };
    assert.deepEqual(await found(["us-east-1"], both), [`${one} set`]);
    assert.deepEqual(await found(["us-east-1"], { AWS_ENDPOINT_URL: one }), [`${one} set`]);
    const ignored = { [RUNTIME]: one, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" };
    assert.deepEqual(await found(["us-east-1"], ignored), ["https://bedrock-runtime.us-east-1.amazonaws.com"]);
  });

  it("may be set in a profile", async () => {
    const config = "[profile lab]\nendpoint_url = http://127.0.0.1:7401\n";
    const expected = ["http://127.0.0.1:7401 set"];
    assert.deepEqual(await found(["us-east-1"], {}, { profile: "lab" }, { config }), expected);
    assert.deepEqual(await found(["us-east-1"], { AWS_PROFILE: "lab" }, {}, { config }), expected);
    const other = await found(["us-east-1"], { AWS_PROFILE: "lab" }, { profile: "other" }, { config });
    assert.deepEqual(other, ["https://bedrock-runtime.us-east-1.amazonaws.com"], "the option goes before the variable");
  });

  it("may be a host that was allowed by name, over TLS", async () => {
    const host = "vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com";
    const env = { [RUNTIME]: `https://${host}` };
    assert.deepEqual(await found(["us-east-1"], env, { allowedHosts: [host] }), [`https://${host} set`]);
    await refused("ENDPOINT_NOT_ALLOWED", ["us-east-1"], env);
    const plain = { [RUNTIME]: `http://${host}` };
    await refused("ENDPOINT_PLAIN_HTTP", ["us-east-1"], plain, { allowedHosts: [host] });
  });

  it("is never a forbidden address, whatever its name", async () => {
    await refused("ENDPOINT_FORBIDDEN", ["us-east-1"], {}, { resolve: async () => ["169.254.169.254"] });
    await refused("ENDPOINT_FORBIDDEN", ["us-east-1"], { [RUNTIME]: "http://169.254.169.254" });
  });

  it("is not one for several regions", () =>
    refused("BEDROCK_ONE_ENDPOINT", ["us-east-1", "eu-west-1"], { [RUNTIME]: "http://127.0.0.1:7400" }));

  it("is refused for a region that is no host's name, and for one without an address", async () => {
    await refused("BEDROCK_ENDPOINT", ["evil.example/x"]);
    const nowhere = { resolve: async () => [] };
    await refused("ENDPOINT_UNKNOWN_HOST", ["us-east-1"], {}, nowhere);
    const [far] = await withAwsEnv({}, () =>
      bedrockEndpoints({ regions: ["us-east-1"], allowedHosts: [], allowUnknown: true, ...nowhere }),
    );
    assert.deepEqual([far!.url, far!.hasAddress], ["https://bedrock-runtime.us-east-1.amazonaws.com", false]);
  });
});
