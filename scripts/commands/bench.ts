import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { EXIT_CODES, formatProblem, MeridianError, type Problem } from "../../simulator/errors.ts";
import type { RunResult } from "../../simulator/experiment/index.ts";
import { invalidReasons } from "../../simulator/replay/harness.ts";
import { measuredResult } from "../../simulator/replay/measured-result.ts";
import { recordSchedule } from "../../simulator/replay/record-schedule.ts";
import type { ReplayOperation } from "../../simulator/replay/replay-plan.ts";
import { notReplayable } from "../../simulator/replay/replayable.ts";
import type { ScheduleRow } from "../../simulator/replay/schedule.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { parseDurationMs } from "../../simulator/scenario/units.ts";
import { type PreparedExperiment, prepareExperiment } from "../io/experiment.ts";
import { type BenchedStrategy, benchStrategies } from "../io/k6/bench.ts";
import { createBenchProgress } from "../io/k6/bench-progress.ts";
import { loadEndpoints } from "../io/k6/endpoints-file.ts";
import { ensureK6 } from "../io/k6/install-k6.ts";
import { saveBench } from "../io/k6/save-bench.ts";
import { type BenchTarget, emulatorTarget, endpointsTarget } from "../io/k6/target.ts";
import type { Override } from "../io/overrides.ts";
import { packageVersion } from "../io/package-info.ts";
import { formatSpan } from "../io/progress.ts";
import { addScenarioOptions, overridesOf } from "../io/scenario-options.ts";
import { stableJson } from "../io/stable-json.ts";
import type { Terminal } from "../io/terminal.ts";
import { type CommandDefinition, type CommandInput, type CommonOptions, RUNS_FOLDER } from "./command.ts";

export const benchCommand: CommandDefinition = {
  name: "bench",
  summary: "Replay a scenario's traffic with k6 against endpoints, in real time, and save a measured run.",
  examples: [
    ["meridian bench a.yaml --duration 60s", "a minute of each strategy against an emulator of the scenario"],
    ["meridian bench a.yaml --duration 2m --strategy single cheapest", "only these strategies"],
    ["meridian bench a.yaml --target endpoints.yaml", "against endpoints that are there already"],
    ["meridian bench a.yaml --duration 60s --json | jq .verdict", "the result as one JSON document"],
  ],
  configure,
  run: runBench,
};

/** Nobody means to wait this long without having said so. */
const UNASKED_MS_MAX = 15 * 60_000;
const DRAIN_MS = 60_000;
/** What two cores were measured to dispatch, and to stream from an emulator, in time: requests per second. */
const RATE_MAX_PER_S = 200;

function configure(command: Command): void {
  command.argument("<scenario>", "scenario file");
  addScenarioOptions(command);
  command
    .option("--target <target>", "emulator, or a file that maps regions to URLs", "emulator")
    .addOption(new Option("--duration <time>", "how much of the scenario, in real time, e.g. 90s").argParser(duration))
    .addOption(
      new Option("--drain <time>", "how long after the last arrival requests may still end")
        .default(DRAIN_MS, "60s")
        .argParser((text) => parsedDuration(text)),
    )
    .option("--strategy <name...>", "only these strategies; the first of them becomes the baseline if it is left out")
    .addOption(
      new Option("--api <operation>", "what is called")
        .choices(["converse-stream", "converse"])
        .default("converse-stream"),
    )
    .option("--allow-host <host...>", "hosts other than this machine that the target file may name")
    .option("--out <dir>", "folder that receives the run's folder", RUNS_FOLDER);
}

async function runBench({ args, options, terminal, signal }: CommandInput): Promise<number> {
  const startedAt = new Date();
  const experiment = await prepareExperiment(args[0]!, {
    overrides: benchOverrides(options),
    strategies: (options.strategy as readonly string[] | undefined) ?? [],
  });
  const { plan } = experiment.inputs;
  const problems = notReplayable(plan);
  if (problems.length > 0) throw new MeridianError("usage", problems);
  const schedule = recordSchedule(plan);
  refuseUnaskedLength(schedule, options);
  const target = await targetOf(plan, options);
  const note = (text: string): void => terminal.note(text);
  const k6 = await ensureK6({ env: process.env, signal, note });
  announce(args[0]!, plan, schedule, target, terminal);
  const progress = createBenchProgress({ stream: process.stderr, live: terminal.live, quiet: terminal.quiet });
  const drainMs = Math.min(plan.drainMs, options.drain as number);
  const benched = await benchStrategies(plan, {
    k6,
    target,
    schedule,
    drainMs,
    signal,
    onMoment: progress.update,
  }).finally(progress.stop);
  const reasons = invalidReasons(benched.map(({ report }) => report));
  if (!benched.every(({ report }) => report.isComplete)) throw new MeridianError("assertion", reasons.map(invalid));
  const result = resultOf(experiment, benched, target);
  const saved = await saveBench(experiment, result, benched, {
    out: String(options.out),
    startedAt,
    k6Version: k6.version,
    place: target.place,
    reasons,
    signal,
  });
  await print(result, options, terminal);
  terminal.note(`report: ${join(saved.folder, "report.html")}`);
  for (const reason of reasons) terminal.problem(formatProblem(invalid(reason)));
  return reasons.length > 0 ? EXIT_CODES.assertion : assertionCode(result, terminal);
}

/** A bench is one replication, of a time that fits a person's patience. */
function benchOverrides(options: CommonOptions): readonly Override[] {
  const text = options.duration as string | undefined;
  const origin = `--duration ${text}`;
  const length = [
    { path: ["duration"], value: text, origin },
    { path: ["requests"], value: undefined, origin },
  ];
  return [
    ...overridesOf(options),
    { path: ["replications"], value: 1, origin: "meridian bench" },
    ...(text === undefined ? [] : length),
  ];
}

function refuseUnaskedLength(schedule: readonly ScheduleRow[], options: CommonOptions): void {
  const lengthMs = schedule.at(-1)![0];
  if (options.duration !== undefined || lengthMs <= UNASKED_MS_MAX) return;
  throw new MeridianError("usage", {
    code: "BENCH_TOO_LONG",
    what: `a bench runs in real time, and this scenario lasts ${formatSpan(lengthMs)}`,
    where: "duration",
    fix: "say how much of it you want, for example --duration 2m",
  });
}

async function targetOf(plan: Plan, options: CommonOptions): Promise<BenchTarget> {
  const operation = options.api as ReplayOperation;
  const name = String(options.target);
  if (name === "emulator") return emulatorTarget(plan, operation);
  const sources = new Set(plan.targets.map(({ region }) => plan.regionNames[region]!));
  const set = await loadEndpoints(name, {
    regions: [...sources],
    allowedHosts: (options.allowHost as readonly string[] | undefined) ?? [],
    env: process.env,
  });
  return endpointsTarget(set, name, operation);
}

function announce(file: string, plan: Plan, schedule: readonly ScheduleRow[], target: BenchTarget, terminal: Terminal) {
  const lengthMs = schedule.at(-1)![0];
  const perS = (schedule.length / Math.max(1, lengthMs)) * 1000;
  const each = `${schedule.length} requests in ${formatSpan(lengthMs)} (${perS.toFixed(1)}/s)`;
  terminal.note(`${file}: ${each}, ${plan.strategies.length} strategies one after the other, against ${target.place}`);
  if (perS > RATE_MAX_PER_S) {
    terminal.note(`more than ${RATE_MAX_PER_S} requests/s may be too much for one machine; the run says if it was`);
  }
}

function resultOf(experiment: PreparedExperiment, benched: readonly BenchedStrategy[], target: BenchTarget): RunResult {
  return measuredResult(experiment.inputs.plan, {
    runs: benched.map(({ run }) => run),
    reports: benched.map(({ report }) => report),
    place: target.place,
    provenance: {
      scenarioSha256: createHash("sha256").update(experiment.yaml).digest("hex"),
      meridianVersion: packageVersion(),
      traces: experiment.traces.map(({ name, sha256, attribution }) => ({ name, sha256, attribution })),
    },
  });
}

async function print(result: RunResult, options: CommonOptions, terminal: Terminal): Promise<void> {
  if (options.json === true) {
    terminal.out(stableJson(result).trimEnd());
    return;
  }
  const { renderTerminal } = await import("../../reports/index.ts");
  terminal.out(renderTerminal(result, { colour: terminal.colour, width: terminal.width }));
}

function invalid(reason: string): Problem {
  const fix = "free the machine of other work, bench fewer requests a second, or mend what the reason names";
  return { code: "BENCH_INVALID", what: reason, fix };
}

function assertionCode(result: RunResult, terminal: Terminal): number {
  const failed = result.assertions.filter((each) => !each.passed);
  for (const each of failed) {
    terminal.problem(formatProblem({ code: "ASSERTION_FAILED", what: `${each.text}; found ${each.found}` }));
  }
  return failed.length > 0 ? EXIT_CODES.assertion : EXIT_CODES.ok;
}

/** Kept as text, for the scenario to read; checked here, so that a mistake is one of usage. */
function duration(text: string): string {
  parsedDuration(text);
  return text;
}

function parsedDuration(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new InvalidArgumentError("It must be a time such as 90s or 2m.");
}
