/** `meridian stats`: statistical procedures on plain data, and the best strategy of a saved run. */
import { readFileSync } from "node:fs";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { suggest } from "../../simulator/base/near-names.ts";
import { parseCount, parseDurationMs, parseShare } from "../../simulator/base/quantities.ts";
import { PROCEDURES } from "../../simulator/compare/procedures.ts";
import { isLatency, lessIsBetter } from "../../simulator/compare/result.ts";
import { bestOf, knSelect } from "../../simulator/compare/selection.ts";
import { type RunResult, SAMPLE_METRICS, type SampleMetric } from "../../simulator/experiment/result.ts";
import { environmentProblem } from "../io/text-files.ts";
import { findRuns } from "../store/find-runs.ts";
import { type CommandDefinition, type CommandInput, type CommonOptions, jsonDocument } from "./command.ts";
import { RUNS_FOLDER } from "./options.ts";

export const statsCommand: CommandDefinition = {
  examples: [
    ["meridian stats", "the procedures, each with an input as an example"],
    [`meridian stats holm '{"p":[0.01,0.04,0.03]}'`, "p-values after Holm's correction"],
    [`meridian stats rinott '{"k":10,"n0":20,"P":0.95}' --json`, "the answer as JSON"],
    ["meridian stats batch-means -", "reads the input from stdin"],
    [
      "meridian stats best --run latest --class chat --delta 200ms",
      "the fastest strategy, or that no difference above 200 ms is left",
    ],
  ],
  configure: (command) => {
    command
      .argument("[procedure]", "its name; without it all are listed")
      .argument("[input]", "the input as JSON, or - for stdin")
      .option("--run <run>", "best: the saved run whose strategies are ranked")
      .option("--metric <name>", "best: as result.json names it", "e2eMsP95")
      .option("--class <name>", "best: only this class of traffic")
      .option("--delta <amount>", "best: differences up to this do not matter, e.g. 200ms, 0.05 (USD), 1% (of a share)")
      .option("--out <dir>", "the runs folder", RUNS_FOLDER);
  },
  run: runStats,
};

async function runStats({ args, options, terminal }: CommandInput): Promise<number> {
  const [name, input] = args;
  if (name === undefined) {
    if (options.json === true)
      terminal.out(jsonDocument("procedures", { procedures: PROCEDURES.map(({ run: _, ...about }) => about) }));
    else
      for (const each of PROCEDURES)
        terminal.out(`${each.name.padEnd(18)} ${each.summary}\n${"".padEnd(18)} ${JSON.stringify(each.example)}`);
    return EXIT_CODES.ok;
  }
  const procedure = PROCEDURES.find((each) => each.name === name);
  if (procedure === undefined) {
    const fix = suggest(
      name,
      PROCEDURES.map((each) => each.name),
    );
    throw new MeridianError("usage", { code: "STATS_UNKNOWN", what: `there is no procedure "${name}"`, fix });
  }
  if (name === "best" && typeof options.run === "string") {
    await bestOfRun(options, terminal.out);
    return EXIT_CODES.ok;
  }
  const answer = procedure.run(parsed(input === "-" ? stdin() : input, procedure.example));
  if (options.json === true) terminal.out(jsonDocument("statistics", { procedure: name, answer }));
  else
    for (const [key, value] of Object.entries(answer))
      terminal.out(`${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return EXIT_CODES.ok;
}

function stdin(): string {
  try {
    return readFileSync(0, "utf8");
  } catch (error) {
    throw new MeridianError(
      "environment",
      environmentProblem("STATS_STDIN", error, "-", "pipe a JSON document into the command"),
      { cause: error },
    );
  }
}

function parsed(text: string | undefined, example: unknown): unknown {
  const fix = `an input looks like '${JSON.stringify(example)}'`;
  if (text === undefined) throw new MeridianError("usage", { code: "STATS_INPUT", what: "the input is missing", fix });
  try {
    return JSON.parse(text);
  } catch (error) {
    const what = `the input is not JSON (${error instanceof Error ? error.message : String(error)})`;
    throw new MeridianError("usage", { code: "STATS_INPUT", what, fix }, { cause: error });
  }
}

/** KN's first stage; runs of fewer replications have all of them in it. */
const FIRST_STAGE = 10;

/** Ranks the strategies of a run by one metric: the best by name, no difference above delta, or open. */
async function bestOfRun(options: CommonOptions, out: (text: string) => void): Promise<void> {
  const { result } = (await findRuns([String(options.run)], String(options.out)))[0]!;
  const metric = metricOf(String(options.metric));
  const delta = deltaOf(options.delta, metric);
  const { names, values } = samplesOf(result, metric, options.class as string | undefined);
  const sign = lessIsBetter(metric) === false ? -1 : 1;
  const signed = values.map((each) => each.map((value) => sign * value));
  const { least, answer, behind } = bestOf(signed, delta);
  const replications = signed[0]!.length;
  const kn =
    delta > 0 && replications >= 3 ? knSelect(signed, { delta, n0: Math.min(FIRST_STAGE, replications) }) : undefined;
  const sentence = {
    best: `${names[least]} is the best: shown against all others.`,
    equal: `No difference above ${String(options.delta ?? 0)}: ${names[least]} leads by chance or by less.`,
    open: `Open: ${names[least]} leads, but that is not shown${kn === undefined ? "" : `; at most ${kn.atMost} replications decide it`}.`,
  }[answer];
  const rows = behind.map(({ index, value, low, high }) => ({
    strategy: names[index]!,
    behind: value,
    low: finite(low),
    high: finite(high),
  }));
  const body = {
    metric,
    class: options.class ?? null,
    delta,
    replications,
    answer,
    best: names[least]!,
    sentence,
    behind: rows,
    knSurvivors: kn?.survivors.map((i) => names[i]!) ?? null,
    knAtMost: kn?.atMost ?? null,
  };
  if (options.json === true) out(jsonDocument("best", body));
  else {
    out(
      `${sentence} (${replications} paired replications, ${metric}${options.class === undefined ? "" : ` of ${String(options.class)}`}; intervals of all pairs together at 95 %)`,
    );
    for (const { strategy, behind: by, low, high } of rows)
      out(
        `  ${strategy}: behind by ${shown(by)} (${low === null ? "no interval" : `${shown(low)} to ${shown(high!)}`})`,
      );
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function metricOf(name: string): SampleMetric {
  const metric = SAMPLE_METRICS.find((each) => each === name);
  if (metric !== undefined && lessIsBetter(metric) !== null) return metric;
  throw new MeridianError("usage", {
    code: "STATS_METRIC",
    what: `strategies cannot be ranked by "${name}"`,
    where: "--metric",
    fix: suggest(name, SAMPLE_METRICS),
  });
}

function deltaOf(given: unknown, metric: SampleMetric): number {
  if (given === undefined) return 0;
  const text = String(given).replace(/\s*USD$/, "");
  const delta = isLatency(metric)
    ? parseDurationMs(text)
    : metric.endsWith("Share")
      ? parseShare(text)
      : parseCount(text);
  if (delta !== undefined && delta >= 0) return delta;
  throw new MeridianError("usage", {
    code: "STATS_DELTA",
    what: `"${String(given)}" is no difference of ${metric}`,
    where: "--delta",
    fix: isLatency(metric) ? "write 200ms" : metric.endsWith("Share") ? "write 1%" : "write 0.05",
  });
}

/** Values of each strategy, aligned; replications in which one has none are left out. */
function samplesOf(result: RunResult, metric: SampleMetric, className: string | undefined) {
  if (className !== undefined && !result.classes.some(({ name }) => name === className)) {
    const fix = suggest(
      className,
      result.classes.map(({ name }) => name),
    );
    throw new MeridianError("usage", {
      code: "STATS_CLASS",
      what: `the run has no class "${className}"`,
      where: "--class",
      fix,
    });
  }
  const all = result.strategies.map((strategy) => {
    const group = strategy.samples?.find(({ scope, name }) =>
      className === undefined ? scope === "total" : scope === "class" && name === className,
    );
    return { name: strategy.name, values: group?.values[metric] ?? [] };
  });
  const length = Math.max(0, ...all.map(({ values }) => values.length));
  const rows = [...Array(length).keys()].filter((r) => all.every(({ values }) => typeof values[r] === "number"));
  if (all.length < 2 || rows.length === 0) {
    const what =
      all.length < 2
        ? "the run has one strategy"
        : "the run has no replication in which all strategies have this metric";
    throw new MeridianError("data", {
      code: "STATS_NOTHING",
      what,
      fix: "simulate two strategies or more, with ten replications or more",
    });
  }
  return { names: all.map(({ name }) => name), values: all.map(({ values }) => rows.map((r) => values[r]!)) };
}
