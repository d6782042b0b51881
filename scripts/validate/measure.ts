/**
 * Runs a validation: measures and simulates the same traffic, every row kept, derives all figures from that evidence, saves
 * both.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { HOUR_MS } from "../../simulator/base/time.ts";
import { beginsEmpty, type HarnessReport, invalidReasons, KEEPS_STATE } from "../../simulator/bench/checks.ts";
import { notReplayable, recordSchedule } from "../../simulator/bench/make-plan.ts";
import { type MeasuredRun, measuredResult } from "../../simulator/bench/measured.ts";
import type { ReplayOperation } from "../../simulator/bench/plan.ts";
import { decodeSchedule, encodeSchedule, type ScheduleRow } from "../../simulator/bench/rows.ts";
import { assembleResult, type Provenance, type RunResult, runJob } from "../../simulator/experiment/index.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import type { ValidationResult } from "../../simulator/validate/result.ts";
import { collectRows, type SimulatedRows } from "../../simulator/validate/samples.ts";
import { validateStrategy, validationResult } from "../../simulator/validate/validate.ts";
import { ensureK6 } from "../bench/k6-program.ts";
import { type BenchedStrategy, benchStrategies, createBenchProgress } from "../bench/run.ts";
import type { BenchTarget } from "../bench/target.ts";
import type { PreparedExperiment } from "../io/experiment.ts";
import { packageVersion } from "../io/process.ts";
import { formatSpan } from "../io/progress.ts";
import { newRunId, provenance, type SavedRun, saveRun } from "../io/run-store.ts";
import type { Terminal } from "../io/terminal.ts";
import { appendJobSummary, environmentProblem, stableJson } from "../io/text-files.ts";
import { interrupted } from "../io/worker-pool.ts";
import {
  decodeRows,
  endpointRecords,
  evidenceFiles,
  type MeasuredRows,
  measuredRows,
  recordedRegions,
  type ValidationEvidence,
} from "./folder.ts";
import { knownAnswerError, runKnownAnswer } from "./known-answer.ts";

export interface MeasureOptions {
  readonly target: BenchTarget;
  readonly operation: ReplayOperation;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** A validation runs in real time: longer windows are taken for a mistake. Of each strategy, ms. */
const LENGTH_MS_MAX = HOUR_MS;
const RESAMPLES = 1000;

/**
 * Collects all that a validation is made from: the harness against known answers, the simulation, the measurement.
 *
 * @param file of the scenario, for people
 * @throws MeridianError usage BENCH_NOT_REPLAYABLE, VALIDATE_TOO_LONG; assertion BENCH_INVALID when rows are missing;
 *   environment K6_*, EMULATOR_*; INTERRUPTED
 */
export async function measureAndSimulate(
  file: string,
  experiment: PreparedExperiment,
  { target, operation, terminal, signal }: MeasureOptions,
): Promise<{ readonly evidence: ValidationEvidence; readonly simulated: RunResult }> {
  const { plan } = experiment.inputs;
  const problems = notReplayable(plan);
  if (problems.length > 0) throw new MeridianError("usage", problems);
  // As it is kept and as k6 reads it, to the microsecond: what is derived from the folder is then the same.
  const schedule = decodeSchedule(encodeSchedule(recordSchedule(plan)));
  refuseLength(plan, schedule);
  const k6 = await ensureK6({ env: process.env, signal, note: (text) => terminal.note(text) });
  const meridian = packageVersion();
  const simulated = await simulateRows(
    plan,
    {
      scenarioSha256: createHash("sha256").update(experiment.yaml).digest("hex"),
      meridianVersion: meridian,
      traces: experiment.traces.map(({ name, sha256, attribution }) => ({ name, sha256, attribution })),
    },
    { signal },
  );
  announce(file, plan, schedule, target.place, terminal);
  const progress = createBenchProgress({ stream: process.stderr, live: terminal.live, quiet: terminal.quiet });
  const how = { k6, signal, onMoment: progress.update };
  const measure = async () => ({
    known: await runKnownAnswer(plan, schedule, operation, how),
    benched: await benchStrategies(plan, { ...how, target, schedule, drainMs: plan.drainMs }),
  });
  const { known, benched } = await measure().finally(progress.stop);
  refuseIncomplete([known, ...benched]);
  const evidence: ValidationEvidence = {
    yaml: experiment.yaml,
    facts: {
      schemaVersion: 1,
      place: target.place,
      isStreaming: benched.every(({ run }) => run.isStreaming),
      k6: k6.version,
      meridian,
      resamples: RESAMPLES,
      notes: [...new Set(benched.flatMap(({ run }) => run.notes ?? []))],
      reports: benched.map(({ report }) => report),
      knownAnswer: known.report,
    },
    schedule,
    strategies: benched.map((each, strategy) => ({ simulated: simulated.rows[strategy]!, measured: rowsOf(each) })),
    knownAnswer: rowsOf(known),
  };
  return { evidence, simulated: simulated.result };
}

function rowsOf({ rowsText, records }: BenchedStrategy): MeasuredRows {
  return { rowsText, records };
}

function refuseLength(plan: Plan, schedule: readonly ScheduleRow[]): void {
  const lengthMs = schedule.at(-1)![0] - plan.arrivalsFromMs;
  if (lengthMs <= LENGTH_MS_MAX) return;
  throw new MeridianError("usage", {
    code: "VALIDATE_TOO_LONG",
    what: `a validation runs in real time, and this window lasts ${formatSpan(lengthMs)}`,
    where: "duration",
    fix: "say how much of it you want, for example --duration 3m, or give validation.for",
  });
}

function refuseIncomplete(benched: readonly BenchedStrategy[]): void {
  const problems = benched
    .map(({ report }): HarnessReport => report)
    .filter(({ isComplete }) => !isComplete)
    .map(({ strategy, faults }): Problem => {
      const fix = "free the machine of other work, or validate fewer requests a second";
      return { code: "BENCH_INVALID", what: `${strategy}: ${faults[0] ?? "rows are missing"}`, fix };
    });
  if (problems.length > 0) throw new MeridianError("assertion", problems);
}

function announce(file: string, plan: Plan, schedule: readonly ScheduleRow[], place: string, terminal: Terminal): void {
  const lengthMs = schedule.at(-1)![0] - plan.arrivalsFromMs;
  const perS = (schedule.length / Math.max(1, lengthMs)) * 1000;
  const each = `${schedule.length} requests in ${formatSpan(lengthMs)} (${perS.toFixed(1)}/s)`;
  terminal.note(`${file}: ${each}; first the harness itself, then ${plan.strategies.length} strategies at ${place}`);
}

/** Everything that follows from the evidence. */
interface Derived {
  readonly validation: ValidationResult;
  readonly measured: RunResult;
}

/**
 * Makes every figure of a validation from its evidence alone: the same evidence gives the same bytes.
 *
 * @throws MeridianError assertion HARNESS_FAILED when known answers did not come
 */
export function deriveValidation(experiment: PreparedExperiment, evidence: ValidationEvidence): Derived {
  const { plan } = experiment.inputs;
  const { facts, schedule } = evidence;
  const measured = evidence.strategies.map(({ measured: rows }): MeasuredRun => {
    const ranIn = recordedRegions(rows.records);
    return { schedule, ...measuredRows(rows), isStreaming: facts.isStreaming, ranIn };
  });
  const strategies = evidence.strategies.map(({ simulated }, strategy) =>
    validateStrategy(plan, {
      strategy,
      simulated: simulatedRun(schedule, simulated),
      measured: measured[strategy]!,
      resamples: facts.resamples,
    }),
  );
  const { lagMs, serverLateMsP99 } = facts.knownAnswer;
  const { rowsText } = evidence.knownAnswer;
  const knownRows = decodeRows(Buffer.from(rowsText).toString("utf8"), "known-answer");
  const scenarioSha256 = createHash("sha256").update(evidence.yaml).digest("hex");
  const validation = validationResult(plan, {
    strategies,
    harness: knownAnswerError(schedule, knownRows, {
      lagMsP99: lagMs.p99,
      serverLateMsP99,
      isStreaming: facts.isStreaming,
    }),
    requests: schedule.length,
    lengthMs: schedule.at(-1)![0] - plan.arrivalsFromMs,
    place: facts.place,
    resamples: facts.resamples,
    invalid: invalidReasons(facts.reports),
    notes: facts.reports.every(beginsEmpty) ? facts.notes : [KEEPS_STATE, ...facts.notes],
    scenarioSha256,
    meridianVersion: facts.meridian,
  });
  const result = measuredResult(plan, {
    runs: measured,
    reports: facts.reports,
    place: facts.place,
    provenance: {
      scenarioSha256,
      meridianVersion: facts.meridian,
      traces: experiment.traces.map(({ name, sha256, attribution }) => ({ name, sha256, attribution })),
    },
  });
  return { validation, measured: result };
}

/** Texts by the names of their files. */
type TextFiles = Readonly<Record<string, string>>;

/** Files that follow from the evidence: `--from` makes them again, byte for byte. */
export async function derivedFiles({ validation, measured }: Derived): Promise<TextFiles> {
  const { renderValidationHtml, renderValidationMarkdown } = await import("../../reports/validation/report.ts");
  return {
    "validation.json": stableJson(validation),
    "measured-result.json": stableJson(measured),
    "report.html": await renderValidationHtml(validation),
    "summary.md": renderValidationMarkdown(validation),
  };
}

/** Publishes a validation's folder whole, or not at all. */
export async function saveValidation(
  evidence: ValidationEvidence,
  derived: Derived,
  facts: {
    readonly simulated: RunResult;
    readonly out: string;
    readonly startedAt: Date;
    readonly signal: AbortSignal;
  },
): Promise<SavedRun> {
  const files = await derivedFiles(derived);
  // Rendering keeps the thread busy: give a Ctrl-C that came meanwhile its turn before anything is published.
  await new Promise((resolve) => setImmediate(resolve));
  if (facts.signal.aborted) throw interrupted();
  const savedAt = new Date();
  const id = newRunId(`${derived.validation.scenario.name}-validation`, files["validation.json"]!, savedAt);
  const saved = await saveRun(facts.out, id, {
    ...evidenceFiles(evidence),
    "simulated-result.json": stableJson(facts.simulated),
    ...files,
    "provenance.json": provenance(facts.startedAt, savedAt),
  });
  await appendJobSummary(files["summary.md"]!, process.env.GITHUB_STEP_SUMMARY);
  return saved;
}

/** Writes the derived files of a folder again. @throws MeridianError environment VALIDATION_NOT_WRITTEN */
export async function rewriteDerived(folder: string, files: TextFiles): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    try {
      await writeFileAtomic(path, Buffer.from(content));
    } catch (error) {
      const fix = "check that the folder can be written to";
      throw new MeridianError("environment", environmentProblem("VALIDATION_NOT_WRITTEN", error, path, fix), {
        cause: error,
      });
    }
  }
}

/** The simulated side of a validation. */
export interface SimulatedSide {
  readonly result: RunResult;
  /** By strategy. */
  readonly rows: readonly SimulatedRows[];
}

/**
 * Simulates replication 0 of each strategy and keeps every row. In this thread: a validation is a few thousand requests.
 *
 * @throws MeridianError INTERRUPTED
 */
export async function simulateRows(
  plan: Plan,
  provenance: Provenance,
  options: { readonly signal: AbortSignal; readonly onShare?: (share: number) => void },
): Promise<SimulatedSide> {
  const single: Plan = { ...plan, replications: 1 };
  const collectors = plan.strategies.map(() => collectRows(single));
  const job = runJob(
    { plan: single },
    { replication: 0, strategyIndices: [...plan.strategies.keys()] },
    { observerOf: (strategy) => collectors[strategy]! },
  );
  let step = job.next();
  while (step.done !== true) {
    options.onShare?.(step.value.share);
    await new Promise((resolve) => setImmediate(resolve));
    if (options.signal.aborted) throw interrupted();
    step = job.next();
  }
  return {
    result: assembleResult({ plan: single }, [step.value], provenance),
    rows: collectors.map((collector) => collector.rows()),
  };
}

/** A strategy's simulated rows as a run to be compared. */
export function simulatedRun(schedule: readonly ScheduleRow[], rows: SimulatedRows): MeasuredRun {
  const { attempts, requests, records } = rows;
  const ranIn = recordedRegions(endpointRecords(records));
  return { schedule, attempts, requests, isStreaming: true, ranIn };
}
