import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { residencySchema } from "../../../simulator/profiles/residency-schema.ts";

test("named rules", () => {
  assert.deepEqual(residencySchema.parse("any").areas, []);
  assert.deepEqual(residencySchema.parse("eu").areas, ["eu"]);
  assert.deepEqual(residencySchema.parse("govcloud").areas, ["us-gov"]);
  assert.equal(residencySchema.parse("in-region").inRegionOnly, true);
});

test("lists, with a label that says them", () => {
  const rule = residencySchema.parse({ geographies: ["eu"], countries: ["CH"], inRegionOnly: true });
  assert.equal(rule.label, "eu + CH + in-region only");
});

test("nothing, empty lists, unknown names and lower-case countries are refused", () => {
  for (const bad of [
    "erope",
    {},
    { countries: [] },
    { countries: ["de"] },
    { geographies: ["mars"] },
    { region: ["r1"] },
    { inRegionOnly: false },
  ]) {
    assert.equal(residencySchema.safeParse(bad).success, false, JSON.stringify(bad));
  }
});

test("it becomes a JSON Schema", () => {
  assert.match(JSON.stringify(z.toJSONSchema(residencySchema, { io: "input" })), /govcloud/);
});
