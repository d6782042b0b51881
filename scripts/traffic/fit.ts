/** `meridian traffic fit`: a synthetic model of recorded requests as a `traffic:` block, and how far it is from them. */

import writeFileAtomic from "write-file-atomic";
import { Document, isScalar, isSeq, visit } from "yaml";
import { plural } from "../../reports/base/text.ts";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import type { LawSpec } from "../../simulator/random/laws/index.ts";
import type { ArrivalSpec } from "../../simulator/traffic/arrivals/index.ts";
import type { FittedProcess } from "../../simulator/traffic/fit/arrivals.ts";
import { type ClassFit, fitTraffic, type TrafficFit } from "../../simulator/traffic/fit/fit-traffic.ts";
import type { DrawnSessions } from "../../simulator/traffic/sessions.ts";
import { type CommandInput, jsonDocument } from "../commands/command.ts";
import { environmentProblem } from "../io/text-files.ts";
import { type WorldCheck, worldCheck, worldText } from "./check-in.ts";
import { type ReadTraffic, readTraffic, refuseOverInput } from "./read.ts";

/** @throws MeridianError usage TRAFFIC_PROCESS; data TRACE_*, TRAFFIC_TOO_FEW; environment TRAFFIC_NOT_SAVED */
export async function fit({ args, options, terminal, signal }: CommandInput): Promise<number> {
  const read = await readTraffic(args, options);
  const found = fitTraffic(read.columns, (options.process as FittedProcess | undefined) ?? null);
  if (found === undefined) {
    const { length } = read.columns.arrivalMs;
    const what = `${plural(length, "request is", "requests are")} too few to be fitted`;
    throw new MeridianError("data", { code: "TRAFFIC_TOO_FEW", where: read.name, what, fix: "give 50 or more" });
  }
  for (const note of read.notes) terminal.note(`note: ${note}`);
  const world =
    options.checkIn === undefined ? undefined : await worldCheck(String(options.checkIn), found, read.columns, signal);
  const fitted = { ...found, passes: found.passes && world?.passes !== false };
  const out = String(options.out ?? "fitted.traffic.yaml");
  await refuseOverInput(out, args);
  await writeFileAtomic(out, trafficYaml(fitted, read, world)).catch((error: unknown) => {
    const fix = "name a place that can be written to with --out";
    throw new MeridianError("environment", environmentProblem("TRAFFIC_NOT_SAVED", error, out, fix));
  });
  if (options.json === true) {
    const classes = fitted.classes.map(({ rowNumbers: _, ...each }) => ({ ...each, sessions: withoutRows(each) }));
    terminal.out(jsonDocument("traffic-fit", { out, source: read.name, ...fitted, classes, ...(world && { world }) }));
  } else terminal.out([...fitted.classes.map(classText), ...(world ? [worldText(world)] : [])].join("\n\n"));
  const zipf = fitted.tenantZipf;
  if (zipf !== null) terminal.note(`shares of tenants fall as rank to the power of ${(-zipf).toFixed(2)} (Zipf)`);
  terminal.note(`traffic: ${out}`);
  return world?.passes === false ? EXIT_CODES.assertion : EXIT_CODES.ok;
}

function withoutRows({ sessions }: Pick<ClassFit, "sessions">) {
  if (sessions === undefined) return undefined;
  const { firsts: _, ...rest } = sessions;
  return rest;
}

/** What was fitted to a class, and how far it is. */
function classText({ name, rows, arrivals, input, output, correlation, sessions, passes }: ClassFit): string {
  const [chosen, ...others] = arrivals as [(typeof arrivals)[number], ...(typeof arrivals)[number][]];
  const lines = [
    `${name}: ${rows.toLocaleString("en-US")} requests; ${passes ? "the fit passes" : "the fit FAILS: what is marked ! is too far off"}`,
    ...(sessions === undefined ? [] : [sessionsText(sessions)]),
    `  arrivals${sessions === undefined ? "" : " of sessions"}: ${chosen.name}; Kolmogorov-Smirnov distance of the times between ${short(chosen.gapDistance)}`,
  ];
  for (const each of chosen.comparisons) {
    const mark = each.passes ? " " : "!";
    lines.push(
      `  ${mark} ${each.name.padEnd(24)} recorded ${short(each.recorded).padEnd(8)} fitted ${short(each.fitted)} (${each.range.map(short).join(" to ")})`,
    );
  }
  for (const [what, law] of [
    ["input", input],
    ["output", output],
  ] as const) {
    if (law === undefined) continue;
    const errors = `mean off by ${percent(law.meanError)}, p50/p95/p99 by up to ${percent(law.quantileError)}`;
    const of = what === "input" && sessions !== undefined ? "first input" : what;
    lines.push(`  ${law.passes ? " " : "!"} ${of} tokens: ${law.name}; ${errors}, distance ${short(law.distance)}`);
  }
  if (correlation !== undefined) lines.push(`    correlation of input and output: ${correlation}`);
  for (const other of others) {
    const far = other.comparisons.filter((each) => !each.passes).map((each) => `${each.name} ${short(each.fitted)}`);
    lines.push(`    not taken: ${other.name}${other.passes ? "" : `, fails: ${far.join(", ")}`}`);
  }
  return lines.join("\n");
}

function sessionsText(fit: NonNullable<ClassFit["sessions"]>): string {
  const { sessions, turnsMean, contextShare, hasLatencies, meanError, quantileError, passes } = fit;
  const far = `prompts of all turns: mean off by ${percent(meanError)}, p50/p95/p99 by up to ${percent(quantileError)}`;
  const told = hasLatencies ? "" : "; the recording tells no latencies, so think times hold those of the answers";
  return `  ${passes ? " " : "!"} ${sessions.toLocaleString("en-US")} sessions of ${short(turnsMean)} turns, ${percent(contextShare)} of later prompts said before; ${far}${told}`;
}

function trafficYaml(
  { classes, passes }: TrafficFit,
  { name, columns, sha256 }: ReadTraffic,
  world: WorldCheck | undefined,
): string {
  const rows = columns.arrivalMs.length.toLocaleString("en-US");
  const head = [
    `# Fitted by meridian traffic fit to ${rows} requests of ${printableName(name)}, sha256 ${sha256.slice(0, 12)}.`,
    ...(world === undefined
      ? []
      : [`# Checked in ${printableName(world.scenario)}: ${world.passes ? "as recorded" : "NOT as recorded"}.`]),
    passes ? "# The fit passes." : "# The fit FAILS: see what meridian traffic fit prints before you use it.",
  ];
  const traffic = classes.map((each) => ({
    class: each.name.slice(0, 60),
    arrivals: arrivalsYaml(each.arrivals[0]!.spec),
    tokens: {
      ...(each.input === undefined ? {} : { input: lawYaml(each.input.spec) }),
      ...(each.output === undefined ? {} : { output: lawYaml(each.output.spec) }),
      ...(each.correlation === undefined ? {} : { correlation: each.correlation }),
      ...(each.maxTokens === undefined ? {} : { maxTokens: lawYaml(each.maxTokens) }),
      ...(each.prefix === undefined ? {} : { prefix: { ...each.prefix, tokens: lawYaml(each.prefix.tokens) } }),
    },
    ...(each.sessions === undefined ? {} : { sessions: sessionsYaml(each.sessions.spec) }),
    ...(Object.keys(each.origins).length === 0 ? {} : { origin: each.origins }),
  }));
  const document = new Document({ traffic });
  // Lists of numbers stand on one line.
  visit(document, {
    Seq: (_key, list) => void (list.flow = list.items.every((each) => isScalar(each) || isFlow(each))),
  });
  return `${head.join("\n")}\n${document.toString({ lineWidth: 0, flowCollectionPadding: false })}`;
}

/** Whether an entry is a pair of numbers. */
function isFlow(entry: unknown): boolean {
  return isSeq(entry) && entry.items.every(isScalar);
}

function sessionsYaml({ turns, thinkMs, message, contextMax }: DrawnSessions): object {
  return {
    turns: turns === null ? "unlimited" : lawYaml(turns),
    thinkTime: lawYaml(thinkMs, "ms"),
    message: lawYaml(message),
    ...(contextMax === null ? {} : { contextMax }),
  };
}

function arrivalsYaml(spec: ArrivalSpec): object {
  if (spec.process === "poisson") return { poisson: perS(spec.ratePerS) };
  if (spec.process === "gamma") return { gamma: { rate: perS(spec.ratePerS), cv: digits(spec.cv) } };
  if (spec.process === "renewal") return { renewal: { interarrival: lawYaml(spec.interarrival, "ms") } };
  if (spec.process === "diurnal" && spec.shape.kind === "weights") {
    const { weights, period = "day" } = spec.shape;
    return { diurnal: { rate: perS(spec.ratePerS), shape: { [period]: weights, zone: "utc" }, cv: spec.cv } };
  }
  if (spec.process === "steps") {
    const { ratePerS, stepMs, weights, cv } = spec;
    return { steps: { rate: perS(ratePerS), step: `${stepMs}ms`, weights, ...(cv === 1 ? {} : { cv }) } };
  }
  if (spec.process === "flash") {
    const { ratePerS, atMs, forMs, factor } = spec;
    return { flash: { rate: perS(ratePerS), at: `${Math.round(atMs)}ms`, for: `${forMs}ms`, factor } };
  }
  if (spec.process !== "mmpp") throw new Error(`no YAML form of ${spec.process}`);
  return {
    mmpp: {
      ...(spec.stepMs === undefined ? {} : { step: `${spec.stepMs}ms` }),
      states: spec.states.map(({ ratePerS, meanStayMs, next }) => ({
        rate: perS(ratePerS),
        stay: `${meanStayMs}ms`,
        ...(next === undefined ? {} : { next }),
      })),
    },
  };
}

function lawYaml(spec: LawSpec, unit = ""): unknown {
  if (spec.kind === "constant") return unit === "" ? spec.value : `${spec.value}${unit}`;
  const { kind, ...rest } = spec as { kind: string } & Record<string, unknown>;
  const values = Object.entries(rest).map(([key, value]) => {
    if (unit !== "" && key === "quantiles") {
      return [key, (value as [number, number][]).map(([share, each]) => [share, `${each}${unit}`])] as const;
    }
    const isQuantity = unit !== "" && (key === "mean" || key === "scale");
    return [key, isQuantity ? `${digits(Number(value))}${unit}` : value] as const;
  });
  return { [kind]: Object.fromEntries(values) };
}

function perS(rate: number): string {
  return `${digits(rate)}/s`;
}

function digits(value: number): number {
  return Number(value.toPrecision(6));
}

function printableName(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, "?").slice(0, 200);
}

function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "none";
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
