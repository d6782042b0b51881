import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadReference } from "../../../scripts/io/reference.ts";
import type { Problem } from "../../../simulator/base/errors.ts";
import { regionDirectory } from "../../../simulator/base/regions.ts";
import { settleModels } from "../../../simulator/scenario/models.ts";
import { Problems } from "../../../simulator/scenario/problems.ts";
import { PlacementList, type PlacesQuestion, placesOf } from "../../../simulator/scenario/routes.ts";
import { type ScenarioInput, scenarioSchema } from "../../../simulator/scenario/schema.ts";
import { createProfileBook } from "../../../simulator/service/profiles.ts";
import { HAIKU, SONNET, scenarioInput } from "./base.ts";

const regionNames = ["us-east-1", "us-west-2"];
const capacity = { kind: "slots", servers: 1 };
const world = { regions: regionNames, models: { h: { id: HAIKU, capacity }, s: { id: SONNET, capacity } } };
const scenario = scenarioSchema.parse(
  scenarioInput({ world: { ...world, profiles: { restrictToWorld: true } } as ScenarioInput["world"] }),
);
const { profiles, models: facts } = await loadReference();
const book = createProfileBook({
  data: profiles,
  spec: scenario.world.profiles,
  directory: regionDirectory([]),
  worldRegions: regionNames,
});

function ask(over: Partial<PlacesQuestion>) {
  const unsold: Problem[] = [];
  const problems = new Problems();
  const question = { region: 1, route: "regional", model: 0, suffix: "", where: "here", unsold, ...over };
  return {
    places: placesOf(
      { world: { models: settleModels(scenario.world.models, facts) }, regionNames, problems },
      book,
      question,
    ),
    unsold,
    problems: problems.list,
  };
}

describe("where a call may run", () => {
  it("a region alone, or what its profile may reach, inside the world and outside", () => {
    assert.deepEqual(ask({}).places, { family: "regional", calledId: HAIKU, inWorld: [1], reaches: ["us-west-2"] });
    const { places } = ask({ route: "us", model: 1 });
    assert.equal(places!.family, "geographic");
    assert.deepEqual(places!.inWorld, [0, 1]);
    assert.ok(places!.reaches.includes("us-east-2"), "regions that the world leaves out count for residency");
  });

  it("not sold there is not a problem where another model is sold; a route that no model has is one", () => {
    const alone = ask({ model: 1, suffix: "@batch" });
    assert.equal(alone.places, null);
    assert.deepEqual([alone.unsold[0]!.code, alone.problems.length], ["MODEL_ONLY_THROUGH_PROFILES", 0]);
    assert.match(alone.unsold[0]!.fix!, /us-west-2\/us@batch/);
    assert.equal(ask({ route: "eu", model: 1 }).unsold[0]!.code, "PROFILE_NOT_OFFERED");
  });
});

it("keys and placements stand once each, with the destination's region beside", () => {
  const list = new PlacementList();
  const key = (region: string, tier: "standard" | "prepaid") =>
    list.key({ model: "m", region, family: "regional", tier });
  const [a, b, paid] = [key("a", "standard"), key("b", "standard"), key("a", "prepaid")];
  assert.deepEqual([a, b, paid, key("a", "standard"), key("a", "prepaid")], [0, 1, 2, 0, 2]);
  assert.deepEqual([list.placement(a, b, 1), list.placement(a, a, 0), list.placement(a, b, 1)], [0, 1, 0]);
  assert.deepEqual(list.placements, [
    { sourceKey: 0, destinationKey: 1 },
    { sourceKey: 0, destinationKey: 0 },
  ]);
  assert.deepEqual(list.placementRegion, [1, 0]);
});
