/**
 * The end of every bench: makes a measured run of its strategies, saves it with its rows, its traffic and the report on the
 * harness, prints it and decides the exit code.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { EXIT_CODES, formatProblem, MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { invalidReasons, NO_ANSWER, REJECTED_CALLS } from "../../simulator/bench/checks.ts";
import { measuredResult } from "../../simulator/bench/measured.ts";
import { nativeNote } from "../../simulator/bench/native-executor.ts";
import { encodeSchedule, requestOf } from "../../simulator/bench/rows.ts";
import type { RunResult } from "../../simulator/experiment/index.ts";
import type { CommandInput, CommonOptions } from "../commands/command.ts";
import { type PreparedExperiment, resultProvenance } from "../io/experiment.ts";
import { newRunId, provenance, type RunFiles, type SavedRun, saveRun } from "../io/run-store.ts";
import type { Terminal } from "../io/terminal.ts";
import { appendJobSummary, stableJson } from "../io/text-files.ts";
import { interrupted } from "../io/worker-pool.ts";
import { encodeRecords, packText } from "../validate/folder.ts";
import type { BenchedStrategy } from "./run.ts";

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
  for (const { release } of benched) await release?.();
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
  return { code: "BENCH_INVALID", what: reason, fix: fixOf(reason) };
}

/** What mends a run that is invalid for a reason as `invalidReasons` words it. */
function fixOf(reason: string): string {
  if (reason.includes(NO_ANSWER)) return "are the endpoints running, and are their URLs and ports the right ones?";
  if (reason.includes(REJECTED_CALLS)) {
    return "see how the endpoints want to be called: auth, keyFrom and models in their file; docs/bench.md has all keys";
  }
  return "free the machine of other work, bench fewer requests a second, or fix what the reason names";
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
  const [are, were, them] = gates === 1 ? ["gate is", "was", "it"] : [`${gates} gates are`, "were", "them"];
  const note = `The scenario's ${are} about its whole run and ${were} not checked on this part; --assert checks ${them}.`;
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

export interface BenchFacts {
  readonly out: string;
  readonly startedAt: Date;
  readonly k6Version: string;
  readonly place: string;
  readonly reasons: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Saves a measured run as a simulated one is saved, with what only a measurement has: every row that k6 wrote
 * (`rows-1.jsonl.gz` and so on, in the order of the scenario's strategies), what the endpoints said of its calls
 * (`endpoint-1.jsonl.gz`: where they ran, what those that were given up cost), the exact traffic (`schedule.json.gz`) and
 * how well the harness did (`bench.json`).
 */
export async function saveBench(
  experiment: PreparedExperiment,
  result: RunResult,
  benched: readonly BenchedStrategy[],
  facts: BenchFacts,
): Promise<SavedRun> {
  const { renderHtml, renderMarkdown } = await import("../../reports/index.ts");
  const resultJson = stableJson(result);
  const markdown = renderMarkdown(result);
  const html = await renderHtml(result);
  const { plan } = experiment.inputs;
  const schedules = schedulesOf(benched);
  const rows = benched.map(({ rowsText }, i) => [`rows-${i + 1}.jsonl.gz`, gzipSync(rowsText)] as const);
  const nameOfRecords = benched.map(({ records }, i) => (records.size > 0 ? `endpoint-${i + 1}.jsonl.gz` : undefined));
  const records = benched.flatMap((each, i) => {
    const name = nameOfRecords[i];
    return name === undefined ? [] : [[name, packText(encodeRecords(each.records))] as const];
  });
  // Rendering keeps the thread busy: give a Ctrl-C that came meanwhile its turn before anything is published.
  await new Promise((resolve) => setImmediate(resolve));
  if (facts.signal.aborted) throw interrupted();
  const savedAt = new Date();
  const files: RunFiles = {
    "scenario.yaml": experiment.yaml,
    "result.json": resultJson,
    "report.html": html,
    "summary.md": markdown,
    "bench.json": stableJson({
      schemaVersion: 1,
      valid: facts.reasons.length === 0,
      reasons: facts.reasons,
      target: facts.place,
      k6: facts.k6Version,
      targets: plan.targets.map(({ id }) => id),
      classes: plan.classes.map(({ name }) => name),
      origins: plan.originNames,
      // Null where an emulator injected the scenario's own.
      roundTripMs: benched[0]?.roundTripMs ?? null,
      strategies: benched.map(({ report, rowsText, spend }, i) => ({
        ...report,
        ...(spend === undefined ? {} : { spend }),
        schedule: schedules.nameOf[i]!,
        rows: `rows-${i + 1}.jsonl.gz`,
        ...(nameOfRecords[i] === undefined ? {} : { endpoint: nameOfRecords[i] }),
        rowsSha256: createHash("sha256").update(rowsText).digest("hex"),
      })),
    }),
    "provenance.json": provenance(facts.startedAt, savedAt),
    ...Object.fromEntries(schedules.files),
    ...Object.fromEntries(rows),
    ...Object.fromEntries(records),
  };
  const saved = await saveRun(facts.out, newRunId(`${result.scenario.name}-bench`, resultJson, savedAt), files);
  await appendJobSummary(markdown, process.env.GITHUB_STEP_SUMMARY);
  return saved;
}

/** One file for strategies that were sent the same traffic. */
function schedulesOf(benched: readonly BenchedStrategy[]) {
  const texts = benched.map(({ run }) => encodeSchedule(run.schedule));
  const known = [...new Set(texts)];
  const names = known.map((_, i) => (i === 0 ? "schedule.json.gz" : `schedule-${i + 1}.json.gz`));
  return {
    files: known.map((text, i) => [names[i]!, gzipSync(text)] as const),
    nameOf: texts.map((text) => names[known.indexOf(text)]!),
  };
}
