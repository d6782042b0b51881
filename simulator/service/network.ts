/** Round trips between callers and regions and between regions: the `network` block, and its table resolved. */
import { z } from "zod";
import { MeridianError, type Problem } from "../base/errors.ts";
import { didYouMean } from "../base/near-names.ts";
import { type RegionDirectory, type RegionFacts, requireRegion } from "../base/regions.ts";
import { durationMs, ownEntry, share } from "../base/schema-forms.ts";

export interface NetworkInput {
  readonly spec: NetworkSpec;
  /** The bundled table; unused when the spec says `none`. */
  readonly data: RoundTripData;
  /** Where callers are: region names and names of the spec's origins. */
  readonly origins: readonly string[];
  /** The scenario's regions, in order. */
  readonly regions: readonly string[];
  readonly directory: RegionDirectory;
}

/** Round trips in ms, without jitter. */
export interface Network {
  /** Caller to source region, indexed `origin * regions + region`. */
  readonly rttMs: Float64Array;
  /**
   * Delay added when the source region hands a request to a destination, indexed `source * regions + destination`:
   * one round trip between the two (request out, answer back); 0 where they are the same.
   */
  readonly hopMs: Float64Array;
  /** Coefficient of variation of the lognormal factor (mean 1) on every round trip. */
  readonly jitterCv: number;
  /** Pairs that were estimated from distance, `from > to`. */
  readonly estimated: readonly string[];
}

/**
 * Round trips of a scenario: its overrides first (the one that names most of the pair), then an origin's own map, then
 * the measured table, then, if asked for, an estimate from distance.
 *
 * @throws MeridianError usage with every unknown name and missing pair at once
 */
export function buildNetwork(input: NetworkInput): Network {
  const problems: Problem[] = checkNames(input);
  const estimated: string[] = [];
  const missing: string[] = [];
  const trip = (from: string, to: string): number => {
    const found = roundTripMs(input, from, to);
    if (found.kind === "missing") missing.push(`${from} > ${to}`);
    if (found.kind === "estimated") estimated.push(`${from} > ${to}`);
    return found.ms;
  };
  const count = input.regions.length;
  const rttMs = new Float64Array(input.origins.length * count);
  const hopMs = new Float64Array(count * count);
  if (problems.length === 0) {
    input.origins.forEach((origin, o) => {
      input.regions.forEach((region, r) => {
        rttMs[o * count + r] = trip(origin, region);
      });
    });
    input.regions.forEach((source, s) => {
      input.regions.forEach((destination, d) => {
        if (s !== d) hopMs[s * count + d] = trip(source, destination);
      });
    });
  }
  if (missing.length > 0) problems.push(missingProblem([...new Set(missing)]));
  if (problems.length > 0) throw new MeridianError("usage", problems);
  return { rttMs, hopMs, jitterCv: input.spec.jitter.cv, estimated: [...new Set(estimated)] };
}

interface Trip {
  readonly ms: number;
  readonly kind: "stated" | "measured" | "estimated" | "missing";
}

function roundTripMs(input: NetworkInput, from: string, to: string): Trip {
  const { spec, data, directory } = input;
  const stated = overrideMs(spec.overrides, from, to);
  if (stated !== undefined) return { ms: stated, kind: "stated" };
  const origin = ownEntry(spec.origins, from);
  if (origin !== undefined) {
    const own = ownEntry(origin.rttMs, to);
    if (own !== undefined) return { ms: own, kind: "stated" };
    if (origin.near === undefined) return { ms: 0, kind: spec.roundTrips === "none" ? "stated" : "missing" };
    const near = roundTripMs(input, origin.near, to);
    return { ms: near.ms + origin.plusMs, kind: near.kind };
  }
  if (spec.roundTrips === "none") return { ms: 0, kind: "stated" };
  const row = ownEntry(data.rtt, from);
  const measured = row === undefined ? undefined : ownEntry(row, to);
  if (measured !== undefined) return { ms: measured, kind: "measured" };
  const fromFacts = directory.get(from);
  const toFacts = directory.get(to);
  if (spec.missing === "estimate" && fromFacts !== undefined && toFacts !== undefined) {
    const ms = estimateRoundTripMs(fromFacts, toFacts);
    if (ms !== undefined) return { ms, kind: "estimated" };
  }
  return { ms: 0, kind: "missing" };
}

/**
 * The override that names most of the pair. Of equals, the stated direction goes before its reverse, and a later entry
 * before an earlier one.
 */
function overrideMs(overrides: NetworkSpec["overrides"], from: string, to: string): number | undefined {
  let bestRank = 0;
  let best: number | undefined;
  for (const entry of overrides) {
    const back = entry.oneWay ? 0 : 2 * fit(entry, to, from);
    const forth = fit(entry, from, to);
    const rank = Math.max(back, forth === 0 ? 0 : 2 * forth + 1);
    if (rank > 0 && rank >= bestRank) {
      bestRank = rank;
      best = entry.rttMs;
    }
  }
  return best;
}

/** 0 if the entry does not fit; else 1, and one more for each end that it names. */
function fit(entry: { readonly from: string; readonly to: string }, from: string, to: string): number {
  if (entry.from !== "*" && entry.from !== from) return 0;
  if (entry.to !== "*" && entry.to !== to) return 0;
  return 1 + (entry.from === "*" ? 0 : 1) + (entry.to === "*" ? 0 : 1);
}

function checkNames(input: NetworkInput): Problem[] {
  const { spec, directory, regions } = input;
  const problems: Problem[] = [];
  const custom = Object.keys(spec.origins);
  const places = [...new Set([...regions, ...directory.keys(), ...custom])];
  const check = (name: string, known: readonly string[], where: string) => {
    if (known.includes(name)) return;
    problems.push({
      code: "NETWORK_PLACE_UNKNOWN",
      what: `"${name}" is neither a region nor an origin of this scenario${didYouMean(name, known)}`,
      where,
      fix: `name a region, or declare the origin: network.origins: { ${name}: { rtt: { ${regions[0] ?? "r1"}: 20ms } } }`,
    });
  };
  for (const region of regions) requireRegion(directory, region, "world.regions");
  for (const origin of input.origins) check(origin, places, "traffic origins");
  spec.overrides.forEach((entry, index) => {
    for (const end of ["from", "to"] as const) {
      if (entry[end] !== "*") check(entry[end], places, `network.overrides[${index}].${end}`);
    }
  });
  for (const [name, origin] of Object.entries(spec.origins)) {
    const where = `network.origins.${name}`;
    if (origin.near !== undefined) check(origin.near, [...directory.keys()], `${where}.near`);
    for (const region of Object.keys(origin.rttMs)) check(region, regions, `${where}.rtt.${region}`);
    if (directory.has(name)) {
      problems.push({
        code: "NETWORK_ORIGIN_IS_REGION",
        what: `origin "${name}" has the name of a region`,
        where,
        fix: "give the origin a name of its own, or use network.overrides to change a region's round trips",
      });
    }
  }
  return problems;
}

function missingProblem(pairs: readonly string[]): Problem {
  const [first = ""] = pairs;
  const [from, to] = first.split(" > ");
  const more = pairs.length > 6 ? ` and ${pairs.length - 6} more` : "";
  return {
    code: "NETWORK_ROUND_TRIP_MISSING",
    what: `no round trip is known for ${pairs.slice(0, 6).join(", ")}${more}`,
    where: "network",
    fix: `state it: network.overrides: [{ from: ${from}, to: ${to}, rtt: 50ms }] (* stands for any place), or network.roundTrips: none, or network.missing: estimate for AWS regions`,
  };
}

const name = z.string().min(1);

const overrideSchema = z
  .strictObject({
    from: name.meta({ description: "Origin or region; * for any" }),
    to: name.meta({ description: "Region; * for any" }),
    rtt: durationMs.meta({ description: "Round trip, such as 70ms" }),
    oneWay: z.boolean().default(false).meta({ description: "true: do not use it for the way back as well" }),
  })
  .transform((entry) => ({ from: entry.from, to: entry.to, rttMs: entry.rtt, oneWay: entry.oneWay }))
  .meta({ description: "A round trip of the scenario's own; the entry that names most of the pair wins" });

const originSchema = z
  .strictObject({
    near: name.optional().meta({ description: "Region whose round trips it shares" }),
    plus: durationMs.optional().meta({ description: "Added to each of those: the way to that region" }),
    rtt: z.record(name, durationMs).default({}).meta({ description: "Round trips to single regions" }),
  })
  .transform((origin) => ({ near: origin.near, plusMs: origin.plus ?? 0, rttMs: origin.rtt }))
  .meta({ description: "A place of callers that is not an AWS region" });

const jitterSchema = z
  .union([
    z.literal("none").transform(() => ({ cv: 0 })),
    z.strictObject({
      cv: share
        .pipe(z.number().min(0).max(10))
        .meta({ description: "Standard deviation / mean of a round trip: 10% or 0.1" }),
    }),
  ])
  .default({ cv: 0.1 })
  .meta({
    description:
      "Spread of each round trip, { cv: 10% } or none: a lognormal factor with mean 1 and this coefficient of variation",
  });

/** The `network` block of a scenario. */
export const networkSchema = z
  .strictObject({
    roundTrips: z.enum(["aws-2025-05", "none"]).default("aws-2025-05").meta({
      description: "Measured medians between AWS regions, or none: every round trip is 0 unless overridden",
    }),
    missing: z.enum(["refuse", "estimate"]).default("refuse").meta({
      description: "For pairs that were not measured: refuse the scenario, or estimate from distance",
    }),
    overrides: z.array(overrideSchema).default([]).meta({ description: "Round trips of the scenario's own" }),
    origins: z.record(name, originSchema).default({}).meta({ description: "Places of callers, by name" }),
    jitter: jitterSchema,
  })
  .meta({ description: "Round trips from callers to regions and between regions" });
type NetworkSpec = z.output<typeof networkSchema>;

const EARTH_RADIUS_KM = 6371;

/**
 * Round trip in ms estimated from distance: 4 ms + 0.0155 ms per km of great circle. Fitted to the 992 pairs of the
 * bundled table, where it errs by 13 % in the median and 37 % at the 90th percentile (cables do not run straight).
 * Undefined when a region has no coordinates.
 */
export function estimateRoundTripMs(from: RegionFacts, to: RegionFacts): number | undefined {
  const km = greatCircleKm(from, to);
  return km === undefined ? undefined : 4 + 0.0155 * km;
}

/**
 * Great-circle distance by the haversine formula on a sphere; undefined when a region has no coordinates.
 *
 * @example Math.round(greatCircleKm({ latitude: 90, longitude: 0 }, { latitude: 0, longitude: 0 })) // => 10_008
 */
export function greatCircleKm(from: RegionFacts, to: RegionFacts): number | undefined {
  if (from.latitude === undefined || from.longitude === undefined) return undefined;
  if (to.latitude === undefined || to.longitude === undefined) return undefined;
  const fromLatitude = radians(from.latitude);
  const toLatitude = radians(to.latitude);
  const dLatitude = toLatitude - fromLatitude;
  const dLongitude = radians(to.longitude - from.longitude);
  const h =
    Math.sin(dLatitude / 2) ** 2 + Math.cos(fromLatitude) * Math.cos(toLatitude) * Math.sin(dLongitude / 2) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(h));
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

/**
 * Shape of `scenarios/reference/region-rtt.json`: median round trips between AWS regions in ms, row = from, column =
 * to, diagonal = within the region. Not symmetric to the digit.
 */
export function roundTripDataSchema() {
  return z.object({
    unit: z.literal("ms"),
    percentile: z.string(),
    window: z.string(),
    source: z.string(),
    notCovered: z.array(z.string()),
    rtt: z.record(z.string(), z.record(z.string(), z.number().positive())),
  });
}
export type RoundTripData = z.output<ReturnType<typeof roundTripDataSchema>>;
