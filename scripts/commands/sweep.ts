/** `meridian sweep`: one scenario at many points, each run once, kept, and never run again. */
import { mkdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { renderSweepText } from "../../reports/sweep/text.ts";
import type { SweepReport } from "../../reports/sweep/words.ts";
import { EXIT_CODES, formatProblem, MeridianError } from "../../simulator/base/errors.ts";
import { DESIGNS } from "../../simulator/sweep/designs/index.ts";
import { distinct, type SweepFile } from "../../simulator/sweep/job.ts";
import { SWEEP_METRICS } from "../../simulator/sweep/points.ts";
import type { AskedQuestion } from "../../simulator/sweep/question.ts";
import { prepareExperiment } from "../io/experiment.ts";
import { createStatusLine } from "../io/progress.ts";
import { environmentProblem } from "../io/text-files.ts";
import { askedQuestion, type QuestionWords } from "../sweep/ask.ts";
import type { JobStore } from "../sweep/job-store.ts";
import { openStore } from "../sweep/open-store.ts";
import { parseVary, planSweep } from "../sweep/plan-sweep.ts";
import { runSweep } from "../sweep/run-sweep.ts";
import { sweepId, sweepText } from "../sweep/sweep-file.ts";
import { checkGroup, readFolder, readRows, reportOf, writeFolder } from "../sweep/sweep-report.ts";
import { type CommandDefinition, type CommandInput, type CommonOptions, jsonDocument } from "./command.ts";
import { addScenarioOptions, overridesOf, RUNS_FOLDER, wholeNumber } from "./options.ts";

export const sweepCommand: CommandDefinition = {
  examples: [
    [
      "meridian sweep a.yaml --vary 'traffic[0].arrivals.scale=0.5..4x8' --objective 8s",
      "p95 against load, and where it crosses 8 s",
    ],
    [
      "meridian sweep a.yaml --vary 'world.quotas[0].tokensPerMinute=[200k, 400k]' --vary 'seed=[1, 2, 3]'",
      "every combination",
    ],
    ["meridian sweep a.yaml --vary 'client.timeout=5s..60s' --design tornado --metric failed", "each factor alone"],
    ["meridian sweep a.yaml --vary ... --plan", "writes the job file only, for other machines"],
    ["meridian sweep report runs/sweeps/a-0011223344 --metric cost", "the report again, of another metric"],
  ],
  configure: (command) => {
    command
      .argument("<scenario>", "scenario file, or report")
      .argument("[folder]", "of report: a sweep's folder, whose page is written again");
    addScenarioOptions(command);
    command
      .option("--vary <path=values...>", "a factor: low..high, low..highx8, 'low..high log', [list] or one value")
      .option("--design <name>", DESIGNS.map(({ name }) => name).join(", "), "grid")
      .option("--points <n>", "points of a design that samples", wholeNumber(1), 64)
      .option("--strategy <name...>", "only these strategies")
      .option("--metric <name>", `${SWEEP_METRICS.join(", ")}; p95 unless given`)
      .option("--class <name>", "the class that is asked about; the first with an objective unless given")
      .option("--objective <value>", "limit of the metric: 8s, 1%, 2.5; the class's own unless given")
      .option("--workers <n>", "worker threads; the result does not depend on it", wholeNumber(1))
      .option(
        "--out <dir>",
        "folder that receives the sweep's folder and the results of its jobs",
        join(RUNS_FOLDER, "sweeps"),
      )
      .option("--redis <url>", "send the jobs to meridian worker processes instead of running them here")
      .option("--store <place>", "where results of jobs live; the folder `jobs` in --out unless given")
      .option("--plan", "write the job file and stop: run it with meridian shard on any machines");
  },
  run: runSweepCommand,
};

async function runSweepCommand(input: CommandInput): Promise<number> {
  const { args, options, terminal } = input;
  if (args[0] === "report") return reportAgain(input);
  if (args[1] !== undefined) {
    const fix = "give one scenario, or: meridian sweep report FOLDER";
    throw new MeridianError("usage", { code: "SWEEP_ACTION", what: `"${args[1]}" is one argument too many`, fix });
  }
  const asked = askedQuestion(options as QuestionWords);
  const sweep = await planned(args[0]!, options);
  checkGroup(sweep, asked);
  const all = distinct(sweep.jobs);
  const out = String(options.out);
  const folder = join(out, `${sweep.name}-${sweepId(sweep)}`);
  const jobFile = join(folder, "sweep.json");
  await write(jobFile, sweepText(sweep));
  if (options.plan === true) {
    terminal.out(options.json === true ? jsonDocument("sweep plan", { file: jobFile, jobs: all.length }) : jobFile);
    terminal.note(`${all.length} jobs; run them with: meridian shard ${jobFile} --index 0 --count 1`);
    return EXIT_CODES.ok;
  }
  const store = openStore((options.store as string | undefined) ?? join(out, "jobs"));
  terminal.note(`${args[0]}: ${all.length} variants (${sweep.design}), results in ${folder}`);
  await runJobs(sweep, store, input);
  const { rows, done, problems } = await readRows(sweep, store);
  for (const problem of problems) terminal.problem(formatProblem(problem));
  await show(folder, reportOf(sweep, { rows, done }, asked), asked, input);
  return problems.length > 0 ? EXIT_CODES.data : EXIT_CODES.ok;
}

/** The page and the answer of a sweep that has run, perhaps of another metric, class or objective. */
async function reportAgain(input: CommandInput): Promise<number> {
  const [, folder] = input.args;
  if (folder === undefined) {
    const fix = "write meridian sweep report runs/sweeps/NAME";
    throw new MeridianError("usage", { code: "SWEEP_ACTION", what: "which sweep is to be reported?", fix });
  }
  const { sweep, found, asked } = await readFolder(folder);
  const now = askedQuestion(input.options as QuestionWords, asked);
  await show(folder, reportOf(sweep, found, now), now, input);
  return EXIT_CODES.ok;
}

async function show(
  folder: string,
  report: SweepReport,
  asked: AskedQuestion,
  { options, terminal }: CommandInput,
): Promise<void> {
  const page = await writeFolder(folder, report, asked);
  const { sweep, answers, done } = report;
  const jobs = distinct(sweep.jobs).length;
  if (options.json === true) terminal.out(jsonDocument("sweep", { ...answers[0], answers, done, jobs, report: page }));
  else terminal.out(renderSweepText(report, { colour: terminal.colour, width: terminal.width }));
  terminal.note(`report: ${page}, points: ${join(folder, "points.csv")}`);
}

async function runJobs(
  sweep: SweepFile,
  store: JobStore,
  how: Pick<CommandInput, "options" | "terminal" | "signal">,
): Promise<void> {
  const { options, terminal, signal } = how;
  if (typeof options.redis !== "string") {
    const workers = options.workers as number | undefined;
    const { ran, wereDone } = await runSweep(sweep, store, { jobs: sweep.jobs, workers, terminal, signal });
    terminal.note(`${ran} ran, ${wereDone} were done before`);
    return;
  }
  // Only sweeps over a queue load the code that speaks to it.
  const { sendAndWait } = await import("../sweep/queue.ts");
  const line = createStatusLine({
    stream: process.stderr,
    live: terminal.live,
    quiet: terminal.quiet,
    liveEveryMs: 500,
  });
  try {
    const onDone = (done: number, of: number) => line.show(`${done} of ${of} jobs done`);
    await sendAndWait(sweep, store, { redisUrl: options.redis, signal, onDone });
  } finally {
    line.stop();
  }
}

async function planned(file: string, options: CommonOptions): Promise<SweepFile> {
  const vary = (options.vary as readonly string[] | undefined) ?? [];
  if (vary.length === 0) {
    const fix = "give --vary path=low..high, as often as you like";
    throw new MeridianError("usage", { code: "SWEEP_EMPTY", what: "nothing is varied", where: "--vary", fix });
  }
  const base = await prepareExperiment(file, {
    overrides: overridesOf(options),
    strategies: (options.strategy as readonly string[] | undefined) ?? [],
  });
  return planSweep({
    name: basename(file, extname(file)),
    base,
    scenarioFile: file,
    factors: vary.map(parseVary),
    design: String(options.design),
    points: options.points as number,
    seed: (options.seed as number | undefined) ?? 1,
  });
}

async function write(path: string, text: string): Promise<void> {
  try {
    await mkdir(join(path, ".."), { recursive: true });
    await writeFileAtomic(path, text);
  } catch (error) {
    const fix = "name another folder with --out";
    throw new MeridianError("environment", environmentProblem("SWEEP_NOT_WRITTEN", error, path, fix), { cause: error });
  }
}
