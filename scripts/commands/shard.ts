/** `meridian shard`: this machine's part of a sweep's jobs, without a queue: AWS Batch arrays and Kubernetes Indexed Jobs. */
import { dirname, join } from "node:path";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { distinct, type SweepFile, shardOf } from "../../simulator/sweep/job.ts";
import { readTextFile } from "../io/text-files.ts";
import type { JobStore } from "../sweep/job-store.ts";
import { openStore } from "../sweep/open-store.ts";
import { runSweep } from "../sweep/run-sweep.ts";
import { parseSweep } from "../sweep/sweep-file.ts";
import { JOBS } from "../sweep/sweep-report.ts";
import { type CommandDefinition, type CommandInput, jsonDocument } from "./command.ts";
import { wholeNumber } from "./options.ts";

export const shardCommand: CommandDefinition = {
  examples: [
    [
      "meridian shard runs/sweeps/a-0011223344/sweep.json --index 3 --count 20",
      "runs every 20th job, from the fourth on",
    ],
    ["meridian shard 0011223344 --store s3://my-bucket/sweeps --count 20", "a job file that --plan put into the store"],
    ["meridian shard sweep.json --count 20", "takes the index from AWS_BATCH_JOB_ARRAY_INDEX or JOB_COMPLETION_INDEX"],
  ],
  configure: (command) =>
    void command
      .argument("<sweep>", "job file that meridian sweep --plan wrote, or its id in --store")
      .option("--index <i>", "which part, from 0; the environment's unless given", wholeNumber(0))
      .requiredOption("--count <n>", "into how many parts the jobs are cut", wholeNumber(1))
      .option("--store <place>", "folder of results; the folder `jobs` beside the sweep's unless given")
      .option("--workers <n>", "worker threads", wholeNumber(1)),
  run: runShard,
};

async function runShard({ args, options, terminal, signal }: CommandInput): Promise<number> {
  const file = args[0]!;
  const count = options.count as number;
  const index = indexOf(options.index as number | undefined, process.env);
  if (index >= count) {
    const fix = `the parts are 0 to ${count - 1}`;
    throw new MeridianError("usage", { code: "SHARD_INDEX", what: `there is no part ${index} of ${count}`, fix });
  }
  const store = openStore((options.store as string | undefined) ?? join(dirname(dirname(file)), JOBS));
  const sweep = await readSweep(file, store);
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
  const { ran, wereDone } = tally;
  if (options.json === true) terminal.out(jsonDocument("shard", { index, count, ran, wereDone }));
  else terminal.out(`${ran} ran, ${wereDone} were done before`);
  return EXIT_CODES.ok;
}

const SWEEP_BYTES_MAX = 512 * 1024 * 1024;

/** A job file by its path; or by its id, ten hexadecimal digits, from the store. */
async function readSweep(file: string, store: JobStore): Promise<SweepFile> {
  const kept = /^[0-9a-f]{10}$/.test(file) ? await store.readSweep(file) : undefined;
  if (kept !== undefined) return parseSweep(kept, `${store.place} ${file}`);
  return parseSweep(
    await readTextFile(file, { code: "SWEEP", noun: "job file", bytesMax: SWEEP_BYTES_MAX, kind: "data" }),
    file,
  );
}

/** The part that a batch system gave to this machine. */
function indexOf(asked: number | undefined, env: NodeJS.ProcessEnv): number {
  if (asked !== undefined) return asked;
  const given = env.AWS_BATCH_JOB_ARRAY_INDEX ?? env.JOB_COMPLETION_INDEX;
  if (given !== undefined && /^\d+$/.test(given)) return Number(given);
  const fix = "give --index, or run under AWS Batch (array job) or Kubernetes (Indexed Job)";
  throw new MeridianError("usage", { code: "SHARD_INDEX", what: "which part is this?", fix });
}
