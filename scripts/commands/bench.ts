/** `meridian bench`: replays a scenario with k6 against endpoints and saves a measured run. */

import { plural } from "../../reports/base/text.ts";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { observationsForQuantile } from "../../simulator/base/statistics.ts";
import { MINUTE_MS } from "../../simulator/base/time.ts";
import { notReplayable, recordSchedule } from "../../simulator/bench/make-plan.ts";
import type { ScheduleRow } from "../../simulator/bench/rows.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { openLocks } from "../bench/bedrock/locks.ts";
import { bedrockDryRun, freeDryRun, k6Command, printDryRun } from "../bench/dry-run.ts";
import { importRows } from "../bench/import-rows.ts";
import { ensureK6 } from "../bench/k6-program.ts";
import { benchOnKubernetes } from "../bench/kubernetes/run.ts";
import { addBenchOptions, benchOverrides, executorOf } from "../bench/options.ts";
import { concludeBench, gatesOf, spendNotes, tokenNotes } from "../bench/outcome.ts";
import { benchStrategies, createBenchProgress } from "../bench/run.ts";
import { BEDROCK, type BenchSetup, freeSetup } from "../bench/setup.ts";
import { createSpendRecord, leftText, lostBatches, lostText } from "../bench/spend-record.ts";
import { type PreparedExperiment, prepareExperiment } from "../io/experiment.ts";
import { formatSpan } from "../io/progress.ts";
import { requireStore } from "../io/run-store.ts";
import { type Terminal, terminalAsk } from "../io/terminal.ts";
import { createProgressFile } from "../view/progress-file.ts";
import type { CommandDefinition, CommandInput, CommonOptions } from "./command.ts";

export const benchCommand: CommandDefinition = {
  examples: [
    ["meridian bench a.yaml --duration 60s", "a minute of each strategy against an emulator of the scenario"],
    ["meridian bench a.yaml --duration 2m --strategy single cheapest", "only these strategies"],
    ["meridian bench a.yaml --at 14h --duration 2m", "two minutes of the scenario's afternoon"],
    ["meridian bench a.yaml --target endpoints.yaml", "against endpoints that are there already"],
    ["meridian bench a.yaml --target bedrock --duration 1m --budget-usd 5 --dry-run", "what real Bedrock would cost"],
    [
      "meridian bench a.yaml --target endpoints.yaml --kubernetes",
      "manifests for k6-operator, to load from several machines",
    ],
    ["meridian bench a.yaml --duration 60s --json | jq .verdict", "the result as one JSON document"],
  ],
  configure: addBenchOptions,
  run: runBench,
};

/** A longer replay has to be asked for with --duration. */
const UNASKED_MS_MAX = 15 * MINUTE_MS;
/** What two cores were measured to dispatch, and to stream from an emulator, in time: requests per second. */
const RATE_MAX_PER_S = 200;

async function runBench(input: CommandInput): Promise<number> {
  const { args, options, terminal, signal } = input;
  const startedAt = new Date();
  const prepared = await prepareExperiment(args[0]!, {
    overrides: benchOverrides(options),
    strategies: (options.strategy as readonly string[] | undefined) ?? [],
  });
  const { experiment, notes: skipped } = gatesOf(prepared, options);
  const { plan } = experiment.inputs;
  const problems = notReplayable(plan);
  if (problems.length > 0) throw new MeridianError("usage", problems);
  const drawn = recordSchedule(plan);
  refuseUnaskedLength(plan, drawn, options);
  if (options.importRows !== undefined) return importRows(experiment, drawn, skipped, input);
  if (options.kubernetes === true) {
    await benchOnKubernetes(plan, drawn, input);
    return EXIT_CODES.ok;
  }
  if (options.dryRun !== true) await requireStore(String(options.out));
  const setup = await benchSetup(experiment, drawn, input);
  if (setup === undefined) return EXIT_CODES.ok;
  const { target, schedule } = setup;
  const note = (text: string): void => terminal.note(text);
  const k6 = await ensureK6({ env: process.env, signal, note });
  announce(args[0]!, plan, schedule, target.place, terminal);
  const out = String(options.out);
  for (const lost of setup.costsMoney === true ? await lostBatches(out) : []) note(lostText(lost));
  const progress = createBenchProgress(
    { stream: process.stderr, live: terminal.live, quiet: terminal.quiet },
    createProgressFile(out, args[0]!),
  );
  const drainMs = Math.min(plan.drainMs, options.drain as number);
  const measure = async (): Promise<number> => {
    const benched = await benchStrategies(plan, {
      k6,
      target,
      schedule,
      drainMs,
      spend: setup.spend,
      record: setup.costsMoney === true ? createSpendRecord(out) : undefined,
      executor: executorOf(options),
      signal,
      onMoment: progress.update,
    }).finally(progress.stop);
    return concludeBench({
      experiment,
      benched,
      place: target.place,
      notes: [...setup.notes, ...(setup.saysTokens ? tokenNotes(benched) : []), ...spendNotes(benched), ...skipped],
      startedAt,
      k6Version: k6.version,
      input,
    });
  };
  return setup.costsMoney === true ? withLeft(measure, { out, startedAt, note }) : measure();
}

/** Of a bench that cost money and leaves no run, says what was paid for and where its rows are. */
async function withLeft(
  measure: () => Promise<number>,
  { out, startedAt, note }: { readonly out: string; readonly startedAt: Date; readonly note: (text: string) => void },
): Promise<number> {
  try {
    return await measure();
  } catch (error) {
    const left = (await lostBatches(out, process.pid)).filter(({ at }) => at >= startedAt.toISOString());
    for (const batch of left) note(`${batch.strategy}: ${leftText(batch)}`);
    if (!(error instanceof MeridianError) || error.kind !== "interrupted" || left.length === 0) throw error;
    throw new MeridianError("interrupted", { code: "INTERRUPTED", what: "stopped before the end; no run was saved" });
  }
}

function refuseUnaskedLength(plan: Plan, schedule: readonly ScheduleRow[], options: CommonOptions): void {
  const lengthMs = schedule.at(-1)![0] - plan.arrivalsFromMs;
  if (options.duration !== undefined || lengthMs <= UNASKED_MS_MAX) return;
  throw new MeridianError("usage", {
    code: "BENCH_TOO_LONG",
    what: `a bench runs in real time, and this scenario lasts ${formatSpan(lengthMs)}`,
    where: "duration",
    fix: "say how much of it you want, for example --duration 2m",
  });
}

function announce(file: string, plan: Plan, schedule: readonly ScheduleRow[], place: string, terminal: Terminal) {
  const lengthMs = schedule.at(-1)![0] - plan.arrivalsFromMs;
  const perS = (schedule.length / Math.max(1, lengthMs)) * 1000;
  const each = `${plural(schedule.length, "request", "requests")} in ${formatSpan(lengthMs)} (${perS.toFixed(1)}/s)`;
  const count = plan.strategies.length;
  const strategies = `${plural(count, "strategy", "strategies")}${count === 1 ? "" : " one after the other"}`;
  terminal.note(`${file}: ${each}, ${strategies}, against ${place}`);
  if (perS > RATE_MAX_PER_S) {
    terminal.note(`more than ${RATE_MAX_PER_S} requests/s may be too much for one machine; the run says if it was`);
  }
  for (const text of tooFew(plan, schedule)) terminal.note(text);
}

/**
 * Classes that send too few requests for a p95, with how many it takes: said before the run, while it can be made longer.
 *
 * @param schedule rows `[arrival ms, class index, ...]`
 */
export function tooFew(
  { classes }: Pick<Plan, "classes">,
  schedule: readonly (readonly [number, number, ...unknown[]])[],
): readonly string[] {
  const needed = observationsForQuantile(0.95);
  return classes.flatMap(({ name }, c) => {
    const sent = schedule.filter(([, classIndex]) => classIndex === c).length;
    if (sent >= needed) return [];
    const longer = sent === 0 ? "" : `: bench ${Math.ceil(needed / sent)} times as long`;
    return [`class ${name} sends ${sent} requests; a p95 with an interval takes ${needed}${longer}`];
  });
}

/**
 * What will be sent where, with all locks open; undefined after a dry run, which has said so and is done.
 *
 * @throws MeridianError for all that must not be sent
 */
export async function benchSetup(
  experiment: PreparedExperiment,
  drawn: readonly ScheduleRow[],
  { args, options, terminal, signal }: CommandInput,
): Promise<BenchSetup | undefined> {
  refuseBudgetOfExecutor(options);
  const { plan } = experiment.inputs;
  const file = args[0]!;
  const isDry = options.dryRun === true;
  if (options.target !== BEDROCK) {
    const setup = await freeSetup(experiment, drawn, options);
    if (!isDry) {
      if (setup.paid !== undefined) await openLocks(setup.paid.locks, setup.paid.purchase, terminalAsk(signal));
      return setup;
    }
    printDryRun(freeDryRun(file, plan, setup, await k6Command()), options, terminal);
    return undefined;
  }
  // Other benches need not wait until the AWS SDK is loaded.
  const { openBedrock, planBedrock } = await import("../bench/bedrock/plan.ts");
  const planned = await planBedrock(experiment, drawn, options);
  if (!isDry) {
    const note = (text: string): void => terminal.note(text);
    return openBedrock(plan, planned, options, { ask: terminalAsk(signal), signal, note });
  }
  printDryRun(bedrockDryRun(file, plan, planned, await k6Command()), options, terminal);
  return undefined;
}

/** Virtual users of k6's own executors come and go, so a budget cannot be shared among them. */
function refuseBudgetOfExecutor(options: CommonOptions): void {
  if (executorOf(options) === undefined || (options.budgetUsd === undefined && options.target !== BEDROCK)) return;
  throw new MeridianError("usage", {
    code: "BENCH_BUDGET_EXECUTOR",
    what: "no budget can be kept under an executor of k6",
    where: "--executor",
    fix: "leave --executor out, or bench an emulator without --budget-usd",
  });
}
