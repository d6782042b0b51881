import { z } from "zod";

const name = z.string().min(1);
const regions = z.array(name).min(1, "a profile needs at least one destination");

const profileSchema = z
  .strictObject({
    name: name.meta({ description: "Name of the profile, as targets refer to it" }),
    copyFrom: name.optional().meta({
      description:
        "Application profile: the system profile or model id that it copies; routing, price and quota are its",
    }),
    model: name.optional().meta({ description: "Imagined profile: the scenario's model or a Bedrock id" }),
    destinations: z
      .union([regions, z.record(name, regions)])
      .optional()
      .meta({ description: "Imagined profile: its regions, the same for all sources or by source region" }),
    family: z.enum(["geographic", "global"]).optional().meta({
      description: "Imagined profile: whose prices and quotas it has; geographic when left out",
    }),
    tags: z.record(name, z.string()).default({}).meta({ description: "Cost allocation tags" }),
  })
  .transform((profile, context) => {
    const { copyFrom, model, destinations, family, tags } = profile;
    const imagined = model !== undefined || destinations !== undefined || family !== undefined;
    if (copyFrom !== undefined && !imagined) {
      return { kind: "application" as const, name: profile.name, copyFrom, tags };
    }
    if (copyFrom === undefined && model !== undefined && destinations !== undefined) {
      return {
        kind: "imagined" as const,
        name: profile.name,
        model,
        destinations,
        family: family ?? "geographic",
        tags,
      };
    }
    context.addIssue({ code: "custom", message: "give either copyFrom, or both model and destinations" });
    return z.NEVER;
  })
  .meta({ description: "An inference profile of the scenario's own" });
export type OwnProfile = z.output<typeof profileSchema>;

/** The `profiles` block of a scenario. */
export const profilesSchema = z
  .strictObject({
    restrictToWorld: z.boolean().default(false).meta({
      description:
        "true: cut each profile to the scenario's regions (a what-if that AWS does not offer); false: refuse profiles with destinations outside them",
    }),
    define: z.array(profileSchema).default([]).meta({ description: "Profiles of the scenario's own" }),
  })
  .meta({ description: "Service-side routing: inference profiles" });
export type ProfilesSpec = z.output<typeof profilesSchema>;
