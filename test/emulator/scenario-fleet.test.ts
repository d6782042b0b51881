import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { catalogOf, scenarioFleet } from "../../emulator/scenario-fleet.ts";
import { planOf, SLOTS_1S } from "./backends/worlds.ts";

const NOVA = "amazon.nova-pro-v1:0";
const SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0";

const plan = await planOf({
  regions: ["us-east-1", "us-west-2", "eu-west-1", "us-east-2"],
  capacity: SLOTS_1S,
  models: {
    nova: { id: NOVA, capacity: SLOTS_1S, maxOutputTokens: 777 },
    sonnet: { id: SONNET, capacity: SLOTS_1S },
  },
  world: {
    profiles: {
      restrictToWorld: true,
      define: [{ name: "mine", model: NOVA, destinations: ["us-east-1", "eu-west-1"] }],
    },
    targets: ["us-east-1", "us-east-1@flex", "us-east-1/us", "us-west-2/us", "eu-west-1/global", "eu-west-1/mine"],
  },
  traffic: [
    {
      class: "all",
      model: "nova",
      arrivals: { poisson: "1/s" },
      tokens: { input: 1, output: 1, maxTokens: 1 },
    },
  ],
});

describe("a fleet of a scenario", () => {
  it("has an endpoint in each region that a target calls, in the scenario's order", () => {
    assert.deepEqual(scenarioFleet(plan).regions, ["us-east-1", "us-west-2", "eu-west-1"]);
  });

  it("sells what the targets name, and nothing else", () => {
    const { models, profiles } = catalogOf(plan);
    const facts = models.map(({ modelId, onDemandRegions, maxOutputTokens, burndown }) => [
      modelId,
      onDemandRegions,
      maxOutputTokens,
      burndown,
    ]);
    // Sonnet 4.5 is sold through profiles only, and its output counts five times.
    assert.deepEqual(facts, [
      [NOVA, ["us-east-1"], 777, 1],
      [SONNET, [], 64_000, 5],
    ]);
    const byId = Object.fromEntries(profiles.map((profile) => [profile.profileId, profile]));
    assert.deepEqual(Object.keys(byId).sort(), [`global.${SONNET}`, "mine", `us.${NOVA}`, `us.${SONNET}`].sort());
    assert.deepEqual(byId[`us.${NOVA}`]!.destinationsBySource, {
      "us-east-1": ["us-east-1", "us-west-2", "us-east-2"],
      "us-west-2": ["us-west-2", "us-east-1", "us-east-2"],
    });
    assert.equal(byId[`global.${SONNET}`]!.kind, "global");
    assert.deepEqual(byId.mine, {
      profileId: "mine",
      modelId: NOVA,
      kind: "geographic",
      destinationsBySource: { "eu-west-1": ["eu-west-1", "us-east-1"] },
    });
  });
});
