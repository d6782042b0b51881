import { EXIT_CODES, MeridianError } from "../../simulator/errors.ts";
import { recordSchedule } from "../../simulator/replay/record-schedule.ts";
import { notReplayable } from "../../simulator/replay/replayable.ts";
import type { ScheduleRow } from "../../simulator/replay/schedule.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { prepareExperiment } from "../io/experiment.ts";
import { benchStrategies } from "../io/k6/bench.ts";
import { createBenchProgress } from "../io/k6/bench-progress.ts";
import { ensureK6 } from "../io/k6/install-k6.ts";
import { formatSpan } from "../io/progress.ts";
import type { Terminal } from "../io/terminal.ts";
import { concludeBench } from "./bench-conclusion.ts";
import { importRows } from "./bench-import.ts";
import { benchOnKubernetes } from "./bench-kubernetes.ts";
import { addBenchOptions, benchOverrides, executorOf } from "./bench-options.ts";
import { gatesOf, spendNotes, tokenNotes } from "./bench-outcome.ts";
import { benchSetup } from "./bench-setup.ts";
import type { CommandDefinition, CommandInput, CommonOptions } from "./command.ts";

export const benchCommand: CommandDefinition = {
  name: "bench",
  summary: "Replay a scenario's traffic with k6 against endpoints, in real time, and save a measured run.",
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

/** Nobody means to wait this long without having said so. */
const UNASKED_MS_MAX = 15 * 60_000;
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
  const setup = await benchSetup(experiment, drawn, input);
  if (setup === undefined) return EXIT_CODES.ok;
  const { target, schedule } = setup;
  const note = (text: string): void => terminal.note(text);
  const k6 = await ensureK6({ env: process.env, signal, note });
  announce(args[0]!, plan, schedule, target.place, terminal);
  const progress = createBenchProgress({ stream: process.stderr, live: terminal.live, quiet: terminal.quiet });
  const drainMs = Math.min(plan.drainMs, options.drain as number);
  const benched = await benchStrategies(plan, {
    k6,
    target,
    schedule,
    drainMs,
    spend: setup.spend,
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
  const each = `${schedule.length} requests in ${formatSpan(lengthMs)} (${perS.toFixed(1)}/s)`;
  terminal.note(`${file}: ${each}, ${plan.strategies.length} strategies one after the other, against ${place}`);
  if (perS > RATE_MAX_PER_S) {
    terminal.note(`more than ${RATE_MAX_PER_S} requests/s may be too much for one machine; the run says if it was`);
  }
}
