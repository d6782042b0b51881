import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import {
  createCatalog,
  DEFAULT_CATALOG,
  DEFAULT_REGIONS,
  destinationsOf,
  providerOf,
} from "../../../emulator/model/catalog.ts";
import { CLAUDE, CLAUDE_BASE, TITAN } from "../support.ts";

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

  it("resolves an application profile to the model behind it", () => {
    const arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456";
    const resolved = catalog.resolve(arn, "us-east-1", (id) => (id === arn ? CLAUDE : undefined));
    assert.equal(resolved.model.modelId, CLAUDE_BASE);
    assert.equal(resolved.profile?.profileId, CLAUDE);
    assert.equal(resolved.shownId, arn);
  });

  it("refuses bare ids that are offered through profiles only, with the service's message", () => {
    assert.throws(() => catalog.resolve(CLAUDE_BASE, "us-east-1", nothing), {
      name: "ValidationException",
      message:
        /^Invocation of model ID anthropic\.claude-sonnet-4-5-20250929-v1:0 with on-demand throughput isn.t supported\. Retry your request with the ID or ARN of an inference profile/,
    });
  });

  it("refuses unknown ids, other regions' ARNs and profiles that the region does not offer", () => {
    const invalid = { name: "ValidationException", message: "The provided model identifier is invalid." };
    for (const id of [
      "unknown.model",
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

  it("has no destinations for names of Object.prototype", () => {
    assert.equal(destinationsOf(DEFAULT_CATALOG.profiles[0]!, "constructor"), undefined);
  });
  it("takes the provider from the id", () => assert.equal(providerOf(CLAUDE_BASE), "anthropic"));
});

interface RecordedProfile {
  readonly profileId: string;
  readonly destinationsBySource?: Readonly<Record<string, readonly string[]>>;
}

describe("default catalogue", () => {
  const file = new URL("../../../scenarios/reference/bedrock-profiles.json", import.meta.url);

  it("agrees with the recorded profiles wherever both know a source", () => {
    const recorded = (JSON.parse(readFileSync(file, "utf8")) as { profiles: RecordedProfile[] }).profiles;
    let compared = 0;
    for (const profile of DEFAULT_CATALOG.profiles.filter(({ kind }) => kind === "geographic")) {
      const expected = recorded.find((candidate) => candidate.profileId === profile.profileId)?.destinationsBySource;
      for (const [source, destinations] of Object.entries(expected ?? {})) {
        const actual = destinationsOf(profile, source);
        if (actual === undefined) continue;
        assert.deepEqual([...actual].sort(), [...destinations].sort(), `${profile.profileId} from ${source}`);
        compared++;
      }
    }
    assert.ok(compared >= 30, `${compared} compared`);
  });

  it("has a model for every body format and one that can be called in every default region", () => {
    for (const region of DEFAULT_REGIONS) {
      const callable = DEFAULT_CATALOG.profiles.filter((profile) => destinationsOf(profile, region) !== undefined);
      assert.ok(callable.length > 0, region);
    }
    const providers = new Set(DEFAULT_CATALOG.models.map(({ modelId }) => modelId.split(".")[0]));
    assert.deepEqual([...providers].sort(), ["amazon", "anthropic", "cohere", "meta", "mistral", "openai"]);
  });
});
