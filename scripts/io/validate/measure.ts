import { createHash } from "node:crypto";
import { MeridianError, type Problem } from "../../../simulator/errors.ts";
import type { RunResult } from "../../../simulator/experiment/index.ts";
import type { HarnessReport } from "../../../simulator/replay/harness.ts";
import { recordSchedule } from "../../../simulator/replay/record-schedule.ts";
import type { ReplayOperation } from "../../../simulator/replay/replay-plan.ts";
import { notReplayable } from "../../../simulator/replay/replayable.ts";
import { decodeSchedule, encodeSchedule, type ScheduleRow } from "../../../simulator/replay/schedule.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import type { PreparedExperiment } from "../experiment.ts";
import { type BenchedStrategy, benchStrategies } from "../k6/bench.ts";
import { createBenchProgress } from "../k6/bench-progress.ts";
import { ensureK6 } from "../k6/install-k6.ts";
import type { BenchTarget } from "../k6/target.ts";
import { packageVersion } from "../package-info.ts";
import { formatSpan } from "../progress.ts";
import type { Terminal } from "../terminal.ts";
import { runKnownAnswer } from "./known-answer-run.ts";
import { simulateRows } from "./simulate-rows.ts";
import type { MeasuredRows, ValidationEvidence } from "./validation-folder.ts";

export interface MeasureOptions {
  readonly target: BenchTarget;
  readonly operation: ReplayOperation;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** A validation runs in real time: nobody means to wait this long for each strategy. */
const LENGTH_MS_MAX = 60 * 60_000;
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
