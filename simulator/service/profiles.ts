/**
 * Inference profiles: the `profiles` block, the reference data, and where a profile may run a source region's calls.
 */
import { z } from "zod";
import { MeridianError, type Problem } from "../base/errors.ts";
import { didYouMean } from "../base/near-names.ts";
import type { RegionDirectory } from "../base/regions.ts";
import { ownEntry } from "../base/schema-forms.ts";

/** Where a profile may run the requests that one source region receives. */
export interface ProfileRoute {
  readonly profileId: string;
  /** Bedrock id of the model, or the scenario's name for one of its own. */
  readonly modelId: string;
  /** Family whose quota and price apply; `regional` for an application profile of a plain model. */
  readonly family: "regional" | "geographic" | "global";
  readonly source: string;
  /** Every region that the profile may use for this source. Residency is judged on these. */
  readonly destinations: readonly string[];
  /** Those in the scenario's world, in the world's order: what is simulated. */
  readonly inWorld: readonly string[];
  /** Those that the scenario leaves out; empty unless it says `restrictToWorld`. */
  readonly outsideWorld: readonly string[];
  /** Cost allocation tags of an application profile. */
  readonly tags: Readonly<Record<string, string>>;
}

export interface ProfileQuestion {
  /** Profile id (`eu.amazon.nova-pro-v1:0`), own profile's name, or a prefix (`eu`) together with `modelId`. */
  readonly profile: string;
  readonly modelId?: string;
  readonly source: string;
  /** Where in the scenario it is asked, for the problem. */
  readonly where?: string;
}

export interface ProfileBook {
  /** The route, or the problem for the user to solve. */
  route(question: ProfileQuestion): ProfileRoute | Problem;
  /** Ids of the system profiles that offer a model from a source region, in the data's order. */
  profilesOf(modelId: string, source: string): readonly string[];
}

export interface ProfileBookInput {
  readonly data: ProfileData;
  readonly spec: ProfilesSpec;
  readonly directory: RegionDirectory;
  readonly worldRegions: readonly string[];
}

/**
 * The inference profiles a scenario can use: the system-defined ones of the reference data and its own.
 *
 * @throws MeridianError usage, PROFILE_NAME_TAKEN
 */
export function createProfileBook(input: ProfileBookInput): ProfileBook {
  const system = new Map<string, ProfileRecord>();
  for (const record of input.data.profiles) {
    if (record.historical !== true) system.set(record.profileId, record);
  }
  const own = new Map<string, OwnProfile>();
  for (const profile of input.spec.define) {
    if (own.has(profile.name) || system.has(profile.name)) throw nameTaken(profile.name);
    own.set(profile.name, profile);
  }
  const known = { system, own };
  return {
    route: (question) => routeOf(input, known, question),
    profilesOf: (modelId, source) =>
      [...system.values()]
        .filter((record) => record.modelId === modelId && sourcesOf(record).includes(source))
        .map((record) => record.profileId),
  };
}

interface Known {
  readonly system: ReadonlyMap<string, ProfileRecord>;
  readonly own: ReadonlyMap<string, OwnProfile>;
}

function routeOf(input: ProfileBookInput, known: Known, question: ProfileQuestion): ProfileRoute | Problem {
  const { source } = question;
  const own = known.own.get(question.profile);
  if (own?.kind === "imagined") {
    const { destinations } = own;
    const bySource = Array.isArray(destinations) ? destinations : ownEntry(destinations, source);
    if (bySource === undefined) {
      const sources = Array.isArray(destinations) ? [] : Object.keys(destinations);
      return sourceUnknown(own.name, question, sources);
    }
    const base = { profileId: own.name, modelId: own.model, family: own.family, source, tags: own.tags };
    return inWorld(input, question, base, bySource);
  }
  const tags = own?.tags ?? {};
  const asked = own?.copyFrom ?? question.profile;
  const record =
    known.system.get(asked) ??
    (question.modelId === undefined ? undefined : known.system.get(`${asked}.${question.modelId}`));
  if (record === undefined) {
    if (own === undefined) return profileUnknown(known, question);
    // An application profile of a plain model stays in its region.
    const base = { profileId: own.name, modelId: asked, family: "regional" as const, source, tags };
    return inWorld(input, question, base, [source]);
  }
  if (!sourcesOf(record).includes(source)) return sourceUnknown(record.profileId, question, sourcesOf(record));
  const profileId = own?.name ?? record.profileId;
  const base = { profileId, modelId: record.modelId, family: record.kind, source, tags };
  const destinations =
    record.kind === "global" ? commercialRegions(input.directory) : (record.destinationsBySource[source] ?? []);
  return inWorld(input, question, base, destinations);
}

/** Splits the destinations by the scenario's world; refuses a silent cut. */
function inWorld(
  input: ProfileBookInput,
  { where = "world.regions" }: ProfileQuestion,
  base: Omit<ProfileRoute, "destinations" | "inWorld" | "outsideWorld">,
  destinations: readonly string[],
): ProfileRoute | Problem {
  const inside = input.worldRegions.filter((region) => destinations.includes(region));
  const outside = destinations.filter((region) => !input.worldRegions.includes(region));
  if (inside.length === 0) {
    return {
      code: "PROFILE_WITHOUT_DESTINATION",
      what: `profile "${base.profileId}" called in ${base.source} has no destination in this world`,
      where,
      fix: `add one of its regions: ${destinations.slice(0, 8).join(", ")}`,
    };
  }
  if (outside.length > 0 && !input.spec.restrictToWorld) {
    const more = outside.length > 8 ? ` and ${outside.length - 8} more` : "";
    return {
      code: "PROFILE_OUTSIDE_WORLD",
      what: `profile "${base.profileId}" called in ${base.source} may also run in ${outside.slice(0, 8).join(", ")}${more}, which this world leaves out`,
      where,
      fix: "add those regions, or set profiles.restrictToWorld: true to simulate a profile cut to this world",
    };
  }
  return { ...base, destinations, inWorld: inside, outsideWorld: outside };
}

/**
 * AWS documents the destinations of global profiles as all supported commercial regions, without a list. Regions of
 * the scenario's own are none of them: a global profile over those is an imagined one.
 */
function commercialRegions(directory: RegionDirectory): readonly string[] {
  return [...directory.values()].filter((region) => region.commercial).map((region) => region.id);
}

function sourcesOf(record: ProfileRecord): readonly string[] {
  return record.kind === "global" ? record.sourceRegions : Object.keys(record.destinationsBySource);
}

function profileUnknown(known: Known, question: ProfileQuestion): Problem {
  const names = [...known.own.keys(), ...known.system.keys()];
  const ofModel = [...known.system.values()]
    .filter((record) => record.modelId === question.modelId)
    .map((record) => record.profileId);
  const asked = question.modelId === undefined ? question.profile : `${question.profile}.${question.modelId}`;
  return {
    code: "PROFILE_UNKNOWN",
    // Put together where it is shown only: a target that sells other models is right, and the names are many.
    get what() {
      return `inference profile "${asked}" is not known${didYouMean(asked, names)}`;
    },
    where: question.where ?? "profiles",
    fix:
      ofModel.length > 0
        ? `use one of the model's profiles (${ofModel.join(", ")}) or define one under profiles.define`
        : "define it: profiles.define: [{ name: my-profile, model: sonnet, destinations: [r1, r2] }]",
  };
}

function sourceUnknown(
  profileId: string,
  { source, where = "profiles" }: ProfileQuestion,
  sources: readonly string[],
): Problem {
  return {
    code: "PROFILE_NOT_OFFERED",
    what: `profile "${profileId}" is not offered in source region ${source}`,
    where,
    fix: `call it in one of: ${sources.join(", ")}`,
  };
}

function nameTaken(name: string): MeridianError {
  return new MeridianError("usage", {
    code: "PROFILE_NAME_TAKEN",
    what: `profile "${name}" is defined twice or is a system profile`,
    where: "profiles.define",
    fix: "give each profile a name of its own",
  });
}

/** What all system profiles have. */
function commonKeys() {
  return {
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
}

/** Shape of `scenarios/reference/bedrock-profiles.json`: which regions a profile may use, by source region. */
export function profileDataSchema() {
  const geographic = z.object({
    ...commonKeys(),
    kind: z.literal("geographic"),
    destinationsBySource: z.record(z.string(), z.array(z.string()).min(1)),
  });
  const global = z.object({
    ...commonKeys(),
    kind: z.literal("global"),
    sourceRegions: z.array(z.string()).min(1),
    destinations: z.literal("ALL_COMMERCIAL"),
  });
  return z.object({
    asOf: z.string(),
    sources: z.record(z.string(), z.string()),
    profiles: z.array(z.discriminatedUnion("kind", [geographic, global])).min(1),
  });
}
export type ProfileData = z.output<ReturnType<typeof profileDataSchema>>;
type ProfileRecord = ProfileData["profiles"][number];

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
      .union([regions, z.record(name, regions.meta({ description: "Destinations of calls to this source region" }))])
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
type OwnProfile = z.output<typeof profileSchema>;

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
type ProfilesSpec = z.output<typeof profilesSchema>;
