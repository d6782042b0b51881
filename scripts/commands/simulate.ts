/** `meridian simulate`: runs every strategy of a scenario on the same traffic and saves the run. */

import { join } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import { latencyView } from "../../reports/base/latency-view.ts";
import { explainedText } from "../../reports/tables/explained.ts";
import { EXIT_CODES, formatProblem, MeridianError, printable } from "../../simulator/base/errors.ts";
import type { PrecisionTarget } from "../../simulator/experiment/precision.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import { BadRows } from "../../simulator/traffic/bad-rows.ts";
import { isDecided, questionOf, type Ranking, rankingOf, rankingText } from "../compare/ranking.ts";
import { openEvidence, withEvidence } from "../io/evidence.ts";
import { type PreparedExperiment, prepareExperiment } from "../io/experiment.ts";
import type { Override } from "../io/overrides.ts";
import { jobsOf, runShown } from "../io/run-experiment.ts";
import { imprecise, precisionRule, runInStages } from "../io/run-precise.ts";
import { requireStore } from "../io/run-store.ts";
import { type SavedExperiment, saveExperiment } from "../io/save-experiment.ts";
import type { Terminal } from "../io/terminal.ts";
import { appendJobSummary, stableJson } from "../io/text-files.ts";
import { interrupted } from "../io/worker-pool.ts";
import { explorableOf } from "../playground/load.ts";
import type { LogTraffic } from "../traffic/log-classes.ts";
import { createProgressFile } from "../view/progress-file.ts";
import type { CommandDefinition, CommandInput, CommonOptions } from "./command.ts";
import {
  addBadRowOptions,
  addScenarioOptions,
  badRowsOf,
  overridesOf,
  pairsOf,
  RUNS_FOLDER,
  wholeNumber,
} from "./options.ts";

export const simulateCommand: CommandDefinition = {
  examples: [
    ["meridian simulate scenarios/flagship.yaml", "runs it, prints the table and where the report is"],
    ["meridian simulate a.yaml --replications 5 --seed 7", "changes two numbers of the scenario"],
    ["meridian simulate a.yaml --set world.prices.billing=destination", "changes any value"],
    ["meridian simulate a.yaml --strategy cheapest single", "runs only these strategies"],
    ["meridian simulate a.yaml --precision 2%", "adds replications until each interval is within 2 % of its value"],
    [
      "meridian simulate a.yaml --delta 200ms --budget 5m",
      "which is fastest, or that no difference above 200 ms is left",
    ],
    [
      "meridian simulate month.yaml --slices 96x2m",
      "a sample of a run that is too long to simulate whole, with its error",
    ],
    ["meridian simulate a.yaml --audit audit.csv", "also writes where each request was sent, ran and what it cost"],
    [
      "meridian simulate a.yaml --explain 10",
      "what ten decisions saw, scored and chose, and what hindsight would have",
    ],
    ["meridian simulate my-world.yaml --traffic s3-logs/", "runs a log's own requests in that world"],
    ["meridian simulate a.yaml --explorable", "a report in which sliders change the load, the quotas and more"],
    ["meridian simulate a.yaml --json | jq '.strategies[].name'", "the result as one JSON document"],
  ],
  configure: (command) => {
    command.argument("<scenario>", "scenario file");
    addScenarioOptions(command);
    command
      .option("--strategy <name...>", "only these strategies; the first of them becomes the baseline if it is left out")
      .option("--workers <n>", "worker threads; the result does not depend on it", wholeNumber(1))
      .option("--out <dir>", "folder that receives the run's folder", RUNS_FOLDER)
      .option("--slices <kxlength>", "simulate slices of time as a sample of a long run, e.g. 48x2m", sliceSpec)
      .option("--precision <share>", "add replications until what assert reads (or p95 and cost) is within it, e.g. 2%")
      .option("--budget <time>", "add no replications that would take longer than this in all, e.g. 5m")
      .option(
        "--delta <amount>",
        "rank by p95 (200ms) or USD per 1,000 served (0.05); smaller differences do not matter, and with --precision or --budget replications are added until it is settled",
      )
      .option("--audit <file>", "write one record per request of one replication to a .jsonl or .csv file")
      .option("--cloudwatch <file>", "write CloudWatch metrics of one strategy, by minute, in GetMetricData's shape")
      .option("--audit-strategy <name>", "only this strategy; --cloudwatch takes the baseline unless named")
      .option(
        "--audit-replication <n>",
        "which replication, counted from 0 as in result.json; 0 unless given",
        wholeNumber(0),
      )
      .addOption(
        new Option(
          "--foresight",
          "what plans that know the traffic reach above the bound; takes runs of its own",
        ).conflicts("precision"),
      )
      .option("--explain <n>", "explain the decisions about n requests; takes a run for each target", wholeNumber(1))
      .option("--traffic <log>", "take the traffic from this file or folder of any format, in place of the scenario's")
      .option("--traffic-format <name>", "with --traffic: its format, where it is not to be found")
      .option("--traffic-tag <key>", "with --traffic: the tag whose values are classes; team and the like unless given")
      .option("--tags <file>", "with --traffic: rules that tag requests which lack a tag, as meridian import has them")
      .option("--map-model <from=to...>", "with --traffic: the scenario's model for one of the log", [])
      .option("--explorable", "put the simulator into the report, to try other numbers in the page; up to 1.5 MB more")
      .option("--print-config", "print the scenario as it would run, and stop");
    addBadRowOptions(command);
  },
  run: runSimulate,
};

/** How many slices, and how long: `48x2m`. */
function sliceSpec(text: string): { readonly count: number; readonly length: string } {
  const match = /^(\d+)x(\S+)$/.exec(text);
  if (match !== null) return { count: Number(match[1]), length: match[2]! };
  throw new InvalidArgumentError("Write for example 48x2m: 48 slices of two minutes.");
}

/** One value over each: a warm-up that the scenario gives to slices stays. */
function slicesOf(options: CommonOptions): readonly Override[] {
  const slices = options.slices as { readonly count: number; readonly length: string } | undefined;
  return Object.entries(slices ?? {}).map(([key, value]) => ({ path: ["slices", key], value, origin: "--slices" }));
}

async function runSimulate({ args, options, terminal, signal }: CommandInput): Promise<number> {
  const startedAt = new Date();
  const log = await logTraffic(args[0]!, options);
  const overrides = [...(log?.overrides ?? []), ...slicesOf(options), ...overridesOf(options)];
  const strategies = (options.strategy as readonly string[] | undefined) ?? [];
  const prepare = (all: readonly Override[]) =>
    prepareExperiment(args[0]!, {
      overrides: all,
      strategies,
      inputs: { badRows: badRowsOf(options), ...(log === undefined ? {} : { loaded: [log.trace] }) },
    });
  const experiment = await prepare(overrides);
  if (options.printConfig === true) {
    const origins = [...new Set(overrides.map((each) => `# set by ${each.origin}\n`))].join("");
    terminal.out(`${origins}${experiment.yaml}`.trimEnd());
    return EXIT_CODES.ok;
  }
  await requireStore(String(options.out));
  terminal.note(`${args[0]}: ${experiment.summary}`);
  for (const note of experiment.inputs.plan.notes) terminal.note(`note: ${printable(note)}`);
  if (experiment.inputs.plan.warmup.isAuto === true) terminal.note("warm-up auto: pilot runs of each strategy first");
  const rule = precisionRule(options);
  const ranked = rankedBy(options.delta, experiment);
  const evidence = await openEvidence(options, experiment.inputs.plan);
  const workers = options.workers as number | undefined;
  // Loading what renders the report takes as long as a worker's start.
  const onFree = () => void import("../../reports/index.ts");
  const shown = { workers, terminal, signal, foresight: options.foresight === true, onFree };
  const also = () => createProgressFile(String(options.out), args[0]!);
  let saved: SavedExperiment;
  let result: RunResult;
  let open: readonly PrecisionTarget[] = [];
  try {
    let ran = experiment;
    if (rule === undefined)
      result = await runShown(
        experiment,
        { ...shown, also: also() },
        withEvidence(jobsOf(experiment, workers), evidence),
      );
    else {
      const at = { path: ["replications"], origin: "--precision" };
      const rebuild = (replications: number) => prepare([...overrides, { ...at, value: replications }]);
      ({
        experiment: ran,
        result,
        open,
      } = await runInStages(rebuild, experiment, rule, {
        ...shown,
        also,
        isRanked: (found) => ranked === undefined || isDecided(ranked(found)),
      }));
    }
    if (options.explain !== undefined)
      result = await withExplained(ran, result, options.explain as number, terminal, signal);
    const explorable = options.explorable === true ? await explorableOf(ran.yaml, args[0]!) : undefined;
    if (explorable !== undefined && "absence" in explorable)
      terminal.note(`note: the report has no playground: ${printable(explorable.absence)}`);
    saved = await saveExperiment(ran, result, { out: String(options.out), startedAt, signal, explorable });
    await appendJobSummary(saved.markdown, process.env.GITHUB_STEP_SUMMARY);
    for (const file of (await evidence?.publish()) ?? []) terminal.note(`wrote ${file}`);
  } finally {
    await evidence?.discard();
  }
  await show(result, ranked?.(result), options.json === true, terminal);
  terminal.note(`report: ${join(saved.folder, "report.html")}`);
  return imprecise(open, rule, terminal) ? EXIT_CODES.assertion : verdictCode(result, terminal);
}

async function show(
  result: RunResult,
  ranking: Ranking | undefined,
  asJson: boolean,
  terminal: Terminal,
): Promise<void> {
  if (asJson) terminal.out(stableJson(ranking === undefined ? result : { ...result, ranking }).trimEnd());
  else {
    const { renderTerminal } = await import("../../reports/index.ts");
    terminal.out(renderTerminal(result, { colour: terminal.colour, width: terminal.width }));
    if (ranking !== undefined) terminal.out(`\n${rankingText(ranking).split("\n").map(printable).join("\n")}`);
    if (result.explained !== undefined) {
      terminal.out(`\nDecisions explained: ${printable(explainedText(result))}`);
    }
  }
}

/** Ranks by p95 of the class that the verdict is about, or by cost; undefined without `--delta`. */
function rankedBy(delta: unknown, { inputs }: PreparedExperiment): ((result: RunResult) => Ranking) | undefined {
  if (delta === undefined) return undefined;
  if (inputs.plan.strategies.length < 2) {
    const fix = "leave --delta out, or run two strategies or more";
    throw new MeridianError("usage", {
      code: "STATS_NOTHING",
      where: "--delta",
      what: "one strategy has no rank",
      fix,
    });
  }
  questionOf(String(delta), null);
  return (result) => rankingOf(result, questionOf(String(delta), latencyView(result).className));
}

/** A result with sampled decisions explained: more runs, in this thread. */
async function withExplained(
  experiment: PreparedExperiment,
  result: RunResult,
  count: number,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<RunResult> {
  const { EXPLAINED_MAX, explainDecisions } = await import("../../simulator/experiment/index.ts");
  if (count > EXPLAINED_MAX) {
    const fix = `give at most ${EXPLAINED_MAX}: --audit writes every request`;
    throw new MeridianError("usage", { code: "EXPLAIN_TOO_MANY", what: `${count} requests are too many`, fix });
  }
  terminal.note(`explaining the decisions about ${count} requests`);
  const work = explainDecisions(experiment.inputs.plan, count);
  for (let step = work.next(); ; step = work.next()) {
    if (step.done === true) return { ...result, explained: step.value };
    await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted) throw interrupted();
  }
}

/** The traffic of `--traffic`, read; undefined without it. */
async function logTraffic(file: string, options: CommonOptions): Promise<LogTraffic | undefined> {
  if (options.traffic === undefined) {
    if (options.tags === undefined) return undefined;
    const fix = "add --traffic, or write tags: beside trace: in the scenario";
    const what = "--tags is for requests of a log, and there is none";
    throw new MeridianError("usage", { code: "TRAFFIC_TAGS_ALONE", what, where: "--tags", fix });
  }
  const { trafficOfLog } = await import("../traffic/log-classes.ts");
  const reading = {
    format: (options.trafficFormat as string | undefined) ?? null,
    tag: (options.trafficTag as string | undefined) ?? null,
    badRows: new BadRows(badRowsOf(options)),
    tags: options.tags as string | undefined,
    models: pairsOf(options.mapModel as readonly string[], "--map-model"),
  };
  return trafficOfLog(file, String(options.traffic), reading, overridesOf(options));
}

function verdictCode(result: RunResult, terminal: Terminal): number {
  const failed = result.assertions.filter((each) => !each.passed);
  for (const each of failed) {
    terminal.problem(formatProblem({ code: "ASSERTION_FAILED", what: `${each.text}; found ${each.found}` }));
  }
  if (result.replications.done < result.replications.asked) {
    throw new MeridianError("internal", {
      code: "REPLICATIONS_MISSING",
      what: `${result.replications.done} of ${result.replications.asked} replications were done`,
    });
  }
  return failed.length > 0 ? EXIT_CODES.assertion : EXIT_CODES.ok;
}
