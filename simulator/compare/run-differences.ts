/**
 * What two runs differ in, said before any number; which differences leave nothing to compare; and whether totals differ only
 * because the classes do.
 */
import type { RunResult, SampleMetric, StrategyResult } from "../experiment/result.ts";
import { groupEstimate } from "./matching.ts";
import type { RunDifference, RunPairing } from "./result.ts";

/** A run with what is known beside its result. */
export interface ComparedRun {
  readonly label: string;
  readonly result: RunResult;
  /** Its scenario as plain data, where it is at hand. */
  readonly scenario?: unknown;
  readonly machine?: string;
  /** Why a measured run is invalid. */
  readonly invalid?: readonly string[];
}

/**
 * Compares what two runs were, not what came out. Replications are paired where the seed and the traffic are the same:
 * then both runs had the same requests and draws.
 */
export function pairingOf(a: ComparedRun, b: ComparedRun): RunPairing {
  const facts = factDifferences(a, b);
  const said = facts.flatMap(({ what }) => SAME_IN_SCENARIO[what] ?? []);
  const differences = [...facts, ...scenarioDifferences(a, b).filter(({ what }) => !said.includes(what))];
  const refusals = refusalsOf(a, b);
  const base = { label: b.label, differences, refusals };
  if (a.result.kind === "measured" || b.result.kind === "measured") {
    const reason = "a measured run has one replication; intervals come from its requests, in blocks";
    return { ...base, method: "measured requests", reason };
  }
  if (a.result.seed !== b.result.seed) {
    return { ...base, method: "independent replications", reason: "the seeds differ, so no random numbers are shared" };
  }
  if (isOtherTraffic(a.result, b.result)) {
    return {
      ...base,
      method: "independent replications",
      reason: "the traffic differs, so the requests are not the same ones",
    };
  }
  const reason = "the same seed and the same traffic: each replication had the same requests and draws";
  return { ...base, method: "paired replications", reason };
}

/** Facts that say what a path of the scenario would say again. */
const SAME_IN_SCENARIO: Readonly<Record<string, string>> = {
  "scenario name": "name",
  seed: "seed",
  replications: "replications",
};

function isOtherTraffic(a: RunResult, b: RunResult): boolean {
  if (a.trafficSha256 !== undefined && b.trafficSha256 !== undefined) return a.trafficSha256 !== b.trafficSha256;
  return a.scenario.sha256 !== b.scenario.sha256;
}

function factDifferences(a: ComparedRun, b: ComparedRun): readonly RunDifference[] {
  const facts: readonly (readonly [string, (run: ComparedRun) => string])[] = [
    ["kind", ({ result }) => result.kind],
    ["scenario name", ({ result }) => result.scenario.name],
    ["traffic", ({ result }) => (result.trafficSha256 ?? "unknown").slice(0, 12)],
    ["seed", ({ result }) => String(result.seed)],
    ["replications", ({ result }) => String(result.replications.done)],
    ["length", ({ result }) => lengthOf(result)],
    ["start", ({ result }) => result.startsAt],
    ["warm-up removed", ({ result }) => result.warmup.removed],
    ["billing rule", ({ result }) => result.billing],
    ["baseline strategy", ({ result }) => result.baseline],
    ["classes", ({ result }) => result.classes.map(({ name }) => name).join(", ")],
    ["regions", ({ result }) => result.regions.join(", ")],
    [
      "recordings",
      ({ result }) => result.traces.map(({ name, sha256 }) => `${name} (${sha256.slice(0, 12)})`).join(", "),
    ],
    ["Meridian version", ({ result }) => result.versions.meridian],
    ["machine", ({ machine }) => machine ?? "unknown"],
  ];
  return facts.flatMap(([what, read]) => {
    const [ofA, ofB] = [read(a), read(b)];
    return ofA === ofB ? [] : [{ what, a: ofA || "none", b: ofB || "none", isScenario: false }];
  });
}

function lengthOf({ durationMs, strategies }: RunResult): string {
  if (durationMs !== null) return `${durationMs / 1000} s`;
  return `${(strategies[0]?.total.counts.sent ?? 0).toLocaleString("en-US")} requests in all`;
}

function refusalsOf(a: ComparedRun, b: ComparedRun): readonly string[] {
  const refusals: string[] = [];
  for (const { label, invalid = [], result } of [a, b]) {
    if (invalid.length > 0) refusals.push(`${label} is an invalid measurement: ${invalid[0]}.`);
    if (result.replications.done < result.replications.asked) {
      refusals.push(
        `${label} has ${result.replications.done} of the ${result.replications.asked} replications asked for.`,
      );
    }
  }
  const [one, other] = [a.result, b.result];
  if (one.durationMs !== other.durationMs) {
    refusals.push(
      `The runs have different lengths (${lengthOf(one)}, ${lengthOf(other)}): tails and bills grow with the length.`,
    );
  }
  if (one.warmup.kind !== other.warmup.kind) {
    refusals.push(`Different warm-ups were removed (${one.warmup.removed}; ${other.warmup.removed}).`);
  }
  if (one.billing !== other.billing) {
    refusals.push(
      `The bills follow different rules (${one.billing}, ${other.billing}): their difference is not a saving.`,
    );
  }
  const names = new Set(one.classes.map(({ name }) => name));
  if (!other.classes.some(({ name }) => names.has(name))) {
    refusals.push("The runs have no class of traffic in common.");
  }
  return refusals;
}

/** Scenarios by path; where one of them is not at hand, whether their digests differ. */
function scenarioDifferences(a: ComparedRun, b: ComparedRun): readonly RunDifference[] {
  if (a.result.scenario.sha256 === b.result.scenario.sha256) return [];
  if (a.scenario === undefined || b.scenario === undefined) {
    const short = ({ result }: ComparedRun) => result.scenario.sha256.slice(0, 12);
    return [{ what: "scenario (only its digest is known)", a: short(a), b: short(b), isScenario: false }];
  }
  return differingPaths(a.scenario, b.scenario).map((each) => ({ ...each, isScenario: true }));
}

/**
 * Paths at which two plain values differ. Lists of things with names (strategies, classes) are matched by name, so one
 * that is added in front does not make all others differ.
 *
 * @example differingPaths({ a: [1, 2] }, { a: [1, 3] }) // => [{ what: "a[1]", a: "2", b: "3" }]
 */
export function differingPaths(
  a: unknown,
  b: unknown,
  path = "",
): readonly { readonly what: string; readonly a: string; readonly b: string }[] {
  const [partsA, partsB] = [partsOf(a), partsOf(b)];
  if (partsA === undefined || partsB === undefined) {
    const [shownA, shownB] = [shown(a), shown(b)];
    return shownA === shownB ? [] : [{ what: path === "" ? "scenario" : path, a: shownA, b: shownB }];
  }
  const keys = [...new Set([...partsA.keys(), ...partsB.keys()])];
  return keys.flatMap((key) => {
    const inner = key.startsWith("[") || path === "" ? `${path}${key}` : `${path}.${key}`;
    return differingPaths(partsA.get(key), partsB.get(key), inner);
  });
}

/** Parts of an object or list by key; undefined of a single value. */
function partsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (Array.isArray(value)) {
    const names = value.map(nameOf);
    const areNames = names.every((name) => name !== undefined) && new Set(names).size === names.length;
    return new Map(value.map((each, i) => [`[${areNames ? names[i] : i}]`, each]));
  }
  if (typeof value !== "object" || value === null) return undefined;
  return new Map(Object.entries(value));
}

function nameOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return undefined;
  const { name, class: className } = value as { readonly name?: unknown; readonly class?: unknown };
  if (typeof name === "string") return name;
  if (typeof className === "string") return className;
  // `- single: { target: ... }` is named after its only key.
  const keys = Object.keys(value);
  return keys.length === 1 ? keys[0] : undefined;
}

const SHOWN_MAX = 60;

function shown(value: unknown): string {
  if (value === undefined) return "not set";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX - 1)}…` : text;
}

export interface TotalDifference {
  readonly metric: SampleMetric;
  /** Second minus first, in the metric's unit; null where there is none. */
  readonly difference: number | null;
  readonly p: number | null;
}

/** A run and one of its strategies. */
export type Side = readonly [result: RunResult, strategy: StrategyResult];

/** Sums, which a change of the traffic is meant to change. */
const SUMS: readonly SampleMetric[] = ["billUsd", "trafficShare"];
const ALPHA = 0.05;

/**
 * Why the totals of two runs are not to be compared, or null. A total over classes is a weighted mean: where one run has
 * a class that the other lacks, or where at least half of a difference follows from the shares of the classes alone
 * (E. H. Simpson's paradox: cheaper in all, in no class cheaper), only the classes say what changed.
 */
export function mixNote(a: Side, b: Side, { metric, difference, p }: TotalDifference): string | null {
  const [first, second] = [a[0].classes, b[0].classes].map((classes) => classes.map(({ name }) => name));
  if (SUMS.includes(metric) || difference === 0 || (first!.length < 2 && second!.length < 2)) return null;
  const names = [...new Set([...first!, ...second!])];
  if (names.length > first!.length || names.length > second!.length) {
    return "the runs have other classes: see each class";
  }
  if (difference === null || p === null || p >= ALPHA) return null;
  const ofMix = mixDifference(a, b, names, metric);
  if (ofMix * difference <= 0 || Math.abs(ofMix) < Math.abs(difference) / 2) return null;
  return "the mix of classes changed: see each class";
}

/** By how much the total would differ had every class stayed as it is in the first run. */
function mixDifference(a: Side, b: Side, names: readonly string[], metric: SampleMetric): number {
  const meanOf = ([result, strategy]: Side, name: string, of: SampleMetric) =>
    groupEstimate(result, strategy, { scope: "class", name, metrics: [] }, of)?.value ?? 0;
  return names.reduce((sum, name) => {
    const share = meanOf(b, name, "trafficShare") - meanOf(a, name, "trafficShare");
    return sum + share * meanOf(a, name, metric);
  }, 0);
}
