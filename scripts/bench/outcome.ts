/** The end of every bench: makes a measured run of its strategies, saves it, prints it and decides the exit code. */
import { join } from "node:path";
import { EXIT_CODES, formatProblem, MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { invalidReasons } from "../../simulator/bench/checks.ts";
import { measuredResult } from "../../simulator/bench/measured.ts";
import { nativeNote } from "../../simulator/bench/native-executor.ts";
import { requestOf } from "../../simulator/bench/rows.ts";
import type { RunResult } from "../../simulator/experiment/index.ts";
import type { CommandInput, CommonOptions } from "../commands/command.ts";
import { type PreparedExperiment, resultProvenance } from "../io/experiment.ts";
import type { Terminal } from "../io/terminal.ts";
import { stableJson } from "../io/text-files.ts";
import type { BenchedStrategy } from "./run.ts";
import { saveBench } from "./save.ts";

export interface BenchConclusion {
  readonly experiment: PreparedExperiment;
  readonly benched: readonly BenchedStrategy[];
  /** Where it was measured, and what else the report is to say. */
  readonly place: string;
  readonly notes: readonly string[];
  readonly startedAt: Date;
  readonly k6Version: string;
  readonly input: CommandInput;
}

/**
 * Makes benched strategies one measured run: judged, saved and printed, wherever their rows came from.
 *
 * @returns the exit code: 99 for an invalid run and for failed gates
 * @throws MeridianError assertion when rows are missing, for then there is nothing to count
 */
export async function concludeBench(conclusion: BenchConclusion): Promise<number> {
  const { experiment, benched, place, notes, startedAt, k6Version } = conclusion;
  const { options, terminal, signal } = conclusion.input;
  const reports = benched.map(({ report }) => report);
  const reasons = invalidReasons(reports);
  if (!reports.every(({ isComplete }) => isComplete)) throw new MeridianError("assertion", reasons.map(invalidRun));
  const result = benchResult(experiment, benched, place, notes);
  const saved = await saveBench(experiment, result, benched, {
    out: String(options.out),
    startedAt,
    k6Version,
    place,
    reasons,
    signal,
  });
  await printResult(result, options, terminal);
  terminal.note(`report: ${join(saved.folder, "report.html")}`);
  if (reports.some(({ plain }) => plain !== undefined)) return nativeExecutorCode(benched, terminal);
  for (const reason of reasons) terminal.problem(formatProblem(invalidRun(reason)));
  return reasons.length > 0 ? EXIT_CODES.assertion : assertionCode(result, terminal);
}

/** The measured run of benched strategies. */
function benchResult(
  experiment: PreparedExperiment,
  benched: readonly BenchedStrategy[],
  place: string,
  notes: readonly string[] = [],
): RunResult {
  const result = measuredResult(experiment.inputs.plan, {
    runs: benched.map(({ run }) => run),
    reports: benched.map(({ report }) => report),
    place,
    provenance: resultProvenance(experiment),
  });
  return { ...result, notes: [...result.notes, ...notes] };
}

async function printResult(result: RunResult, options: CommonOptions, terminal: Terminal): Promise<void> {
  if (options.json === true) {
    terminal.out(stableJson(result).trimEnd());
    return;
  }
  const { renderTerminal } = await import("../../reports/index.ts");
  terminal.out(renderTerminal(result, { colour: terminal.colour, width: terminal.width }));
}

/** Why a measured run is not valid, as a problem with its fix. */
function invalidRun(reason: string): Problem {
  const fix = "free the machine of other work, bench fewer requests a second, or mend what the reason names";
  return { code: "BENCH_INVALID", what: reason, fix };
}

/** Reports gates that failed. */
function assertionCode(result: RunResult, terminal: Terminal): number {
  const failed = result.assertions.filter((each) => !each.passed);
  for (const each of failed) {
    terminal.problem(formatProblem({ code: "ASSERTION_FAILED", what: `${each.text}; found ${each.found}` }));
  }
  return failed.length > 0 ? EXIT_CODES.assertion : EXIT_CODES.ok;
}

/**
 * Reports how an executor of k6 did. Such a run is not a valid measurement anyway, so only what went wrong in it makes
 * it fail: requests that never left, rows that do not add up.
 */
function nativeExecutorCode(benched: readonly BenchedStrategy[], terminal: Terminal): number {
  const faults = benched.flatMap(({ report }) => report.faults.map((fault) => `${report.strategy}: ${fault}`));
  for (const { report } of benched) {
    if (report.plain === undefined) continue;
    const note = nativeNote(report.requests, report.plain);
    terminal.note(`${report.strategy}: ${note}; not for comparison with a simulation`);
  }
  for (const what of faults) {
    const fix = "give it more virtual users with --vus, or leave --executor out: the dispatcher drops nothing";
    terminal.problem(formatProblem({ code: "BENCH_INVALID", what, fix }));
  }
  return faults.length > 0 ? EXIT_CODES.assertion : EXIT_CODES.ok;
}

/**
 * A scenario's gates are about its whole run: of a part of it they say nothing, so a shortened bench leaves them out
 * unless `--assert` asks for them.
 */
export function gatesOf(
  experiment: PreparedExperiment,
  options: CommonOptions,
): { readonly experiment: PreparedExperiment; readonly notes: readonly string[] } {
  const { plan } = experiment.inputs;
  const isShortened = options.duration !== undefined || options.at !== undefined;
  const gates = plan.assertions.length;
  if (!isShortened || gates === 0 || options.assert === true) return { experiment, notes: [] };
  const inputs = { ...experiment.inputs, plan: { ...plan, assertions: [] } };
  const note = `The scenario's ${gates} gates are about its whole run and were not checked on this part; --assert checks them.`;
  return { experiment: { ...experiment, inputs }, notes: [note] };
}

/** How far the service's counts of tokens are from those that were wanted, for each strategy. */
export function tokenNotes(benched: readonly BenchedStrategy[]): readonly string[] {
  return benched.flatMap(({ run, report }) => {
    const served = run.attempts.filter(({ k, u }) => k === "ok" && u !== null);
    if (served.length === 0) return [];
    const wanted = served.map(({ i }) => requestOf(run.schedule[i]!, i));
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    const input = sum(wanted.map(({ inputTokens }) => inputTokens));
    const output = sum(wanted.map(({ outputTokens }) => outputTokens));
    const inputCounted = sum(served.map(({ u }) => u![0] + u![2] + u![3]));
    const outputCounted = sum(served.map(({ u }) => u![1]));
    const inputs = `${inputCounted} input tokens where ${input} were wanted (${change(inputCounted, input)})`;
    const outputs = `${outputCounted} output tokens where ${output} were (${change(outputCounted, output)})`;
    return [`${report.strategy}: the service counted ${inputs}, and ${outputs}.`];
  });
}

/** What was spent of the budget, where there was one. */
export function spendNotes(benched: readonly BenchedStrategy[]): readonly string[] {
  return benched.flatMap(({ spend, report }) => {
    if (spend === undefined) return [];
    const spent = `at most ${spend.spentUsd.toFixed(4)} USD of ${spend.budgetUsd.toFixed(4)} were spent`;
    return [
      `${report.strategy}: ${spent}, at the most expensive prices, and in full where the service reported no tokens.`,
    ];
  });
}

function change(counted: number, wanted: number): string {
  const percent = 100 * (counted / Math.max(1, wanted) - 1);
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(1)} %`;
}
