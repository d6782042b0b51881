/**
 * What is to be swept and asked: a scenario with `--vary`, or a sweep file that says the same; a metric, a class and a limit. The
 * command line wins over the file.
 */
import { basename, dirname, extname, isAbsolute, join } from "node:path";
import { z } from "zod";
import { MeridianError } from "../../simulator/base/errors.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import { parseCount, parseDurationMs, parseShare } from "../../simulator/base/quantities.ts";
import { type AdaptiveRule, type Factor, parseRange, type SweepFile } from "../../simulator/sweep/job.ts";
import {
  type AskedQuestion,
  isLatency,
  questionsOf,
  SWEEP_METRICS,
  type SweepMetric,
} from "../../simulator/sweep/points.ts";
import { type PreparedExperiment, prepareExperiment } from "../io/experiment.ts";
import type { Override } from "../io/overrides.ts";
import { loadScenario, SCENARIO_BYTES_MAX } from "../io/scenario-file.ts";
import { readTextFile } from "../io/text-files.ts";
import { formatPath, parsePath, parseYaml } from "../io/yaml-source.ts";
import { classesOf, parseVary, planSweep } from "./plan-sweep.ts";
import { checkGroup } from "./sweep-report.ts";

const POINTS = 64;
const TOLERANCE = 0.05;

const valueForm = z.union([z.string(), z.number(), z.boolean()]);
const specForm = z.strictObject({
  scenario: z.string().min(1).describe("Scenario file, relative to this one"),
  vary: z
    .record(z.string(), z.union([valueForm, z.array(z.unknown()).min(1)]))
    .describe("Paths with a range, a list or one value"),
  set: z.record(z.string(), z.unknown()).default({}).describe("Values put over the scenario's, by path"),
  design: z.string().optional(),
  points: z.number().int().min(1).optional().describe("Points of a design that samples, or at most if adaptive"),
  strategies: z.array(z.string()).optional().describe("Only these"),
  replications: z.number().int().min(1).optional(),
  seed: z.number().int().min(0).optional(),
  metric: z.string().optional(),
  class: z.string().optional(),
  objective: valueForm.optional().describe("Limit of the metric, such as 8s or 1%"),
  adaptive: z
    .union([z.boolean(), z.strictObject({ tolerance: valueForm })])
    .default(false)
    .describe("Add points around the crossing and the knee"),
});
type SpecFile = z.output<typeof specForm>;

/** What the command line says. */
export interface SpecOptions extends QuestionWords {
  readonly vary?: readonly string[];
  readonly design?: string;
  readonly points?: number;
  readonly strategy?: readonly string[];
  readonly seed?: number;
  readonly adaptive?: boolean;
  readonly tolerance?: string;
}

/** A sweep as it was asked for, before any job has run. */
export interface PlannedSweep {
  readonly sweep: SweepFile;
  readonly base: PreparedExperiment;
  readonly asked: AskedQuestion;
}

/**
 * @param file      a scenario, or a sweep file
 * @param overrides of the command line
 * @throws MeridianError usage or data, with what is wrong and where
 */
export async function plannedSweep(
  file: string,
  options: SpecOptions,
  overrides: readonly Override[],
): Promise<PlannedSweep> {
  const spec = (await isSpec(file)) ? (await loadScenario(file, specForm)).value : undefined;
  const scenarioFile =
    spec === undefined || isAbsolute(spec.scenario) ? (spec?.scenario ?? file) : join(dirname(file), spec.scenario);
  const factors = factorsOf(spec, options.vary ?? [], file);
  const base = await prepareExperiment(scenarioFile, {
    overrides: [...overridesIn(spec, file), ...overrides],
    strategies: options.strategy ?? spec?.strategies ?? [],
  });
  const objective = options.objective ?? (spec?.objective === undefined ? undefined : String(spec.objective));
  const words = { metric: options.metric ?? spec?.metric, class: options.class ?? spec?.class, objective };
  const asked = askedQuestion(words);
  const classes = classesOf(base);
  checkGroup({ classes }, asked);
  const design = options.design ?? spec?.design ?? "grid";
  const points = options.points ?? spec?.points ?? POINTS;
  const tolerance = toleranceOf(spec, options);
  if (tolerance !== null) checkAdaptive(factors, design);
  const sweep = await planSweep({
    name: basename(file, extname(file)),
    base,
    scenarioFile,
    factors,
    design,
    points,
    seed: options.seed ?? spec?.seed ?? 1,
    adaptive: tolerance === null ? null : ruleOf(questionsOf(classes, asked), asked, { tolerance, pointsMax: points }),
  });
  return { sweep, base, asked };
}

/** A file with `vary` at its top level says what to sweep; a scenario has no such key. */
async function isSpec(file: string): Promise<boolean> {
  const form = { code: "SCENARIO", noun: "scenario file", bytesMax: SCENARIO_BYTES_MAX, kind: "usage" } as const;
  const source = parseYaml(await readTextFile(file, form), file);
  return "document" in source && source.document.has("vary");
}

function factorsOf(spec: SpecFile | undefined, vary: readonly string[], file: string): readonly Factor[] {
  const own = vary.map(parseVary);
  const isOwn = ({ path }: Factor) => own.some((each) => each.path === path);
  const factors = [
    ...Object.entries(spec?.vary ?? {})
      .map(([path, value]) => factorIn(pathOf(path, file), value))
      .filter((factor) => !isOwn(factor)),
    ...own,
  ];
  if (factors.length > 0) return factors;
  const fix = "give --vary path=low..high, as often as you like";
  throw new MeridianError("usage", { code: "SWEEP_EMPTY", what: "nothing is varied", where: "--vary", fix });
}

function factorIn(path: string, value: unknown): Factor {
  const range = typeof value === "string" ? parseRange(path, value) : undefined;
  return range ?? { kind: "list", path, values: Array.isArray(value) ? value : [value] };
}

/** A path as it is written everywhere. @throws MeridianError usage, SET_SYNTAX */
function pathOf(text: string, file: string): string {
  const path = parsePath(text);
  if (path !== undefined) return formatPath(path);
  const fix = "write for example traffic[0].arrivals.scale";
  throw new MeridianError("usage", {
    code: "SET_SYNTAX",
    where: file,
    what: `"${text}" is not a path in a scenario`,
    fix,
  });
}

function overridesIn(spec: SpecFile | undefined, file: string): readonly Override[] {
  if (spec === undefined) return [];
  const short = (["seed", "replications"] as const).flatMap((name) =>
    spec[name] === undefined ? [] : [[name, spec[name]] as const],
  );
  return [...Object.entries(spec.set), ...short].map(([path, value]) => ({
    path: parsePath(pathOf(path, file))!,
    value,
    origin: `${file} set ${path}`,
  }));
}

function toleranceOf(spec: SpecFile | undefined, options: SpecOptions): number | null {
  const inFile = spec?.adaptive ?? false;
  if (options.adaptive !== true && options.tolerance === undefined && inFile === false) return null;
  const text = options.tolerance ?? (typeof inFile === "object" ? String(inFile.tolerance) : undefined);
  if (text === undefined) return TOLERANCE;
  const share = parseShare(text);
  if (share !== undefined && share > 0) return share;
  const what = `"${text}" is not a share of the value at the crossing`;
  throw new MeridianError("usage", { code: "SWEEP_TOLERANCE", where: "--tolerance", what, fix: "write 5% or 0.05" });
}

/** @throws MeridianError usage, SWEEP_ADAPTIVE */
function checkAdaptive(factors: readonly Factor[], design: string): void {
  if (factors.length === 1 && factors[0]!.kind === "range" && design === "grid") return;
  const what = "points can be added over one range of a grid only";
  const fix = "vary one path=low..high, or leave out --adaptive";
  throw new MeridianError("usage", { code: "SWEEP_ADAPTIVE", where: "--adaptive", what, fix });
}

/** Of the class that was named, or else of every class with an objective; of none, the knee of the first is sought. */
function ruleOf(
  questions: AdaptiveRule["questions"],
  { group }: AskedQuestion,
  rest: Omit<AdaptiveRule, "questions">,
): AdaptiveRule {
  const [first, ...others] = questions;
  const more = group === null ? others.filter(({ objective }) => objective !== null) : [];
  return { questions: [first!, ...more], ...rest };
}

/** The question in the words of options or of a sweep file; what is left out is `before`'s. */
export interface QuestionWords {
  readonly metric?: string | undefined;
  readonly class?: string | undefined;
  readonly objective?: string | undefined;
}

const USUAL: AskedQuestion = { metric: "p95", group: null, objective: null };

/**
 * @param before what was asked before; another metric forgets its objective
 * @throws MeridianError usage, SWEEP_METRIC or SWEEP_OBJECTIVE
 */
export function askedQuestion(words: QuestionWords, before = USUAL): AskedQuestion {
  const metric = words.metric === undefined ? before.metric : metricOf(words.metric);
  const kept = metric === before.metric ? before.objective : null;
  return {
    metric,
    group: words.class ?? before.group,
    objective: words.objective === undefined ? kept : objectiveOf(metric, words.objective),
  };
}

function metricOf(name: string): SweepMetric {
  const metric = SWEEP_METRICS.find((each) => each === name);
  if (metric !== undefined) return metric;
  throw new MeridianError("usage", {
    code: "SWEEP_METRIC",
    what: `there is no metric "${name}"`,
    where: "--metric",
    fix: suggestOneOf(name, SWEEP_METRICS),
  });
}

/** Latencies in ms, shares in [0, 1], costs in USD per 1,000 served. */
function objectiveOf(metric: SweepMetric, text: string): number {
  const value = isLatency(metric) ? parseDurationMs(text) : metric === "cost" ? parseCount(text) : parseShare(text);
  if (value !== undefined) return value;
  const fix = isLatency(metric) ? "write 8s or 800ms" : metric === "cost" ? "write 2.5" : "write 1% or 0.01";
  throw new MeridianError("usage", {
    code: "SWEEP_OBJECTIVE",
    what: `"${text}" is not a value of ${metric}`,
    where: "--objective",
    fix,
  });
}
