/** `meridian probe`: calls endpoints with the AWS SDK and says what came, when, and why calls failed. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { EXIT_CODES, formatProblem, MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { parseDurationMs } from "../../simulator/base/quantities.ts";
import {
  type ProbeHarness,
  type ProbeRecord,
  type ProbeSummary,
  summariseProbes,
} from "../../simulator/probe/summary.ts";
import { confirmToken, locksOf } from "../bench/bedrock/locks.ts";
import { createStatusLine, formatSpan } from "../io/progress.ts";
import type { Terminal } from "../io/terminal.ts";
import { allowSpending, askToSpend, type ProbePace, probePurchase, worstText } from "../probe/allow-spending.ts";
import { openCaller } from "../probe/caller.ts";
import { type PreparedProbe, type ProbeSettings, prepareProbe } from "../probe/prepare.ts";
import {
  checkOwnClock,
  checkProbePlace,
  type ProbeRun,
  probeFileOf,
  runProbe,
  writeProbeFile,
} from "../probe/run-probe.ts";
import { createSpendLedger, type SpendLedger } from "../probe/spending.ts";
import { failureProblems, formatProbeProgress, probeText } from "../probe/text.ts";
import { type CommandDefinition, type CommandInput, type CommonOptions, jsonDocument } from "./command.ts";
import { wholeNumber } from "./options.ts";

export const probeCommand: CommandDefinition = {
  examples: [
    ["meridian probe a.yaml --endpoints endpoints.yaml", "what a scenario calls, at endpoints of your own"],
    [
      "meridian probe --region us-east-1 --model us.amazon.nova-lite-v1:0 --budget-usd 0.50 --spend-real-money",
      "real Bedrock: prints the worst case and asks",
    ],
    ["meridian probe --region us-east-1 --model ... --count 40 --interval 5s --out probe.json", "more, kept in a file"],
  ],
  configure: (command: Command) => {
    command.argument("[scenario]", "scenario file whose regions and models are called");
    addProbeTargetOptions(command);
    addProbePaceOptions(command);
    command
      .option("--dry-run", "say what would be called and what it may cost, with the token for --confirm; call nothing")
      .option("--out <file>", "write every call to this file");
  },
  run: runProbeCommand,
};

async function runProbeCommand({ args, options, terminal, signal }: CommandInput): Promise<number> {
  const out = options.out as string | undefined;
  if (out !== undefined) await checkProbePlace(out);
  const prepared = await prepareProbe(probeSettings(args[0], options));
  const count = options.count as number;
  announce(prepared, count, options, terminal);
  const pace = {
    count,
    intervalMs: options.interval as number,
    inputTokens: options.inputTokens as number,
    outputTokens: options.outputTokens as number,
  };
  if (options.dryRun === true) {
    dryRun(prepared, pace, options, terminal);
    return EXIT_CODES.ok;
  }
  const budgetUsd = await allowSpending(prepared, {
    ...pace,
    locks: locksOf(options),
    ask: askToSpend(terminal, signal),
    note: (text) => terminal.note(text),
  });
  const ledger = createSpendLedger(budgetUsd);
  const harness = await checkOwnClock(signal);
  const run = await measure(prepared, ledger, options, terminal, signal);
  const summaries = summariseProbes(inOrder(run.probes, prepared));
  if (out !== undefined) await writeProbeFile(out, probeFileOf({ ...run, harness: harness ?? null }));
  print({ prepared, run, summaries, harness: harness ?? null, spentUsd: ledger.spentUsd() }, options, terminal);
  if (out !== undefined) terminal.note(`calls: ${out}`);
  return exitCodeOf(run, summaries);
}

/** What a probe would cost, and the token that confirms exactly that. */
function dryRun(prepared: PreparedProbe, pace: ProbePace, options: CommonOptions, terminal: Terminal): void {
  const { budgetUsd } = locksOf(options);
  const purchase = probePurchase(prepared, pace, budgetUsd);
  const confirm = purchase && confirmToken(purchase.facts, Date.now());
  const calls = prepared.targets.length * pace.count;
  if (options.json === true) {
    const { mostUsd = 0, expectedUsd: worstUsd = 0 } = purchase ?? {};
    terminal.out(
      jsonDocument("probe-plan", { calls, worstUsd, mostUsd, budgetUsd: budgetUsd ?? null, confirm: confirm ?? null }),
    );
  } else if (confirm === undefined) terminal.out(`${calls} calls of this machine: they cost nothing`);
  else {
    const budget = budgetUsd === undefined ? "; add --budget-usd, for which there is another token" : "";
    terminal.out(
      `${worstText(prepared, pace)}\nto confirm it without a terminal, within the hour and once: --confirm ${confirm}${budget}`,
    );
  }
}

/** What is about to happen, before any of it does. */
function announce(prepared: PreparedProbe, count: number, options: CommonOptions, terminal: Terminal): void {
  const { targets, placeOf } = prepared;
  const each = formatSpan(options.interval as number);
  const calls = targets.length * count;
  terminal.note(
    `${calls} calls: ${targets.length} of region and model, ${count} each, about every ${each} in a region`,
  );
  for (const { region, url, identity } of placeOf.values()) terminal.note(`${region}: ${url}, ${identity.source}`);
}

async function measure(
  prepared: PreparedProbe,
  ledger: SpendLedger,
  options: CommonOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ProbeRun> {
  const { targets } = prepared;
  const count = options.count as number;
  const line = createStatusLine({ stream: process.stderr, live: terminal.live, quiet: terminal.quiet });
  let done = 0;
  let failed = 0;
  const onProbe = ({ error, region, ttftMs }: ProbeRecord): void => {
    done++;
    if (error !== null) failed++;
    const planned = targets.length * count;
    line.show(formatProbeProgress({ done, planned, failed, region, ttftMs, spentUsd: ledger.spentUsd() }));
  };
  const order = {
    targets,
    count,
    intervalMs: options.interval as number,
    timeoutMs: options.timeout as number,
    limitMs: options.limit as number,
    inputTokens: options.inputTokens as number,
    outputTokens: options.outputTokens as number,
    seed: options.seed as number,
  };
  const open = (region: string) => openCaller(prepared.callerOf(region));
  return runProbe(order, { openCaller: open, ledger, signal, onProbe }).finally(line.stop);
}

/** By region and model as they were named, not as their answers came. */
function inOrder(probes: readonly ProbeRecord[], { targets }: PreparedProbe): readonly ProbeRecord[] {
  return targets.flatMap(({ region, model }) =>
    probes.filter((each) => each.region === region && each.model === model),
  );
}

interface Outcome {
  readonly prepared: PreparedProbe;
  readonly run: ProbeRun;
  readonly summaries: readonly ProbeSummary[];
  readonly harness: ProbeHarness | null;
  readonly spentUsd: number;
}

function print(outcome: Outcome, options: CommonOptions, terminal: Terminal): void {
  const { run, summaries, harness, spentUsd } = outcome;
  const problems = failureProblems(run.probes, outcome.prepared);
  if (options.json === true) {
    terminal.out(
      jsonDocument("probe", { ended: run.ended, spentUsd, harness, targets: summaries, problems, probes: run.probes }),
    );
  } else if (summaries.length > 0) terminal.out(probeText(summaries, harness));
  for (const problem of problems) terminal.problem(formatProblem(problem));
  if (spentUsd > 0) terminal.note(`spent about ${spentUsd.toFixed(4)} USD`);
  if (run.ended !== "all") terminal.problem(formatProblem(ENDED[run.ended]));
}

const ENDED: Readonly<Record<Exclude<ProbeRun["ended"], "all">, Problem>> = {
  interrupted: { code: "INTERRUPTED", what: "stopped before the end; what was measured until then is above" },
  budget: {
    code: "PROBE_BUDGET_SPENT",
    what: "stopped: the budget does not hold the worst case of another call",
    fix: "raise --budget-usd, or ask for fewer calls or tokens",
  },
  "time-limit": {
    code: "PROBE_TIME_LIMIT",
    what: "stopped: the time is over; what was measured until then is above",
    fix: "raise --limit, or lower --count or --interval",
  },
};

/** A target that never answered is a fault of the environment; one that answers now and then is a finding. */
function exitCodeOf(run: ProbeRun, summaries: readonly ProbeSummary[]): number {
  if (run.ended === "interrupted") return EXIT_CODES.interrupted;
  if (summaries.length === 0)
    throw new MeridianError("environment", ENDED[run.ended === "all" ? "time-limit" : run.ended]);
  return summaries.some(({ answered }) => answered === 0) ? EXIT_CODES.environment : EXIT_CODES.ok;
}

/** Adds the options that say what is called, where and as whom; `probe` and `doctor` share them. */
export function addProbeTargetOptions(command: Command): void {
  command
    .option("--region <name...>", "regions to call; AWS_REGION unless given")
    .option("--model <id...>", "models or inference profiles to call")
    .addOption(
      new Option("--endpoint-url <url>", "one endpoint for all regions, e.g. http://127.0.0.1:7400").conflicts(
        "endpoints",
      ),
    )
    .option("--endpoints <file>", "file that maps regions to URLs, as bench --target takes it")
    .option("--allow-host <host...>", "hosts other than this machine that the URLs may name")
    .option("--profile <name>", "profile of the shared AWS files")
    .addOption(new Option("--price <in,out>", "USD per million tokens, where no price is known").argParser(prices))
    .option("--spend-real-money", "lock 1 where calls cost money: real calls cost real money")
    .addOption(new Option("--budget-usd <usd>", "lock 2: spend no more than this").argParser(usd))
    .option("--confirm <token>", "lock 3 without a terminal: the token that meridian probe --dry-run shows");
}

/** Adds the options of how many calls there are, how often and how large. */
export function addProbePaceOptions(command: Command): void {
  command
    .addOption(new Option("--count <n>", "calls of each region and model").default(20).argParser(countUpTo(1000)))
    .addOption(duration("--interval <time>", "from one call of a region to the next", "2s"))
    .addOption(duration("--timeout <time>", "how long one call may take", "60s"))
    .addOption(duration("--limit <time>", "after so long no call begins", "30m"))
    .addOption(tokens("--input-tokens <n>", "size of the prompt, about", 500))
    .addOption(tokens("--output-tokens <n>", "tokens of the answer at most", 100))
    .addOption(new Option("--seed <n>", "seed of prompts and pauses").default(1).argParser(wholeNumber(0)));
}

export function probeSettings(scenario: string | undefined, options: CommonOptions): ProbeSettings {
  return {
    scenario,
    regions: (options.region as readonly string[] | undefined) ?? [],
    models: (options.model as readonly string[] | undefined) ?? [],
    endpointUrl: options.endpointUrl as string | undefined,
    endpoints: options.endpoints as string | undefined,
    allowedHosts: (options.allowHost as readonly string[] | undefined) ?? [],
    profile: options.profile as string | undefined,
    prices: options.price as ProbeSettings["prices"],
    inputTokens: (options.inputTokens as number | undefined) ?? 20,
    outputTokens: (options.outputTokens as number | undefined) ?? 5,
    env: process.env,
  };
}

function duration(flags: string, description: string, standard: string): Option {
  return new Option(flags, description).default(parseDurationMs(standard), standard).argParser((text) => {
    const ms = parseDurationMs(text);
    if (ms !== undefined && ms > 0 && ms <= MS_MAX) return ms;
    throw new InvalidArgumentError("It must be a time such as 500ms, 2s or 5m.");
  });
}

/** Timers hold no more. */
const MS_MAX = 2 ** 31 - 1;

function tokens(flags: string, description: string, standard: number): Option {
  return new Option(flags, description).default(standard).argParser(countUpTo(200_000));
}

function countUpTo(max: number): (text: string) => number {
  return (text) => {
    const value = wholeNumber(1)(text);
    if (value <= max) return value;
    throw new InvalidArgumentError(`It must be at most ${max}.`);
  };
}

function prices(text: string): ProbeSettings["prices"] {
  const [input = Number.NaN, output = Number.NaN, ...more] = text.split(",").map((part) => Number(part.trim() || "x"));
  if (more.length === 0 && input >= 0 && output >= 0 && input < 1e6 && output < 1e6) return { input, output };
  throw new InvalidArgumentError("It must be two prices in USD per million tokens, such as 3,15.");
}

function usd(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It must be an amount in USD above 0, such as 0.50.");
}
