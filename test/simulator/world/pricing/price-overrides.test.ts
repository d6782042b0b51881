import assert from "node:assert/strict";
import { test } from "node:test";
import { checkOverrides, findOverride } from "../../../../simulator/world/pricing/price-overrides.ts";
import { standardKey } from "./fixtures.ts";

const general = { model: "sonnet", input: 1, output: 2 };
const regional = { model: "sonnet", region: "r1", input: 3, output: 4 };
const byId = { model: "acme.model-1", region: "r2", input: 5, output: 6 };

test("the most specific override wins, whatever the order", () => {
  const key = standardKey("sonnet", "r1");
  assert.equal(findOverride([general, regional], key, "acme.model-1", "standard"), regional);
  assert.equal(findOverride([regional, general], key, "acme.model-1", "standard"), regional);
  assert.equal(findOverride([regional, general], standardKey("sonnet", "r9"), "x", "standard"), general);
});

test("an override names the model by the scenario's name or by id", () => {
  assert.equal(findOverride([byId], standardKey("sonnet", "r2"), "acme.model-1", "standard"), byId);
  assert.equal(findOverride([byId], standardKey("haiku", "r2"), "acme.model-2", "standard"), undefined);
});

test("an override without tier is for the standard tier", () => {
  assert.equal(findOverride([general], standardKey("sonnet", "r1"), "x", "batch"), undefined);
});

test("stating the same price twice is refused with both places", () => {
  assert.doesNotThrow(() => checkOverrides([general, regional]));
  assert.throws(
    () => checkOverrides([general, regional, { ...general, tier: "standard" }]),
    /overrides\[2\].*overrides\[0\]/,
  );
});
