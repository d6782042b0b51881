import assert from "node:assert/strict";
import { it } from "node:test";
import { PlacementList } from "../../../simulator/scenario/target-drafts.ts";

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
