/** The AWS regions, a scenario's own regions, and what the rest of the program needs to know of each. */
import { z } from "zod";
import { MeridianError } from "./errors.ts";
import { didYouMean } from "./near-names.ts";

/** Legal area of a region. Japan, India and Australia are `apac` and distinguished by country. */
export const GEOGRAPHIES = [
  "us",
  "us-gov",
  "ca",
  "mx",
  "sa",
  "eu",
  "uk",
  "ch",
  "il",
  "me",
  "af",
  "apac",
  "custom",
] as const;
export type Geography = (typeof GEOGRAPHIES)[number];

/** A region: its clock, its legal area and roughly where it is. */
export interface RegionFacts {
  readonly id: string;
  readonly city: string;
  /** ISO 3166-1 alpha-2; `ZZ` where unknown. */
  readonly country: string;
  readonly geography: Geography;
  /** In the European Economic Area. Every AWS region in the EEA is in an EU member state. */
  readonly eea: boolean;
  /** Winter (standard) time against UTC. Daylight saving is left out on purpose: see docs/model/pricing.md. */
  readonly utcOffsetMinutes: number;
  /** An account must switch the region on before it can call it; profiles may still route there. */
  readonly optIn: boolean;
  /** An AWS region of the commercial partition: what global profiles cover. */
  readonly commercial: boolean;
  /** City coordinates, degrees; absent for custom regions. For round-trip estimates only. */
  readonly latitude?: number;
  readonly longitude?: number;
}

/** Regions known to a scenario: the catalogue and its own. */
export type RegionDirectory = ReadonlyMap<string, RegionFacts>;

const EEA_COUNTRIES: ReadonlySet<string> = new Set(
  "AT BE BG HR CY CZ DK EE FI FR DE GR HU IS IE IT LV LI LT LU MT NL NO PL PT RO SK SI ES SE".split(" "),
);

/** EEA members that are not in the European Union. */
const EEA_NOT_EU: ReadonlySet<string> = new Set(["IS", "LI", "NO"]);

/** @param country ISO 3166-1 alpha-2 */
export function isEeaCountry(country: string): boolean {
  return EEA_COUNTRIES.has(country);
}

/** @param country ISO 3166-1 alpha-2 */
export function isEuCountry(country: string): boolean {
  return EEA_COUNTRIES.has(country) && !EEA_NOT_EU.has(country);
}

type Row = readonly [
  id: string,
  city: string,
  country: string,
  geography: Geography,
  utcOffsetMinutes: number,
  optIn: boolean,
  latitude: number,
  longitude: number,
];

// Names, cities and opt-in status: AWS global infrastructure, "AWS Regions" page, 2026. China and the European
// sovereign partition are left out: separate partitions that no profile of the reference data reaches.
const ROWS: readonly Row[] = [
  ["us-east-1", "N. Virginia", "US", "us", -300, false, 38.9, -77.4],
  ["us-east-2", "Ohio", "US", "us", -300, false, 40.0, -83.0],
  ["us-west-1", "N. California", "US", "us", -480, false, 37.4, -121.9],
  ["us-west-2", "Oregon", "US", "us", -480, false, 45.8, -119.7],
  ["ca-central-1", "Montreal", "CA", "ca", -300, false, 45.5, -73.6],
  ["ca-west-1", "Calgary", "CA", "ca", -420, true, 51.0, -114.1],
  ["mx-central-1", "Queretaro", "MX", "mx", -360, true, 20.6, -100.4],
  ["sa-east-1", "Sao Paulo", "BR", "sa", -180, false, -23.5, -46.6],
  ["eu-central-1", "Frankfurt", "DE", "eu", 60, false, 50.1, 8.7],
  ["eu-central-2", "Zurich", "CH", "ch", 60, true, 47.4, 8.5],
  ["eu-north-1", "Stockholm", "SE", "eu", 60, false, 59.3, 18.1],
  ["eu-south-1", "Milan", "IT", "eu", 60, true, 45.5, 9.2],
  ["eu-south-2", "Aragon", "ES", "eu", 60, true, 41.6, -0.9],
  ["eu-west-1", "Dublin", "IE", "eu", 0, false, 53.3, -6.3],
  ["eu-west-2", "London", "GB", "uk", 0, false, 51.5, -0.1],
  ["eu-west-3", "Paris", "FR", "eu", 60, false, 48.9, 2.4],
  ["il-central-1", "Tel Aviv", "IL", "il", 120, true, 32.1, 34.8],
  ["me-central-1", "UAE", "AE", "me", 240, true, 25.2, 55.3],
  ["me-south-1", "Bahrain", "BH", "me", 180, true, 26.2, 50.6],
  ["af-south-1", "Cape Town", "ZA", "af", 120, true, -33.9, 18.4],
  ["ap-east-1", "Hong Kong", "HK", "apac", 480, true, 22.3, 114.2],
  ["ap-east-2", "Taipei", "TW", "apac", 480, true, 25.0, 121.6],
  ["ap-south-1", "Mumbai", "IN", "apac", 330, false, 19.1, 72.9],
  ["ap-south-2", "Hyderabad", "IN", "apac", 330, true, 17.4, 78.5],
  ["ap-southeast-1", "Singapore", "SG", "apac", 480, false, 1.35, 103.8],
  ["ap-southeast-2", "Sydney", "AU", "apac", 600, false, -33.9, 151.2],
  ["ap-southeast-3", "Jakarta", "ID", "apac", 420, true, -6.2, 106.8],
  ["ap-southeast-4", "Melbourne", "AU", "apac", 600, true, -37.8, 145.0],
  ["ap-southeast-5", "Kuala Lumpur", "MY", "apac", 480, true, 3.1, 101.7],
  ["ap-southeast-6", "Auckland", "NZ", "apac", 720, true, -36.8, 174.8],
  ["ap-southeast-7", "Bangkok", "TH", "apac", 420, true, 13.8, 100.5],
  ["ap-northeast-1", "Tokyo", "JP", "apac", 540, false, 35.7, 139.7],
  ["ap-northeast-2", "Seoul", "KR", "apac", 540, false, 37.6, 127.0],
  ["ap-northeast-3", "Osaka", "JP", "apac", 540, false, 34.7, 135.5],
  ["us-gov-east-1", "Ohio (GovCloud)", "US", "us-gov", -300, true, 40.0, -83.0],
  ["us-gov-west-1", "Oregon (GovCloud)", "US", "us-gov", -480, true, 45.8, -119.7],
];

/** The AWS regions, in a fixed order. */
export const AWS_REGIONS: readonly RegionFacts[] = ROWS.map(
  ([id, city, country, geography, utcOffsetMinutes, optIn, latitude, longitude]) => ({
    id,
    city,
    country,
    geography,
    eea: isEeaCountry(country),
    utcOffsetMinutes,
    optIn,
    commercial: geography !== "us-gov",
    latitude,
    longitude,
  }),
);

const OFFSET = /^(?:UTC)?([+-])(\d{1,2})(?::?([0-5]\d))?$/;

/**
 * `+05:30`, `UTC-8`, `UTC` → minutes; undefined if it is not an offset between -12:00 and +14:00.
 *
 * @example parseUtcOffsetMinutes("+05:30") // => 330
 */
export function parseUtcOffsetMinutes(text: string): number | undefined {
  if (text === "UTC" || text === "Z") return 0;
  const match = OFFSET.exec(text.trim());
  if (match === null) return undefined;
  const minutes = (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3] ?? 0));
  return minutes < -720 || minutes > 840 ? undefined : minutes + 0;
}

/** A region that the scenario declares itself. */
export const customRegionSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/i, "a region name has letters, digits, dots, dashes and underscores")
      .meta({ description: "Name of the region, not one of the AWS catalogue" }),
    utcOffset: z
      .string()
      .default("UTC")
      .transform((text, context) => {
        const minutes = parseUtcOffsetMinutes(text);
        if (minutes !== undefined) return minutes;
        context.addIssue({ code: "custom", message: `"${text}" is not a UTC offset; write it like +05:30 or -08:00` });
        return z.NEVER;
      })
      .meta({ description: "Standard time against UTC, such as +05:30; sets local hours of prices and load" }),
    country: z
      .string()
      .regex(/^[A-Z]{2}$/, "a country is two capital letters (ISO 3166), such as DE")
      .default("ZZ")
      .meta({ description: "ISO country code for residency rules; ZZ (unknown) satisfies no country rule" }),
    geography: z.enum(GEOGRAPHIES).default("custom").meta({ description: "Geography for residency rules" }),
  })
  .meta({ description: "A region that is not in the AWS catalogue" });
export type CustomRegion = z.output<typeof customRegionSchema>;

/**
 * The catalogue plus the scenario's own regions.
 *
 * @throws MeridianError usage, REGION_ALREADY_KNOWN, when a custom region takes a known name
 */
export function regionDirectory(custom: readonly CustomRegion[] = []): RegionDirectory {
  const directory = new Map(AWS_REGIONS.map((region) => [region.id, region]));
  for (const region of custom) {
    if (directory.has(region.name)) {
      throw new MeridianError("usage", {
        code: "REGION_ALREADY_KNOWN",
        what: `region "${region.name}" is declared twice or is an AWS region`,
        where: "world.regions",
        fix: "name an AWS region by its name alone, and give each region of your own a name of its own",
      });
    }
    directory.set(region.name, {
      id: region.name,
      city: region.name,
      country: region.country,
      geography: region.geography,
      eea: isEeaCountry(region.country),
      utcOffsetMinutes: region.utcOffset,
      optIn: false,
      commercial: false,
    });
  }
  return directory;
}

/**
 * The region of that id.
 *
 * @param where config path of the name, for the message
 * @throws MeridianError usage, REGION_UNKNOWN, with the nearest names
 */
export function requireRegion(directory: RegionDirectory, id: string, where: string): RegionFacts {
  const region = directory.get(id);
  if (region !== undefined) return region;
  throw new MeridianError("usage", {
    code: "REGION_UNKNOWN",
    what: `region "${id}" is not known${didYouMean(id, [...directory.keys()])}`,
    where,
    fix: 'use an AWS region, or declare your own: { name: r1, utcOffset: "+00:00", country: DE, geography: eu }',
  });
}
