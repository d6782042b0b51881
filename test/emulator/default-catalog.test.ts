import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { destinationsOf } from "../../emulator/catalog.ts";
import { DEFAULT_CATALOG, DEFAULT_REGIONS } from "../../emulator/default-catalog.ts";

interface RecordedProfile {
  readonly profileId: string;
  readonly destinationsBySource?: Readonly<Record<string, readonly string[]>>;
}

describe("default catalogue", () => {
  const file = new URL("../../scenarios/reference/bedrock-profiles.json", import.meta.url);

  it("agrees with the recorded profiles wherever both know a source", () => {
    const recorded = (JSON.parse(readFileSync(file, "utf8")) as { profiles: readonly RecordedProfile[] }).profiles;
    let compared = 0;
    for (const profile of DEFAULT_CATALOG.profiles.filter(({ kind }) => kind === "geographic")) {
      const truth = recorded.find((candidate) => candidate.profileId === profile.profileId)?.destinationsBySource;
      for (const [source, destinations] of Object.entries(truth ?? {})) {
        const ours = destinationsOf(profile, source);
        if (ours === undefined) continue;
        assert.deepEqual([...ours].sort(), [...destinations].sort(), `${profile.profileId} from ${source}`);
        compared++;
      }
    }
    assert.ok(compared >= 30, `${compared} compared`);
  });

  it("has a model of every body format and something to call in every default region", () => {
    for (const region of DEFAULT_REGIONS) {
      const callable = DEFAULT_CATALOG.profiles.filter((profile) => destinationsOf(profile, region) !== undefined);
      assert.ok(callable.length > 0, region);
    }
    const providers = new Set(DEFAULT_CATALOG.models.map(({ modelId }) => modelId.split(".")[0]));
    assert.deepEqual([...providers].sort(), ["amazon", "anthropic", "cohere", "meta", "mistral", "openai"]);
  });
});
