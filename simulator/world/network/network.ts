import { MeridianError, type Problem } from "../../errors.ts";
import { didYouMean } from "../near-names.ts";
import { type RegionDirectory, requireRegion } from "../regions.ts";
import { estimateRoundTripMs } from "./great-circle.ts";
import type { RoundTripData } from "./round-trip-data.ts";
import type { NetworkSpec } from "./schema.ts";

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
   * What a request gains when the source region hands it to a destination, indexed `source * regions + destination`:
   * one round trip between the two (request out, answer back); 0 where they are the same.
   */
  readonly hopMs: Float64Array;
  /** Coefficient of variation of the lognormal factor (mean 1) on every round trip. */
  readonly jitterCv: number;
  /** Pairs that were estimated from distance, `from > to`. */
  readonly estimated: readonly string[];
}

/**
 * Round trips of a scenario: its overrides first (the one that names most of the pair), then an origin's own map, then the measured table, then (if asked
 * for) an estimate from distance.
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

/** The override that names most of the pair; the stated direction goes before the way back, a later entry before an earlier. */
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

/** 0: does not fit; else 1 and one more for each end that is named. */
function fit(entry: { readonly from: string; readonly to: string }, from: string, to: string): number {
  if (entry.from !== "*" && entry.from !== from) return 0;
  if (entry.to !== "*" && entry.to !== to) return 0;
  return 1 + (entry.from === "*" ? 0 : 1) + (entry.to === "*" ? 0 : 1);
}

/** A record's own value: names come from a file, and `constructor` is a name too. */
function ownEntry<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
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
