import assert from "node:assert/strict";
import { it } from "node:test";
import { DEFAULT_CATALOG } from "../../../emulator/model/catalog.ts";
import { knownNamesOf, refuseUnknownName } from "../../../emulator/model/known-names.ts";

it("known are endpoints, regions of AWS and of profiles, models and profiles", () => {
  const own = {
    profileId: "us.own",
    modelId: "own",
    kind: "geographic" as const,
    destinationsBySource: { home: ["away"] },
  };
  const names = knownNamesOf({ ...DEFAULT_CATALOG, profiles: [own] }, ["home"]);
  assert.deepEqual(names.endpoints, ["home"]);
  for (const region of ["home", "away", "eu-central-1"]) refuseUnknownName("region", region, names.regions);
  for (const model of ["us.own", "amazon.nova-pro-v1:0", undefined]) refuseUnknownName("model", model, names.models);
  assert.throws(
    () => refuseUnknownName("region", "awey", names.regions),
    /no region awey; did you mean "away"\? known here:/,
  );
});
