/**
 * A fit as text: what `meridian calibrate` prints of it and how far it is from a new measurement, and the YAML of fitted
 * capacities and quotas that a scenario can include, written and read.
 */
import CliTable from "cli-table3";
import { z } from "zod";
import { MINUTE_MS } from "../../simulator/base/time.ts";
import { type EndpointFit, QUOTA_ERROR_MAX } from "../../simulator/calibrate/fit-endpoint.ts";
import type { DriftError, Estimate, MovedParameter } from "../../simulator/calibrate/intervals.ts";
import type { LawSpec } from "../../simulator/random/laws/index.ts";
import type { FittedSpec } from "../../simulator/service/capacity/fitted-work.ts";
import { type CapacitySpec, capacitySchema, capacitySpecOf } from "../../simulator/service/capacity/index.ts";
import { parseScenario } from "../io/scenario-text.ts";

/** What a fit found, as a table with what is uncertain about it. */
export function fitText(fit: EndpointFit): string {
  const { region, model, counts, seen, heldOut, extrapolation, quota } = fit;
  const table = plainTable(["parameter", "value [95 %]"]);
  for (const estimate of fit.estimates) table.push([estimate.name, estimateText(estimate)]);
  const errors = heldOut
    .filter(({ share }) => share !== 0.9)
    .map(
      (each) => `${each.measure.toUpperCase()} p${each.share * 100} ${signed(each.predictedMs / each.measuredMs - 1)}`,
    );
  const others = (["throttled", "refused", "failed", "left"] as const)
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `, ${counts[kind]} ${kind}`);
  const { load, e2eMsP95, lowMs, highMs } = extrapolation;
  const lines = [
    `${model} in ${region}: ${counts.served} served${others.join("")}; ${seen.callsPerS.toFixed(1)}/s, up to ${seen.insideMax} inside`,
    `  ${shapeText(fit)}`,
    table.toString(),
    `  held-out error: ${errors.join(", ")}`,
    `  at ${load} times the load: p95 E2E ${Math.round(e2eMsP95)} ms (${Math.round(lowMs)} to ${Math.round(highMs)} over what fits alike)`,
  ];
  if (quota !== undefined && quota.error <= QUOTA_ERROR_MAX) {
    const limit = `${Math.round(quota.limit)} ${quota.of} a minute, ${quota.law}`;
    lines.push(`  quota: ${limit}; it decides ${((1 - quota.error) * 100).toFixed(1)} % of the calls as was decided`);
  }
  for (const { what, fix } of fit.warnings) lines.push(`  warning: ${what}`, `    fix: ${fix}`);
  return lines.join("\n");
}

/** A fit's shape as a phrase. */
function shapeText({ variant, spec }: EndpointFit): string {
  const places =
    spec.servers === Number.POSITIVE_INFINITY ? "no limit on places seen" : `${spec.servers} places and a line`;
  const curve = {
    flat: "load slows nothing",
    straight: "time grows in a straight line with the calls inside",
    capped: "a shared rate with a cap",
    power: "time grows by a power of the calls inside",
  }[variant.curve];
  const prompts = {
    own: "prompts apart from that",
    shared: "prompts and output alike",
    "in-line": "prompts one at a time",
    serial: "prompts one at a time, which slow the output",
    "in-steps": "prompts read in steps, which stop the output",
  }[variant.prompts];
  const when = variant.curve !== "flat" && variant.applies === "at-start" ? ", settled at the start" : "";
  return `${places}; ${curve}${when}; ${variant.isWhole ? "answers in one piece" : prompts}`;
}

/** How far a stored fit is from a new measurement, and which of its numbers moved. */
export function driftText(
  region: string,
  model: string,
  errors: readonly DriftError[],
  moved: readonly MovedParameter[],
): string {
  const table = plainTable(["", "measured", "predicted", "error [95 %]", ""]);
  for (const each of errors) {
    table.push([
      `${each.measure.toUpperCase()} p${each.share * 100}`,
      `${Math.round(each.measuredMs)} ms`,
      `${Math.round(each.predictedMs)} ms`,
      `${signed(each.error)} [${signed(each.low)}, ${signed(each.high)}]`,
      each.isDrift ? "drifted" : "",
    ]);
  }
  const lines = moved.map(
    ({ name, stored, now }) => `  moved: ${name} was ${Number(stored.toPrecision(4))}, is ${estimateText(now)}`,
  );
  return [`${model} in ${region}`, table.toString(), ...lines].join("\n");
}

function plainTable(head: readonly string[]) {
  return new CliTable({ head: [...head], style: { head: [], border: [], compact: true } });
}

function signed(share: number): string {
  return `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(1)} %`;
}

export interface WorldFacts {
  readonly fits: readonly EndpointFit[];
  /** Bedrock id of each model. */
  readonly modelIds: Readonly<Record<string, string>>;
  /** What was measured: paths as given. */
  readonly sources: readonly string[];
  readonly meridian: string;
  readonly madeAt: Date;
}

/**
 * A world file in YAML: the fitted capacity of each model in each region, with the quotas that were found. Comments
 * hold where the numbers are from, how sure they are and up to where they were seen.
 */
export function renderWorldFile({ fits, modelIds, sources, meridian, madeAt }: WorldFacts): string {
  const regions = [...new Set(fits.map(({ region }) => region))].sort();
  const models = [...new Set(fits.map(({ model }) => model))].sort();
  const lines = [
    `# Fitted by meridian ${meridian} calibrate on ${madeAt.toISOString()} from`,
    ...sources.map((source) => `#   ${source}`),
    "# Include it in a scenario with   world: { include: <this file> }   ; the scenario's own keys come first.",
    "# Intervals are of 95 %. Beyond the ranges that were seen, the numbers guess.",
    `regions: [${regions.join(", ")}]`,
    "models:",
  ];
  for (const model of models) {
    const own = fits.filter((fit) => fit.model === model);
    lines.push(`  ${quoted(model)}:`, `    id: ${quoted(modelIds[model] ?? model)}`);
    const busiest = own.reduce((a, b) => (b.seen.calls > a.seen.calls ? b : a));
    lines.push(`    # Regions that were not measured: as ${busiest.region}.`, "    capacity:");
    lines.push(...capacityLines(busiest.spec).map((line) => `      ${line}`), "    capacityIn:");
    for (const fit of own) {
      lines.push(...commentsOf(fit).map((text) => `      # ${text}`), `      ${quoted(fit.region)}:`);
      lines.push(...capacityLines(fit.spec).map((line) => `        ${line}`));
    }
  }
  return `${[...lines, ...quotaLines(fits)].join("\n")}\n`;
}

function commentsOf({ seen, estimates, heldOut, extrapolation, warnings, region, model }: EndpointFit): string[] {
  const range = ([low, high]: readonly [number, number]) => `${low} to ${high}`;
  const errors = heldOut.map((each) => {
    const error = 100 * (each.predictedMs / each.measuredMs - 1);
    return `${each.measure} p${each.share * 100} ${error < 0 ? "-" : "+"}${Math.abs(error).toFixed(1)} %`;
  });
  const { load, e2eMsP95, lowMs, highMs } = extrapolation;
  return [
    `${model} in ${region}: ${seen.calls} calls in ${(seen.spanMs / MINUTE_MS).toFixed(1)} min (${seen.callsPerS.toFixed(2)}/s)`,
    `seen: up to ${seen.insideMax} calls inside, prompts of ${range(seen.inputTokens)} and answers of ${range(seen.outputTokens)} tokens`,
    `held-out error: ${errors.join(", ")}`,
    `at ${load} times the load: p95 E2E ${Math.round(e2eMsP95)} ms, ${Math.round(lowMs)} to ${Math.round(highMs)} over what fits alike`,
    ...estimates.map((each) => `${each.name}: ${estimateText(each)}`),
    ...warnings.map(({ what, fix }) => `WARNING ${what}; ${fix}`),
  ];
}

/** `9.31 ms [9.2, 9.4]`. */
export function estimateText({ value, low, high, unit }: Estimate): string {
  const text = (x: number) => (x === Number.POSITIVE_INFINITY ? "unlimited" : String(Number(x.toPrecision(4))));
  const suffix = unit === "ms" ? " ms" : "";
  return `${text(value)}${suffix} [${text(low)}, ${text(high)}]`;
}

/** The YAML of a fitted capacity, one line each. */
export function capacityLines(spec: FittedSpec): readonly string[] {
  const noise = (law: LawSpec | null, key: string) => (law === null ? [] : [`  ${key}: ${lawText(law)}`]);
  const limit = (value: number) => (value === Number.POSITIVE_INFINITY ? "unlimited" : String(value));
  return [
    "kind: fitted",
    `servers: ${limit(spec.servers)}`,
    ...(spec.waitingRoom === Number.POSITIVE_INFINITY ? [] : [`waitingRoom: ${limit(spec.waitingRoom)}`]),
    "prompt:",
    `  base: ${ms(spec.promptBaseMs)}`,
    `  perToken: ${ms(spec.promptPerTokenMs)}`,
    `  paced: ${spec.prompts}`,
    ...(spec.promptSlowdown > 0 ? [`  slowdown: ${significant(spec.promptSlowdown)}`] : []),
    ...noise(spec.promptNoise, "noise"),
    "output:",
    `  perToken: ${ms(spec.perOutputTokenMs)}`,
    ...(spec.sharedNoise ? ["  sharedNoise: true"] : []),
    ...(spec.isWhole ? ["  whole: true"] : []),
    ...noise(spec.outputNoise, "noise"),
    "load:",
    `  factors: [${spec.load.map(([calls, factor]) => `[${significant(calls)}, ${significant(factor)}]`).join(", ")}]`,
    `  counts: ${spec.counts}`,
    `  applies: ${spec.applies}`,
  ];
}

function quotaLines(fits: readonly EndpointFit[]): readonly string[] {
  const lines: string[] = [];
  for (const { region, model, quota } of fits) {
    if (quota === undefined || quota.error > QUOTA_ERROR_MAX) continue;
    const limit = Math.round(quota.limit);
    const burst = quota.law === "token-bucket" ? `, burst: ${Math.max(1, Math.round(quota.burst))}` : "";
    const meter = `{ limit: ${limit}, law: ${quota.law}${burst} }`;
    const key = quota.of === "tokens" ? "tokensPerMinute" : "requests";
    const burndown = quota.of === "tokens" ? `, burndown: ${quota.burndown}` : "";
    lines.push(`  # decides ${((1 - quota.error) * 100).toFixed(1)} % of these calls as was decided`);
    lines.push(`  - { region: ${quoted(region)}, model: ${quoted(model)}, ${key}: ${meter}${burndown} }`);
  }
  return lines.length === 0 ? [] : ["quotas:", ...lines];
}

function lawText(law: LawSpec): string {
  if (law.kind !== "empirical" || !("quantiles" in law)) return JSON.stringify({ [law.kind]: law });
  const points = law.quantiles.map(([share, value]) => `[${share}, ${Number(value.toPrecision(5))}]`);
  return `{ empirical: { quantiles: [${points.join(", ")}] } }`;
}

function ms(value: number): string {
  return `${significant(value)}ms`;
}

/** Six significant digits, never in a form that YAML reads otherwise. */
function significant(value: number): number {
  return Number(value.toPrecision(6));
}

function quoted(text: string): string {
  return /^[a-z][a-z0-9._-]*$/i.test(text) ? text : JSON.stringify(text);
}

/** The part of a world file that a comparison needs. */
const worldFileSchema = z.looseObject({
  models: z.record(
    z.string(),
    z.looseObject({
      capacity: capacitySchema.optional(),
      capacityIn: z.record(z.string(), capacitySchema).default({}),
    }),
  ),
});

export interface WorldFile {
  /** Capacity of a model in a region; undefined where the file has none. */
  capacityOf(region: string, model: string): CapacitySpec | undefined;
}

/** @throws MeridianError usage with every problem, each with file and line */
export function parseWorldFile(text: string, file: string): WorldFile {
  const { models } = parseScenario(text, file, worldFileSchema).value;
  return {
    capacityOf(region, model) {
      const found = Object.hasOwn(models, model) ? models[model] : undefined;
      const capacity = found === undefined ? undefined : (found.capacityIn[region] ?? found.capacity);
      return capacity === undefined ? undefined : capacitySpecOf(capacity);
    },
  };
}
