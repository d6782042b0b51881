/** `meridian shard`: this machine's part of a sweep's jobs, without a queue: AWS Batch arrays and Kubernetes Indexed Jobs. */
import { dirname, join } from "node:path";
import { EXIT_CODES, formatProblem, MeridianError } from "../../simulator/base/errors.ts";
import { distinct, SWEEP_SCHEMA_VERSION, type SweepFile, shardOf } from "../../simulator/sweep/job.ts";
import { packageVersion } from "../io/process.ts";
import { readTextFile } from "../io/text-files.ts";
import { openStore } from "../sweep/open-store.ts";
import { runSweep } from "../sweep/run-sweep.ts";
import { type CommandDefinition, type CommandInput, jsonDocument } from "./command.ts";
import { wholeNumber } from "./options.ts";

export const shardCommand: CommandDefinition = {
  examples: [
    [
      "meridian shard runs/sweeps/a-0011223344/sweep.json --index 3 --count 20",
      "runs every 20th job, from the fourth on",
    ],
    ["meridian shard sweep.json --count 20", "takes the index from AWS_BATCH_JOB_ARRAY_INDEX or JOB_COMPLETION_INDEX"],
  ],
  configure: (command) =>
    void command
      .argument("<sweep>", "job file that meridian sweep --plan wrote")
      .option("--index <i>", "which part, from 0; the environment's unless given", wholeNumber(0))
      .requiredOption("--count <n>", "into how many parts the jobs are cut", wholeNumber(1))
      .option("--store <place>", "folder of results; the folder `jobs` beside the sweep's unless given")
      .option("--workers <n>", "worker threads", wholeNumber(1)),
  run: runShard,
};

async function runShard({ args, options, terminal, signal }: CommandInput): Promise<number> {
  const file = args[0]!;
  const sweep = await readSweep(file);
  const count = options.count as number;
  const index = indexOf(options.index as number | undefined, process.env);
  if (index >= count) {
    const fix = `the parts are 0 to ${count - 1}`;
    throw new MeridianError("usage", { code: "SHARD_INDEX", what: `there is no part ${index} of ${count}`, fix });
  }
  const store = openStore((options.store as string | undefined) ?? join(dirname(dirname(file)), "jobs"));
  const jobs = shardOf(sweep.jobs, index, count);
  terminal.note(
    `part ${index} of ${count}: ${jobs.length} of ${distinct(sweep.jobs).length} jobs, results in ${store.place}`,
  );
  const tally = await runSweep(sweep, store, {
    jobs,
    workers: options.workers as number | undefined,
    terminal,
    signal,
  });
  for (const { problems } of tally.cannotRun) for (const problem of problems) terminal.problem(formatProblem(problem));
  const { ran, wereDone, cannotRun } = tally;
  if (options.json === true)
    terminal.out(jsonDocument("shard", { index, count, ran, wereDone, cannotRun: cannotRun.length }));
  else
    terminal.out(
      `${ran} ran, ${wereDone} were done before${cannotRun.length === 0 ? "" : `, ${cannotRun.length} cannot run`}`,
    );
  return cannotRun.length > 0 ? EXIT_CODES.data : EXIT_CODES.ok;
}

const SWEEP_BYTES_MAX = 512 * 1024 * 1024;

async function readSweep(file: string): Promise<SweepFile> {
  const text = await readTextFile(file, { code: "SWEEP", noun: "job file", bytesMax: SWEEP_BYTES_MAX, kind: "data" });
  const fail = (what: string, fix: string) =>
    new MeridianError("data", { code: "SWEEP_UNREADABLE", where: file, what, fix });
  let sweep: Partial<SweepFile>;
  try {
    sweep = JSON.parse(text) as Partial<SweepFile>;
  } catch {
    throw fail("this is no job file", "name the sweep.json that meridian sweep --plan wrote");
  }
  if (sweep.schemaVersion !== SWEEP_SCHEMA_VERSION || !Array.isArray(sweep.jobs))
    throw fail("this is no job file of this version", "name the sweep.json that meridian sweep --plan wrote");
  if (sweep.meridianVersion !== packageVersion())
    throw fail(
      `it was planned by version ${sweep.meridianVersion}, this is ${packageVersion()}`,
      "use one version on all machines, or plan again",
    );
  return sweep as SweepFile;
}

/** The part that a batch system gave to this machine. */
function indexOf(asked: number | undefined, env: NodeJS.ProcessEnv): number {
  if (asked !== undefined) return asked;
  const given = env.AWS_BATCH_JOB_ARRAY_INDEX ?? env.JOB_COMPLETION_INDEX;
  if (given !== undefined && /^\d+$/.test(given)) return Number(given);
  const fix = "give --index, or run under AWS Batch (array job) or Kubernetes (Indexed Job)";
  throw new MeridianError("usage", { code: "SHARD_INDEX", what: "which part is this?", fix });
}
