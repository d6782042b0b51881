/** `meridian stats`: statistical procedures on plain data, and the best strategy of a saved run. */
import { readFileSync } from "node:fs";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import { PROCEDURES } from "../../simulator/compare/procedures.ts";
import { lessIsBetter } from "../../simulator/compare/result.ts";
import { SAMPLE_METRICS, type SampleMetric } from "../../simulator/experiment/result.ts";
import { deltaOf, rankingOf, rankingText } from "../compare/ranking.ts";
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
    const fix = suggestOneOf(
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

/** Ranks the strategies of a run by one metric: the best by name, no difference above delta, or open. */
async function bestOfRun(options: CommonOptions, out: (text: string) => void): Promise<void> {
  const { result } = (await findRuns([String(options.run)], String(options.out)))[0]!;
  const metric = metricOf(String(options.metric));
  const ranking = rankingOf(result, {
    metric,
    className: (options.class as string | undefined) ?? null,
    delta: deltaOf(options.delta, metric),
  });
  out(options.json === true ? jsonDocument("best", { ...ranking }) : rankingText(ranking));
}

function metricOf(name: string): SampleMetric {
  const metric = SAMPLE_METRICS.find((each) => each === name);
  if (metric !== undefined && lessIsBetter(metric) !== null) return metric;
  throw new MeridianError("usage", {
    code: "STATS_METRIC",
    what: `strategies cannot be ranked by "${name}"`,
    where: "--metric",
    fix: suggestOneOf(name, SAMPLE_METRICS),
  });
}
