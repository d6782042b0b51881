/** `meridian worker`: takes jobs of sweeps from a queue until it is told to stop, on any number of machines. */
import { join } from "node:path";
import { EXIT_CODES } from "../../simulator/base/errors.ts";
import { defaultWorkers } from "../io/worker-pool.ts";
import { openStore } from "../sweep/open-store.ts";
import { work } from "../sweep/queue.ts";
import type { CommandDefinition, CommandInput } from "./command.ts";
import { RUNS_FOLDER, wholeNumber } from "./options.ts";

/** A store that machines share unless another is named. */
export const JOBS_FOLDER = join(RUNS_FOLDER, "sweeps", "jobs");

export const workerCommand: CommandDefinition = {
  examples: [
    ["meridian worker --redis redis://127.0.0.1:6379", "works for sweeps that meridian sweep --redis sends"],
    ["meridian worker --redis redis://queue:6379 --store /shared/jobs --workers 8", "a store that all machines see"],
  ],
  configure: (command) =>
    void command
      .requiredOption("--redis <url>", "address of the Redis or Valkey, e.g. redis://127.0.0.1:6379")
      .option("--store <place>", "folder of results, the same for all machines", JOBS_FOLDER)
      .option("--workers <n>", "jobs at a time, each in a thread; one per core unless given", wholeNumber(1)),
  run: runWorker,
};

async function runWorker({ options, terminal, signal }: CommandInput): Promise<number> {
  const threads = (options.workers as number | undefined) ?? defaultWorkers(Number.POSITIVE_INFINITY);
  const store = openStore(String(options.store));
  terminal.note(
    `working with ${threads} threads, results in ${store.place}; Ctrl-C finishes the jobs in hand, twice stops at once`,
  );
  let ran = 0;
  await work({
    redisUrl: String(options.redis),
    store,
    threads,
    signal,
    onJob: (key, state) => {
      ran += state === "ran" ? 1 : 0;
      terminal.note(`${key.slice(0, 12)} ${state}`);
    },
    onProblem: (text) => terminal.problem(text),
  });
  terminal.note(`${ran} jobs ran`);
  return EXIT_CODES.ok;
}
