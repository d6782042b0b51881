import assert from "node:assert/strict";
import { test } from "node:test";
import { profilesSchema } from "../../../simulator/profiles/schema.ts";

test("profiles are real ones unless the scenario says otherwise", () => {
  assert.deepEqual(profilesSchema.parse({}), { restrictToWorld: false, define: [] });
});

test("an own profile is either a copy or imagined", () => {
  const define = [
    { name: "checkout", copyFrom: "eu.amazon.nova-pro-v1:0", tags: { team: "checkout" } },
    { name: "two-towns", model: "sonnet", destinations: ["r1", "r2"] },
  ];
  const kinds = profilesSchema.parse({ define }).define.map((profile) => profile.kind);
  assert.deepEqual(kinds, ["application", "imagined"]);
  for (const bad of [
    { name: "x" },
    { name: "x", model: "m" },
    { name: "x", copyFrom: "y", model: "m", destinations: ["r1"] },
    { name: "x", copyFrom: "y", family: "global" as const },
    { name: "x", model: "m", destinations: [] },
    { name: "x", model: "m", destinations: { r1: [] } },
  ]) {
    assert.equal(profilesSchema.safeParse({ define: [bad] }).success, false, JSON.stringify(bad));
  }
});
