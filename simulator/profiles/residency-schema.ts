import { z } from "zod";

/** Areas that a residency rule can name. What each covers is in docs/model/residency.md. */
export const RESIDENCY_AREAS = [
  "eu",
  "eea",
  "us",
  "us-gov",
  "ca",
  "mx",
  "sa",
  "uk",
  "ch",
  "il",
  "me",
  "af",
  "apac",
  "jp",
  "in",
  "au",
] as const;
export type ResidencyArea = (typeof RESIDENCY_AREAS)[number];

/**
 * Where a class's data may be. A region is allowed if it is in one of the areas, countries or regions; with none of
 * the three, every region is. `inRegionOnly` also forbids every target that may leave its source region.
 */
export interface ResidencyRule {
  readonly label: string;
  readonly areas: readonly ResidencyArea[];
  /** ISO 3166-1 alpha-2 codes. */
  readonly countries: readonly string[];
  readonly regions: readonly string[];
  readonly inRegionOnly: boolean;
}

const NAMED = ["any", "in-region", "govcloud", ...RESIDENCY_AREAS] as const;

const namedSchema = z.enum(NAMED).transform((label): ResidencyRule => {
  const area = label === "govcloud" ? "us-gov" : label;
  const areas = area === "any" || area === "in-region" ? [] : [area];
  return { label, areas, countries: [], regions: [], inRegionOnly: label === "in-region" };
});

const country = z.string().regex(/^[A-Z]{2}$/, "a country is two capital letters (ISO 3166), such as DE");

const objectSchema = z
  .strictObject({
    geographies: z.array(z.enum(RESIDENCY_AREAS)).min(1).optional().meta({ description: "Areas, such as eu or us" }),
    countries: z.array(country).min(1).optional().meta({ description: "ISO country codes, such as DE" }),
    regions: z.array(z.string().min(1)).min(1).optional().meta({ description: "Region names" }),
    inRegionOnly: z.boolean().optional().meta({
      description: "true: only targets that never leave their source region",
    }),
  })
  .transform((rule, context): ResidencyRule => {
    const { geographies: areas = [], countries = [], regions = [], inRegionOnly = false } = rule;
    const parts = [...areas, ...countries, ...regions, ...(inRegionOnly ? ["in-region only"] : [])];
    if (parts.length > 0) return { label: parts.join(" + "), areas, countries, regions, inRegionOnly };
    context.addIssue({ code: "custom", message: "give geographies, countries, regions or inRegionOnly, or write any" });
    return z.NEVER;
  });

/** The `residency` of a class: a named rule (`eu`, `us`, `in-region`, `govcloud`, `any`, ...) or lists. */
export const residencySchema = z.union([namedSchema, objectSchema]).meta({
  description: `Where the class's data may be: ${NAMED.join(", ")}; or lists: { geographies, countries, regions, inRegionOnly }`,
});
