import { z } from "zod";

const common = {
  profileId: z.string(),
  modelId: z.string(),
  prefix: z.string(),
  lifecycle: z.string().optional(),
  asOf: z.string(),
  sourceRef: z.string(),
  confidence: z.string(),
  /** Replaced by a newer record of the same profile. */
  historical: z.boolean().optional(),
  /** Not every source region is recorded. */
  partial: z.boolean().optional(),
};

const geographicSchema = z.object({
  ...common,
  kind: z.literal("geographic"),
  destinationsBySource: z.record(z.string(), z.array(z.string()).min(1)),
});

const globalSchema = z.object({
  ...common,
  kind: z.literal("global"),
  sourceRegions: z.array(z.string()).min(1),
  destinations: z.literal("ALL_COMMERCIAL"),
});

/** Shape of `scenarios/reference/bedrock-profiles.json`: which regions a profile may use, by source region. */
export const profileDataSchema = z.object({
  asOf: z.string(),
  sources: z.record(z.string(), z.string()),
  profiles: z.array(z.discriminatedUnion("kind", [geographicSchema, globalSchema])).min(1),
});
export type ProfileData = z.output<typeof profileDataSchema>;
export type ProfileRecord = ProfileData["profiles"][number];
