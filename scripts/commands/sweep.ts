/** `meridian sweep`: one scenario at many points, each run once, kept, and never run again. */
import { mkdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { renderSweepText } from "../../reports/sweep/text.ts";
import { EXIT_CODES, formatProblem, MeridianError } from "../../simulator/base/errors.ts";
import { suggest } from "../../simulator/base/near-names.ts";
import { parseCount, parseDurationMs, parseShare } from "../../simulator/base/quantities.ts";
import type { SweepQuestion } from "../../simulator/sweep/analysis.ts";
import { DESIGNS } from "../../simulator/sweep/designs/index.ts";
import { distinct, type SweepFile } from "../../simulator/sweep/job.ts";
import { SWEEP_METRICS, type SweepMetric, type SweepRow } from "../../simulator/sweep/points.ts";
import { prepareExperiment } from "../io/experiment.ts";
import { createStatusLine } from "../io/progress.ts";
import { environmentProblem } from "../io/text-files.ts";
import type { JobStore } from "../sweep/job-store.ts";
import { openStore } from "../sweep/open-store.ts";
import { parseVary, planSweep } from "../sweep/plan-sweep.ts";
import { runSweep } from "../sweep/run-sweep.ts";
import { sweepId, sweepText } from "../sweep/sweep-file.ts";
import { answer, defaultGroup, readRows, writePoints } from "../sweep/sweep-report.ts";
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
  ],
  configure: (command) => {
    command.argument("<scenario>", "scenario file");
    addScenarioOptions(command);
    command
      .requiredOption(
        "--vary <path=values...>",
        "a factor: low..high, low..highx8, 'low..high log', [list] or one value",
      )
      .option("--design <name>", DESIGNS.map(({ name }) => name).join(", "), "grid")
      .option("--points <n>", "points of a design that samples", wholeNumber(1), 64)
      .option("--strategy <name...>", "only these strategies")
      .option("--metric <name>", SWEEP_METRICS.join(", "), "p95")
      .option("--class <name>", "the class that is asked about; all together unless there is only one")
      .option("--objective <value>", "limit of the metric: 8s, 1%, 2.5")
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

async function runSweepCommand({ args, options, terminal, signal }: CommandInput): Promise<number> {
  const metric = metricOf(String(options.metric));
  const objective = objectiveOf(metric, options.objective as string | undefined);
  const sweep = await planned(args[0]!, options);
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
  await runJobs(sweep, store, { options, terminal, signal });
  const { rows, done, problems } = await readRows(sweep, store);
  for (const problem of problems) terminal.problem(formatProblem(problem));
  await writePoints(folder, sweep, rows);
  report(
    { sweep, rows, done },
    { metric, group: (options.class as string | undefined) ?? defaultGroup(rows), objective },
    options,
    terminal,
  );
  terminal.note(`points: ${join(folder, "points.csv")}`);
  return problems.length > 0 ? EXIT_CODES.data : EXIT_CODES.ok;
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
  const base = await prepareExperiment(file, {
    overrides: overridesOf(options),
    strategies: (options.strategy as readonly string[] | undefined) ?? [],
  });
  return planSweep({
    name: basename(file, extname(file)),
    base,
    scenarioFile: file,
    factors: (options.vary as readonly string[]).map(parseVary),
    design: String(options.design),
    points: options.points as number,
    seed: (options.seed as number | undefined) ?? 1,
  });
}

function report(
  found: { readonly sweep: SweepFile; readonly rows: readonly SweepRow[]; readonly done: number },
  question: SweepQuestion,
  options: CommonOptions,
  terminal: CommandInput["terminal"],
): void {
  const { sweep, rows, done } = found;
  const analysis = answer(sweep, rows, question);
  if (options.json === true)
    terminal.out(jsonDocument("sweep", { question, analysis, done, jobs: distinct(sweep.jobs).length }));
  else
    terminal.out(
      renderSweepText({ sweep, question, analysis, done }, { colour: terminal.colour, width: terminal.width }),
    );
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

function metricOf(name: string): SweepMetric {
  const metric = SWEEP_METRICS.find((each) => each === name);
  if (metric !== undefined) return metric;
  throw new MeridianError("usage", {
    code: "SWEEP_METRIC",
    what: `there is no metric "${name}"`,
    fix: suggest(name, SWEEP_METRICS),
  });
}

/** Latencies in ms, shares in [0, 1], costs in USD per 1,000 served. */
function objectiveOf(metric: SweepMetric, text: string | undefined): number | null {
  if (text === undefined) return null;
  const isLatency = /^p|^ttft/.test(metric);
  const value = isLatency ? parseDurationMs(text) : metric === "cost" ? parseCount(text) : parseShare(text);
  if (value !== undefined) return value;
  const fix = isLatency ? "write 8s or 800ms" : metric === "cost" ? "write 2.5" : "write 1% or 0.01";
  throw new MeridianError("usage", {
    code: "SWEEP_OBJECTIVE",
    what: `"${text}" is no value of ${metric}`,
    where: "--objective",
    fix,
  });
}
