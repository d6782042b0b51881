/** `meridian sweep`: one scenario at many points, each run once, kept, and never run again. */
import { join } from "node:path";
import { InvalidArgumentError } from "commander";
import writeFileAtomic from "write-file-atomic";
import { renderSweepText } from "../../reports/sweep/text.ts";
import type { SweepReport } from "../../reports/sweep/words.ts";
import { EXIT_CODES, formatProblem, MeridianError } from "../../simulator/base/errors.ts";
import { DESIGNS } from "../../simulator/sweep/designs/index.ts";
import { distinct } from "../../simulator/sweep/job.ts";
import { type AskedQuestion, SWEEP_METRICS } from "../../simulator/sweep/points.ts";
import { environmentProblem, makeFolder } from "../io/text-files.ts";
import { openStore } from "../sweep/open-store.ts";
import { planRounds, runRounds } from "../sweep/plan-sweep.ts";
import { estimateSweep, estimateText } from "../sweep/run-sweep.ts";
import { sweepId, sweepText } from "../sweep/sweep-file.ts";
import { JOBS, readFolder, reportOf, writeFolder } from "../sweep/sweep-report.ts";
import { askedQuestion, plannedSweep, type QuestionWords, type SpecOptions } from "../sweep/sweep-spec.ts";
import { type CommandDefinition, type CommandInput, jsonDocument } from "./command.ts";
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
    [
      "meridian sweep a.yaml --vary 'traffic[0].arrivals.scale=0.5..4x8' --adaptive",
      "adds points until the crossing is narrow",
    ],
    ["meridian sweep grid.yaml", "the same from a file: scenario, vary, design, metric, adaptive, ..."],
    ["meridian sweep a.yaml --vary 'seed=1..1000x1000' --estimate", "how long, on which machines, what it costs"],
    ["meridian sweep a.yaml --vary ... --plan", "writes the job file only, for other machines"],
    ["meridian sweep report runs/sweeps/a-0011223344 --metric cost", "the report again, of another metric"],
  ],
  configure: (command) => {
    command
      .argument("<scenario>", "scenario, a sweep file that names one, or report")
      .argument("[folder]", "of report: a sweep's folder, whose page is written again");
    addScenarioOptions(command);
    command
      .option("--vary <path=values...>", "a factor: low..high, low..highx8, 'low..high log', [list] or one value")
      .option("--design <name>", `${DESIGNS.map(({ name }) => name).join(", ")}; grid unless given`)
      .option(
        "--points <n>",
        "points of a design that samples, or at most with --adaptive; 64 unless given",
        wholeNumber(1),
      )
      .option("--strategy <name...>", "only these strategies")
      .option("--metric <name>", `${SWEEP_METRICS.join(", ")}; p95 unless given`)
      .option("--class <name>", "the class that is asked about; the first with an objective unless given")
      .option("--adaptive", "over one range: add points around the crossing and the knee until its interval is narrow")
      .option(
        "--tolerance <share>",
        "with --adaptive: how wide the interval may be, of the value there; 5% unless given",
      )
      .option("--objective <value>", "limit of the metric: 8s, 1%, 2.5; the class's own unless given")
      .option("--workers <n>", "worker threads; the result does not depend on it", wholeNumber(1))
      .option(
        "--out <dir>",
        "folder that receives the sweep's folder and the results of its jobs",
        join(RUNS_FOLDER, "sweeps"),
      )
      .option("--redis <url>", "send the jobs to meridian worker processes instead of running them here")
      .option("--store <place>", "where results of jobs live; the folder `jobs` in --out unless given")
      .option("--estimate", "run a few variants and say what the rest would take, where, and what it costs")
      .option("--usd-per-core-hour <usd>", "with --estimate: what a core costs an hour", positive, 0.015)
      .option("--plan", "write the job file and stop: run it with meridian shard on any machines");
  },
  run: runSweepCommand,
};

async function runSweepCommand(input: CommandInput): Promise<number> {
  const { args, options, terminal, signal } = input;
  if (args[0] === "report") return reportAgain(input);
  if (args[1] !== undefined) {
    const fix = "give one scenario, or: meridian sweep report FOLDER";
    throw new MeridianError("usage", { code: "SWEEP_ACTION", what: `"${args[1]}" is one argument too many`, fix });
  }
  const { sweep, base, asked } = await plannedSweep(args[0]!, options as SpecOptions, overridesOf(options));
  const out = String(options.out);
  const folder = join(out, `${sweep.name}-${sweepId(sweep)}`);
  const place = (options.store as string | undefined) ?? null;
  const store = openStore(place ?? join(out, JOBS));
  const jobFile = join(folder, "sweep.json");
  if (options.estimate === true) {
    const usdPerCoreHour = options.usdPerCoreHour as number;
    const estimate = await estimateSweep(sweep, store, { usdPerCoreHour, signal });
    terminal.out(options.json === true ? jsonDocument("sweep estimate", { ...estimate }) : estimateText(estimate));
    return EXIT_CODES.ok;
  }
  if (options.plan === true) {
    const planned = await planRounds(sweep, base, store);
    const jobs = distinct(planned.jobs).length;
    await write(jobFile, sweepText(planned));
    const id = sweepId(planned);
    // Where machines share a store, the job file need not be brought to them.
    if (place !== null) await store.writeSweep(id, sweepText(planned));
    terminal.out(options.json === true ? jsonDocument("sweep plan", { file: jobFile, id, jobs }) : jobFile);
    const what = place === null ? jobFile : `${id} --store ${place}`;
    terminal.note(`${jobs} jobs; run them with: meridian shard ${what} --index 0 --count 1`);
    return EXIT_CODES.ok;
  }
  await write(jobFile, sweepText(sweep));
  terminal.note(`${args[0]}: ${distinct(sweep.jobs).length} variants (${sweep.design}), results in ${folder}`);
  const { workers, redis } = options as { readonly workers?: number; readonly redis?: string };
  const finished = await runRounds(sweep, base, store, { workers, redisUrl: redis, terminal, signal });
  const { problems } = finished.found;
  for (const problem of problems) terminal.problem(formatProblem(problem));
  await show(folder, { report: reportOf(finished.sweep, finished.found, asked), asked, place }, input);
  return problems.length > 0 ? EXIT_CODES.data : EXIT_CODES.ok;
}

/** The page and the answer of a sweep that has run, perhaps of another metric, class or objective. */
async function reportAgain(input: CommandInput): Promise<number> {
  const [, folder] = input.args;
  if (folder === undefined) {
    const fix = "write meridian sweep report runs/sweeps/NAME";
    throw new MeridianError("usage", { code: "SWEEP_ACTION", what: "which sweep is to be reported?", fix });
  }
  const { sweep, found, asked, store } = await readFolder(folder);
  const now = askedQuestion(input.options as QuestionWords, asked);
  await show(folder, { report: reportOf(sweep, found, now), asked: now, place: store }, input);
  return EXIT_CODES.ok;
}

/** What a sweep found, the question that it was put, and where its jobs' results are (null: beside the folder). */
interface Shown {
  readonly report: SweepReport;
  readonly asked: AskedQuestion;
  readonly place: string | null;
}

async function show(
  folder: string,
  { report, asked, place }: Shown,
  { options, terminal }: CommandInput,
): Promise<void> {
  const page = await writeFolder(folder, report, asked, place);
  const { sweep, answers, done } = report;
  const jobs = distinct(sweep.jobs).length;
  if (options.json === true) terminal.out(jsonDocument("sweep", { ...answers[0], answers, done, jobs, report: page }));
  else terminal.out(renderSweepText(report, { colour: terminal.colour, width: terminal.width }));
  terminal.note(`report: ${page}, points: ${join(folder, "points.csv")}`);
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("It must be a number above 0.");
}

async function write(path: string, text: string): Promise<void> {
  try {
    await makeFolder(join(path, ".."));
    await writeFileAtomic(path, text);
  } catch (error) {
    const fix = "name another folder with --out";
    throw new MeridianError("environment", environmentProblem("SWEEP_NOT_WRITTEN", error, path, fix), { cause: error });
  }
}
