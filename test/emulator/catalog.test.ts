import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createCatalog, destinationsOf, providerOf } from "../../emulator/catalog.ts";
import { DEFAULT_CATALOG } from "../../emulator/default-catalog.ts";
import { CLAUDE, CLAUDE_BASE, TITAN } from "./support.ts";

const catalog = createCatalog(DEFAULT_CATALOG);
const nothing = () => undefined;

describe("catalog", () => {
  it("resolves ids and ARNs of models and profiles", () => {
    const cases = [
      [TITAN, "us-east-1", ["us-east-1"]],
      [`arn:aws:bedrock:us-east-1::foundation-model/${TITAN}`, "us-east-1", ["us-east-1"]],
      [CLAUDE, "us-east-1", ["us-east-1", "us-east-2", "us-west-2"]],
      [
        `arn:aws:bedrock:us-west-1:123456789012:inference-profile/${CLAUDE}`,
        "us-west-1",
        ["us-east-1", "us-east-2", "us-west-2", "us-west-1"],
      ],
    ] as const;
    for (const [id, region, destinations] of cases) {
      assert.deepEqual(catalog.resolve(id, region, nothing).destinations, destinations, id);
    }
  });

  it("follows an application profile to what it copies", () => {
    const arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456";
    const resolved = catalog.resolve(arn, "us-east-1", (id) => (id === arn ? CLAUDE : undefined));
    assert.equal(resolved.model.modelId, CLAUDE_BASE);
    assert.equal(resolved.profile?.profileId, CLAUDE);
    assert.equal(resolved.shownId, arn);
  });

  it("refuses bare ids that are sold through profiles only, in the service's words", () => {
    assert.throws(() => catalog.resolve(CLAUDE_BASE, "us-east-1", nothing), {
      name: "ValidationException",
      message:
        /^Invocation of model ID anthropic\.claude-sonnet-4-5-20250929-v1:0 with on-demand throughput isn.t supported\. Retry your request with the ID or ARN of an inference profile/,
    });
  });

  it("refuses unknown ids, other regions' ARNs and profiles that the region does not offer", () => {
    const invalid = { name: "ValidationException", message: "The provided model identifier is invalid." };
    for (const id of [
      "nobody.model",
      "__proto__",
      CLAUDE.replace("us.", "eu."),
      `arn:aws:bedrock:eu-west-1::foundation-model/${TITAN}`,
    ]) {
      assert.throws(() => catalog.resolve(id, "us-east-1", nothing), invalid, id);
    }
    assert.throws(
      () => catalog.resolve("arn:aws:bedrock:us-east-1:123456789012:provisioned-model/x", "us-east-1", nothing),
      {
        name: "ResourceNotFoundException",
      },
    );
  });

  it("knows no destinations for names of a prototype", () => {
    assert.equal(destinationsOf(DEFAULT_CATALOG.profiles[0]!, "constructor"), undefined);
  });
  it("takes the provider from the id", () => assert.equal(providerOf(CLAUDE_BASE), "anthropic"));
});
