/** Data residency: the `residency` of a class, and the targets that it allows. */
import { z } from "zod";
import type { Problem } from "../base/errors.ts";
import { didYouMean } from "../base/near-names.ts";
import { isEeaCountry, isEuCountry, type RegionDirectory, type RegionFacts } from "../base/regions.ts";

/** What a rule is checked against: a target, with every region that it may use. */
export interface ResidencyTarget {
  readonly id: string;
  readonly source: string;
  /** All regions that may run the request; those outside the simulated world count as well. */
  readonly destinations: readonly string[];
}

export interface ResidencyVerdict {
  /** 1 where the target is legal, by target index. */
  readonly legal: Uint8Array;
  /** Why a target is not legal, null where it is. */
  readonly reasons: readonly (string | null)[];
}

/**
 * Targets that a rule allows. A target is legal only when its source and every region that its profile may use are
 * allowed: the caller cannot choose among a profile's destinations, and AWS fails the call if one is blocked.
 */
export function legalTargets(
  rule: ResidencyRule,
  targets: readonly ResidencyTarget[],
  directory: RegionDirectory,
): ResidencyVerdict {
  const reasons = targets.map((target) => reasonAgainst(rule, target, directory));
  return { legal: Uint8Array.from(reasons, (reason) => (reason === null ? 1 : 0)), reasons };
}

export interface ResidencyClass {
  readonly name: string;
  /** Config path of the class, such as `traffic[0]`. */
  readonly where: string;
  readonly rule: ResidencyRule;
}

/**
 * Verdicts of all classes, and a problem for each class that no target may serve or whose rule names an unknown region.
 *
 * @param targets those that the class's model is offered at, by class; masks have the same order
 */
export function residencyMasks(
  classes: readonly ResidencyClass[],
  targets: readonly (readonly ResidencyTarget[])[],
  directory: RegionDirectory,
): { readonly verdicts: readonly ResidencyVerdict[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const verdicts = classes.map((cls, index) => {
    for (const region of cls.rule.regions) {
      if (!directory.has(region)) problems.push(unknownRegion(cls, region, directory));
    }
    const verdict = legalTargets(cls.rule, targets[index] ?? [], directory);
    if (!verdict.legal.includes(1)) problems.push(nowhereLegal(cls, verdict));
    return verdict;
  });
  return { verdicts, problems };
}

/** True if the rule allows data in the region. */
export function isRegionAllowed(rule: ResidencyRule, region: RegionFacts): boolean {
  if (rule.areas.length + rule.countries.length + rule.regions.length === 0) return true;
  return (
    rule.areas.some((area) => isInArea(region, area)) ||
    rule.countries.includes(region.country) ||
    rule.regions.includes(region.id)
  );
}

const COUNTRY_OF_AREA: Readonly<Partial<Record<ResidencyArea, string>>> = {
  us: "US",
  ca: "CA",
  mx: "MX",
  uk: "GB",
  ch: "CH",
  il: "IL",
  jp: "JP",
  in: "IN",
  au: "AU",
};

function isInArea(region: RegionFacts, area: ResidencyArea): boolean {
  // A region of the scenario's own may state a geography and leave the country open.
  if (region.geography === area) return true;
  if (area === "eu") return isEuCountry(region.country);
  if (area === "eea") return isEeaCountry(region.country) || region.geography === "eu";
  return COUNTRY_OF_AREA[area] === region.country;
}

function reasonAgainst(rule: ResidencyRule, target: ResidencyTarget, directory: RegionDirectory): string | null {
  const leaves = target.destinations.filter((region) => region !== target.source);
  if (rule.inRegionOnly && leaves.length > 0) {
    return `${rule.label}: may leave ${target.source} for ${leaves.slice(0, 4).join(", ")}`;
  }
  for (const id of [target.source, ...target.destinations]) {
    const region = directory.get(id);
    // An unknown region cannot be shown to be legal.
    if (region !== undefined && isRegionAllowed(rule, region)) continue;
    const place = region === undefined ? "unknown" : region.country;
    return id === target.source
      ? `${rule.label}: is called in ${id} (${place})`
      : `${rule.label}: may run in ${id} (${place})`;
  }
  return null;
}

function nowhereLegal(cls: ResidencyClass, verdict: ResidencyVerdict): Problem {
  const reasons = verdict.reasons.filter((reason) => reason !== null).slice(0, 3);
  const because = reasons.length === 0 ? "it has no target at all" : reasons.join("; ");
  return {
    code: "RESIDENCY_NO_LEGAL_TARGET",
    what: `class "${cls.name}" has no legal target under ${cls.rule.label}: ${because}`,
    where: `${cls.where}.residency`,
    fix: "add a region or a profile that lies wholly inside the rule, or widen the rule",
  };
}

function unknownRegion(cls: ResidencyClass, region: string, directory: RegionDirectory): Problem {
  return {
    code: "REGION_UNKNOWN",
    what: `region "${region}" is not known${didYouMean(region, [...directory.keys()])}`,
    where: `${cls.where}.residency.regions`,
    fix: "name a region of this world or of AWS",
  };
}

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
type ResidencyArea = (typeof RESIDENCY_AREAS)[number];

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
