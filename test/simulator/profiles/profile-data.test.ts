import assert from "node:assert/strict";
import { test } from "node:test";
import { AWS_REGIONS } from "../../../simulator/world/regions.ts";
import { PROFILE_DATA } from "./fixtures.ts";

test("91 profiles, and every region they name is in the catalogue", () => {
  assert.equal(PROFILE_DATA.profiles.length, 91);
  const known = new Set(AWS_REGIONS.map((region) => region.id));
  for (const profile of PROFILE_DATA.profiles) {
    const named =
      profile.kind === "global"
        ? profile.sourceRegions
        : Object.entries(profile.destinationsBySource).flatMap(([source, destinations]) => [source, ...destinations]);
    for (const region of named) assert.ok(known.has(region), `${profile.profileId} ${region}`);
    assert.equal(profile.profileId, `${profile.prefix}.${profile.modelId}`);
  }
});

test("only one record of each profile is not historical", () => {
  const current = PROFILE_DATA.profiles
    .filter((profile) => profile.historical !== true)
    .map((profile) => profile.profileId);
  assert.equal(new Set(current).size, current.length);
});
