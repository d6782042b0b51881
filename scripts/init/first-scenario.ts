/**
 * A first scenario, about thirty lines, each of which says what to put in its place: made from the answers to five questions,
 * from what a file of recorded calls answers by itself, and from what stands for no answer.
 */
import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import { stringify } from "yaml";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { nearNames } from "../../simulator/base/near-names.ts";
import { parseCount, parseDurationMs, parseRatePerS } from "../../simulator/base/quantities.ts";
import { AWS_REGIONS } from "../../simulator/base/regions.ts";
import { describeTraffic, type TrafficDescription } from "../../simulator/traffic/describe.ts";
import { shortModelName } from "../../simulator/traffic/labels.ts";
import type { CommonOptions } from "../commands/command.ts";
import { loadReference } from "../io/reference.ts";
import { readTraffic } from "../traffic/read.ts";

export interface ScenarioTextInput {
  /** Of the scenario, in any spelling. */
  readonly name: string;
  readonly answers: Answers;
  /** Where editors find the schema, relative to the scenario's folder. */
  readonly schema: string;
  /** Profiles through which the model is sold, where it is not sold in the regions alone; else none. */
  readonly profiles: readonly string[];
  /** Regions where these may run calls too. */
  readonly reached: readonly string[];
}

/** The text of the file. */
export function scenarioText({ name, answers, schema, profiles, reached }: ScenarioTextInput): string {
  const { regions, model, objective, quota, recorded } = answers;
  const targets = profiles.length > 0 ? profiles : regions;
  const lines = [
    `# yaml-language-server: $schema=${schema}`,
    "# Which routing of these calls is fastest, which is cheapest? Check it, change it, simulate it; nothing is called.",
    `name: ${scalar(slug(name))}`,
    "seed: 1                # the same seed draws the same traffic",
    ...(recorded?.start === null || recorded?.start === undefined ? [] : [`start: ${recorded.start}`]),
    `duration: ${recorded === null ? "1h" : `${recorded.minutes}m`}${recorded === null ? "           # of the busiest time of the day" : ""}`,
    "replications: 5        # more of them make the intervals narrower",
    "world:",
    `  regions: [${[...regions, ...reached].join(", ")}]`,
    ...(reached.length === 0
      ? []
      : ["  # The profiles may run calls in any of these; they are called as these targets:"]),
    ...(profiles.length === 0 ? [] : [`  targets: [${profiles.join(", ")}]`]),
    "  models:",
    "    main:",
    `      id: ${scalar(model)}   # list prices and limits come with the id`,
    "      # How fast it answers, and how much slower under load: a guess, as AWS publishes none. meridian calibrate",
    "      # fits it to your own measurements: do so before a decision hangs on it.",
    "      capacity:",
    "        { kind: batching, stepBase: 9ms, stepPerSequence: 0.2ms, prefill: { base: 400ms, perToken: 0.1ms }, maxBatch: 64 }",
    ...quotaLines(quota),
    "traffic:",
    "  - class: calls       # one entry for each kind of call: chat, code, nightly batch ...",
    ...(recorded === null ? drawnLines(answers) : recordedLines(recorded)),
    `    origin: ${regions[0]}   # where the callers are${recorded === null ? "" : ", unless a recorded call says so"}; or shares: { ${regions[0]}: 0.7, ${regions[1] ?? "eu-west-1"}: 0.3 }`,
    `    slo: { e2e: ${objective}, share: 95% }   # 95 % of the calls are to be answered within it`,
    "client: { retry: standard, timeout: 60s }   # what the AWS SDK does by itself",
    "strategies:            # the first is what the others are compared with; all of them: meridian list strategies",
    `  - { name: home, single: { target: ${targets[0]} } }`,
    ...(targets.length < 2
      ? []
      : [`  - { name: fallback, priority: { targets: [${targets.join(", ")}] } }`, "  - least-outstanding"]),
  ];
  return `${lines.join("\n")}\n`;
}

function quotaLines(quota: string | null): readonly string[] {
  if (quota === null)
    return ["  # quotas: [{ tokensPerMinute: 200k }]   # none is set; yours are in the Service Quotas console"];
  return [`  quotas: [{ tokensPerMinute: ${quota} }]   # in each region; yours are in the Service Quotas console`];
}

const DRAWN_TOKENS =
  "    tokens: { input: { lognormal: { mean: 1200, cv: 1 } }, output: { lognormal: { mean: 250, cv: 0.8 } }, maxTokens: 1000 }";

function drawnLines({ rate }: Answers): readonly string[] {
  return [
    `    arrivals: { poisson: ${rate} }   # at the busiest time; your own calls: meridian init --from calls.csv`,
    DRAWN_TOKENS,
  ];
}

function recordedLines({ trace, requests, tokens, reading }: RecordedCalls): readonly string[] {
  const options = [`trace: ${scalar(trace)}`, "tile: true", "shift: random", ...reading];
  const arrivals = `    arrivals: { ${options.join(", ")} }   # scale: 3 sends three times as many`;
  const calls = `${requests.toLocaleString("en-US")} recorded calls`;
  if (tokens === null)
    return [`    # ${calls}; they do not say how long they are, so lengths are drawn.`, arrivals, DRAWN_TOKENS];
  const lengths = `${Math.round(tokens.inputMean)} tokens in and ${Math.round(tokens.outputMean)} out on average`;
  // Less than the longest answer would be more than the calls had asked for.
  const maxTokens = Math.max(1000, Math.ceil(tokens.outputMax / 100) * 100);
  return [
    `    # ${calls}, ${lengths}.`,
    arrivals,
    `    tokens: { maxTokens: ${maxTokens} }   # of calls that record none; a quota reserves it when the call starts`,
  ];
}

/** A text as a YAML scalar within a flow collection. */
function scalar(text: string): string {
  return /^[\w./:-]+$/.test(text) && !text.endsWith(":") ? stringify(text).trim() : JSON.stringify(text);
}

/** A name as scenarios have it: lower case, without what paths and shells would trip over. */
function slug(name: string): string {
  const kept = name
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "")
    .slice(0, 48);
  return kept === "" ? "scenario" : kept;
}

/** Recorded calls that are replayed, and what was seen in them. */
export interface RecordedCalls {
  /** A bundled recording's name, or a path relative to the scenario's folder. */
  readonly trace: string;
  readonly requests: number;
  /** Whole minutes, at least 1, at most a day. */
  readonly minutes: number;
  /** ISO 8601 in UTC; null where times count from a start. */
  readonly start: string | null;
  /** Null where the calls do not say their lengths. */
  readonly tokens: { readonly inputMean: number; readonly outputMean: number; readonly outputMax: number } | null;
  /** Options beside the trace that say how its file is read, as YAML. */
  readonly reading: readonly string[];
}

/** Texts as a scenario has them. */
export interface Answers {
  /** The first is home. */
  readonly regions: readonly string[];
  /** Bedrock id. */
  readonly model: string;
  /** Calls at the busiest time of the day, like `2/s` or `50k/d`; unused where calls are recorded. */
  readonly rate: string;
  /** Time for a whole answer, like `20s`. */
  readonly objective: string;
  /** Tokens a minute in each region; null = no limit is set. */
  readonly quota: string | null;
  readonly recorded: RecordedCalls | null;
}

export const DEFAULTS: Answers = {
  regions: ["us-east-1", "us-west-2"],
  model: "amazon.nova-pro-v1:0",
  rate: "2/s",
  objective: "20s",
  quota: "200k",
  recorded: null,
};

/** The questions that are answered by a line of text. */
export type Question = "regions" | "model" | "rate" | "objective" | "quota";

/** Says what is wrong with an answer, and how to write it; undefined where nothing is. */
export const FAULTS: Readonly<Record<Question, (text: string) => string | undefined>> = {
  regions: (text) => {
    const names = regionsOf(text);
    if (names.length === 0) return "name at least one region, like us-east-1,eu-west-1";
    const known = AWS_REGIONS.map(({ id }) => id);
    const unknown = names.find((name) => !known.includes(name));
    if (unknown === undefined) return undefined;
    const near = nearNames(unknown, known)[0];
    return `there is no region "${unknown}"${near === undefined ? "; see meridian list regions" : `; did you mean ${near}?`}`;
  },
  model: (text) => (/^[\w.:-]+$/.test(text) ? undefined : "write a Bedrock model id, like amazon.nova-pro-v1:0"),
  rate: (text) => (isAbove0(parseRatePerS(text)) ? undefined : "write a rate, like 2/s, 300/min or 50k/d"),
  objective: (text) => (isAbove0(parseDurationMs(text)) ? undefined : "write a time, like 20s or 800ms"),
  quota: (text) =>
    text === "none" || isAbove0(parseCount(text)) ? undefined : "write tokens a minute, like 200k or 1.5M; or none",
};

/**
 * Answers from options, the defaults for what is not given.
 *
 * @throws MeridianError usage INIT_ANSWER, one problem for each answer that cannot be read
 */
export function answersFrom(given: Readonly<Partial<Record<Question, string>>>, base: Answers): Answers {
  const problems = Object.entries(given).flatMap(([question, text]): Problem[] => {
    const fault = FAULTS[question as Question](text);
    if (fault === undefined) return [];
    return [{ code: "INIT_ANSWER", where: `--${question}`, what: `"${text}" cannot be used`, fix: fault }];
  });
  if (problems.length > 0) throw new MeridianError("usage", problems);
  return {
    ...base,
    regions: given.regions === undefined ? base.regions : regionsOf(given.regions),
    model: given.model ?? base.model,
    rate: given.rate ?? base.rate,
    objective: given.objective ?? base.objective,
    quota: given.quota === undefined ? base.quota : given.quota === "none" ? null : given.quota,
  };
}

/** @example regionsOf("us-east-1, eu-west-1") // => ["us-east-1", "eu-west-1"] */
export function regionsOf(text: string): readonly string[] {
  return [...new Set(text.split(/[\s,]+/).filter((name) => name !== ""))];
}

function isAbove0(value: number | undefined): boolean {
  return value !== undefined && Number.isFinite(value) && value > 0;
}

const MINUTE_MS = 60_000;
const MINUTES_MAX = 24 * 60;
/** So short a recording is repeated for an hour. */
const MINUTES_MIN = 60;
const REGIONS_MAX = 4;

/**
 * Reads the calls as `traffic describe` does.
 *
 * @param folder where the scenario will be: the path of the calls is relative to it
 * @returns answers that the calls give, the defaults for the rest
 * @throws MeridianError data TRACE_*
 */
export async function recordedAnswers(from: string, folder: string, options: CommonOptions): Promise<Answers> {
  const { columns, format, notes } = await readTraffic([from], options);
  const seen = describeTraffic(columns, notes);
  const { models } = await loadReference();
  // Descriptions shorten names; the facts know whole ids, profiles and ARNs.
  const most = columns.modelNames?.find((name) => shortModelName(name) === seen.models[0]?.name);
  const way = relative(folder, resolve(from)).replaceAll("\\", "/");
  return {
    ...DEFAULTS,
    regions: regionsSeen(seen),
    model: (most === undefined ? undefined : models.idOf(most)) ?? DEFAULTS.model,
    recorded: {
      trace: format === "bundled" && !existsSync(from) ? from : way,
      requests: seen.rows,
      minutes: Math.min(MINUTES_MAX, Math.max(MINUTES_MIN, Math.ceil(seen.spanMs / MINUTE_MS))),
      start: seen.start,
      tokens:
        seen.input.known === 0 || seen.output.known === 0
          ? null
          : { inputMean: seen.input.mean, outputMean: seen.output.mean, outputMax: seen.output.max },
      reading: typeof options.format === "string" ? [`format: ${options.format}`] : [],
    },
  };
}

/** The regions that calls came from, the busiest first, with the default ones where there is but one. */
function regionsSeen({ origins }: TrafficDescription): readonly string[] {
  const known = new Set(AWS_REGIONS.map(({ id }) => id));
  const seen = origins.map(({ name }) => name).filter((name) => known.has(name));
  if (seen.length > 1) return seen.slice(0, REGIONS_MAX);
  return [...new Set([...seen, ...DEFAULTS.regions])].slice(0, 2);
}
