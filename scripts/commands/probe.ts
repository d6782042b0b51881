import type { Command } from "commander";
import { EXIT_CODES, formatProblem, MeridianError, type Problem } from "../../simulator/errors.ts";
import type { ProbeHarness, ProbeRecord } from "../../simulator/probe/probe-record.ts";
import { type ProbeSummary, summariseProbes } from "../../simulator/probe/summary.ts";
import { openCaller } from "../io/probe/caller.ts";
import { failureProblems } from "../io/probe/failures.ts";
import { type PreparedProbe, prepareProbe } from "../io/probe/prepare.ts";
import { checkProbePlace, probeFileOf, writeProbeFile } from "../io/probe/probe-file.ts";
import { type ProbeRun, runProbe } from "../io/probe/run-probe.ts";
import { checkOwnClock } from "../io/probe/self-check.ts";
import { createSpendLedger, type SpendLedger } from "../io/probe/spending.ts";
import { createStatusLine } from "../io/probe/status-line.ts";
import { formatSpan } from "../io/progress.ts";
import type { Terminal } from "../io/terminal.ts";
import { type CommandDefinition, type CommandInput, type CommonOptions, jsonDocument } from "./command.ts";
import { allowSpending, terminalAsk } from "./probe-money.ts";
import { addProbePaceOptions, addProbeTargetOptions, probeSettings } from "./probe-options.ts";
import { formatProbeProgress, probeText } from "./probe-text.ts";

export const probeCommand: CommandDefinition = {
  name: "probe",
  summary: "Call endpoints now and then with the AWS SDK: time to first token, every gap, what fails and why.",
  examples: [
    ["meridian probe a.yaml --endpoints endpoints.yaml", "what a scenario calls, at endpoints of your own"],
    [
      "meridian probe --region us-east-1 --model us.amazon.nova-lite-v1:0 --budget-usd 0.50",
      "real Bedrock: prints the worst case and asks",
    ],
    ["meridian probe --region us-east-1 --model ... --count 40 --interval 5s --out probe.json", "more, kept in a file"],
  ],
  configure: (command: Command) => {
    command.argument("[scenario]", "scenario file whose regions and models are called");
    addProbeTargetOptions(command);
    addProbePaceOptions(command);
    command.option("--out <file>", "write every call to this file");
  },
  run: runProbeCommand,
};

async function runProbeCommand({ args, options, terminal, signal }: CommandInput): Promise<number> {
  const out = options.out as string | undefined;
  if (out !== undefined) await checkProbePlace(out);
  const prepared = await prepareProbe(probeSettings(args[0], options));
  const count = options.count as number;
  announce(prepared, count, options, terminal);
  const budgetUsd = await allowSpending(prepared, {
    count,
    intervalMs: options.interval as number,
    budgetUsd: options.budgetUsd as number | undefined,
    agreed: options.yes === true,
    ask: terminalAsk(terminal, signal),
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
