/** The command line of `meridian bench`: its options, and what they change in the scenario. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseDurationMs } from "../../simulator/base/quantities.ts";
import { MINUTE_MS } from "../../simulator/base/time.ts";
import type { ReplayOperation } from "../../simulator/bench/plan.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import type { CommonOptions } from "../commands/command.ts";
import { addValueOptions, overridesOf, RUNS_FOLDER, wholeNumber } from "../commands/options.ts";
import type { Override } from "../io/overrides.ts";
import { EXECUTORS, type ExecutorChoice } from "./executors.ts";
import { K6_MODULE } from "./k6-program.ts";

const DRAIN_MS = MINUTE_MS;
const VUS = 100;
/** The version of k6 that is tested. */
const IMAGE = `grafana/k6:${K6_MODULE.split("@v")[1]}`;
/** The executor of Meridian's own script: every request at its instant. */
const DISPATCHER = "dispatcher";

export function addBenchOptions(command: Command): void {
  command.argument("<scenario>", "scenario file");
  addValueOptions(command);
  command
    .addOption(new Option("--replications <n>").argParser(onlyOnce).hideHelp())
    .option("--target <target>", "emulator, bedrock, or a file that maps regions to URLs", "emulator")
    .addOption(new Option("--duration <time>", "how much of the scenario, in real time, e.g. 90s").argParser(duration))
    .addOption(new Option("--at <time>", "where in the scenario to begin, e.g. 14h").argParser(instant))
    .addOption(
      new Option("--drain <time>", "how long after the last arrival requests may still end")
        .default(DRAIN_MS, "60s")
        .argParser((text) => parsedDuration(text)),
    )
    .option("--strategy <name...>", "only these strategies; the first of them becomes the baseline if it is left out")
    .addOption(
      new Option("--api <operation>", "what is called; unless given, what the scenario's client.streams says").choices([
        "converse-stream",
        "converse",
      ]),
    )
    .option("--allow-host <host...>", "hosts other than this machine that the target file may name")
    .option("--spend-real-money", "lock 1 of --target bedrock: real calls cost real money")
    .addOption(new Option("--budget-usd <usd>", "lock 2: stop before more than this is spent").argParser(amount))
    .option("--confirm <token>", "lock 3 without a terminal: the token that --dry-run shows")
    .option("--profile <name>", "profile of the AWS configuration files, for --target bedrock")
    .option("--fips", "call the FIPS endpoints of Bedrock")
    .option("--max-requests <n>", "refuse to send more, over all strategies; 1000 for bedrock", wholeNumber(1))
    .option("--max-rate <n>", "refuse more arrivals than this in any second; 50 for bedrock", wholeNumber(1))
    .option("--dry-run", "say what would be sent, where, and what it would cost; call no model")
    .option("--assert", "check the scenario's assert: gates on a shortened run too")
    .addOption(
      new Option(
        "--executor <name>",
        "who says when to send: the schedule, or an executor of k6, which is never compared",
      )
        .choices([DISPATCHER, ...EXECUTORS])
        .default(DISPATCHER),
    )
    .addOption(new Option("--vus <n>", "virtual users of an executor of k6").default(VUS).argParser(wholeNumber(1)))
    .option("--out <dir>", "folder that receives the run's folder", RUNS_FOLDER);
  addClusterOptions(command);
}

/** Repetitions in real time are runs of their own. */
function onlyOnce(): never {
  throw new InvalidArgumentError(
    "A bench runs each strategy once: run it again, and meridian compare sets the runs side by side.",
  );
}

function addClusterOptions(command: Command): void {
  command
    .option("--kubernetes", "write manifests for k6-operator to k8s/ or --out, and run nothing")
    .addOption(new Option("--parallelism <n>", "instances of k6 in the cluster").default(4).argParser(wholeNumber(1)))
    .option("--image <image>", "image of the instances", IMAGE)
    .option("--namespace <name>", "namespace of the manifests")
    .option("--secret <name>", "secret with the endpoints' credentials", "meridian-credentials")
    .option("--volume-claim <name>", "volume for archives that are too large for a ConfigMap")
    .addOption(
      new Option(
        "--start-at <time>",
        "when instances start, e.g. 2026-05-04T12:00:00Z; the next full minute",
      ).argParser(wallTime),
    )
    .option("--import-rows <file...>", "make one measured run of the logs of a cluster's instances");
}

/** The executor of k6 that was asked for; undefined for the dispatcher. */
export function executorOf(options: CommonOptions): ExecutorChoice | undefined {
  const executor = EXECUTORS.find((name) => name === options.executor);
  return executor === undefined ? undefined : { executor, vus: options.vus as number };
}

/** A bench is one replication, of a time that fits a person's patience, from the scenario's start or from `--at`. */
export function benchOverrides(options: CommonOptions): readonly Override[] {
  return [
    ...overridesOf(options),
    ...streamOverrides(options),
    { path: ["replications"], value: 1, origin: "meridian bench" },
    ...windowOverrides(options.at as string | undefined, options.duration as string | undefined),
  ];
}

/** Whether answers are streamed, where the command says so and not the scenario. */
export function streamOverrides({ api }: CommonOptions): readonly Override[] {
  if (api === undefined) return [];
  return [{ path: ["client", "streams"], value: api === "converse-stream", origin: `--api ${String(api)}` }];
}

/** What is called: as the client of the scenario takes its answers. */
export function operationOf({ client }: Pick<Plan, "client">): ReplayOperation {
  return client.isStreaming ? "converse-stream" : "converse";
}

/** What makes a run begin at a time of the scenario's clock, and last so long from there. Times are texts as typed. */
export function windowOverrides(at: string | undefined, length: string | undefined): readonly Override[] {
  const overrides: Override[] = [];
  if (at !== undefined) overrides.push({ path: ["arrivalsFrom"], value: at, origin: `--at ${at}` });
  if (length !== undefined) {
    const origin = `--duration ${length}`;
    const end = at === undefined ? length : `${parsedDuration(length) + parsedInstant(at)}ms`;
    overrides.push({ path: ["duration"], value: end, origin }, { path: ["requests"], value: undefined, origin });
  }
  return overrides;
}

function amount(text: string): number {
  const usd = Number(text);
  if (text.trim() !== "" && usd > 0 && Number.isFinite(usd)) return usd;
  throw new InvalidArgumentError("It must be an amount of USD above 0, such as 5 or 0.50.");
}

/** Kept as text, for the scenario to read; checked here, so that a mistake is one of usage. */
export function duration(text: string): string {
  parsedDuration(text);
  return text;
}

export function parsedDuration(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new InvalidArgumentError("It must be a time such as 90s or 2m.");
}

export function instant(text: string): string {
  parsedInstant(text);
  return text;
}

function parsedInstant(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError("It must be a time such as 90m or 14h.");
}

function wallTime(text: string): number {
  const ms = Date.parse(text);
  if (/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) && ms > Date.now()) return ms;
  throw new InvalidArgumentError("It must be an instant to come, with its zone, such as 2026-05-04T12:00:00Z.");
}
