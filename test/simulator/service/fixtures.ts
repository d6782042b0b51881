import { readFileSync } from "node:fs";
import type { z } from "zod";
import { customRegionSchema, regionDirectory } from "../../../simulator/base/regions.ts";
import { createProfileBook, profileDataSchema, profilesSchema } from "../../../simulator/service/profiles.ts";

const file = new URL("../../../scenarios/reference/bedrock-profiles.json", import.meta.url);
export const PROFILE_DATA = profileDataSchema().parse(JSON.parse(readFileSync(file, "utf8")));

export const DIRECTORY = regionDirectory(
  [
    { name: "r1", country: "DE", geography: "eu" as const },
    { name: "r2" },
    { name: "r3", geography: "eu" as const },
  ].map((own) => customRegionSchema.parse(own)),
);

/** A book for a world, with a `profiles` block as a scenario writes it. */
export function bookFor(worldRegions: readonly string[], yaml: z.input<typeof profilesSchema> = {}) {
  return createProfileBook({
    data: PROFILE_DATA,
    spec: profilesSchema.parse(yaml),
    directory: DIRECTORY,
    worldRegions,
  });
}
