import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type RoundTripData, roundTripDataSchema } from "../../../../simulator/world/network/round-trip-data.ts";
import { AWS_REGIONS } from "../../../../simulator/world/regions.ts";

const file = new URL("../../../../scenarios/reference/region-rtt.json", import.meta.url);
const data: RoundTripData = roundTripDataSchema.parse(JSON.parse(readFileSync(file, "utf8")));

test("the table is square over 32 regions of the catalogue, and what it lacks is named", () => {
  const names = Object.keys(data.rtt);
  assert.equal(names.length, 32);
  for (const from of names) assert.deepEqual(Object.keys(data.rtt[from] ?? {}).sort(), [...names].sort(), from);
  const missing = AWS_REGIONS.map((region) => region.id).filter((id) => !names.includes(id));
  assert.deepEqual(missing.sort(), [...data.notCovered].sort());
});

test("recorded medians: near, far, within", () => {
  assert.ok(Math.abs((data.rtt["us-east-1"]?.["eu-west-1"] ?? 0) - 70) < 1);
  assert.ok(Math.abs((data.rtt["ap-southeast-2"]?.["sa-east-1"] ?? 0) - 312) < 1);
  assert.ok((data.rtt["us-west-2"]?.["us-west-2"] ?? 99) < 5);
});

test("a table in another unit is refused", () => {
  assert.equal(roundTripDataSchema.safeParse({ ...data, unit: "s" }).success, false);
});
