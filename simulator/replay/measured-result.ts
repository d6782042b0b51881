import { assembleResult, type Provenance, type RunResult } from "../experiment/index.ts";
import { summarise } from "../experiment/replication-stats.ts";
import type { Plan } from "../scenario/plan.ts";
import { type HarnessReport, invalidReasons } from "./harness.ts";
import { type MeasuredRun, measuredOutput } from "./measured-output.ts";
import { plainNote } from "./plain.ts";

export interface MeasuredInput {
  /** One run per strategy, in the plan's order. */
  readonly runs: readonly MeasuredRun[];
  readonly reports: readonly HarnessReport[];
  /** Where it was measured, for the notes. */
  readonly place: string;
  readonly provenance: Provenance;
}

/**
 * The result of a measured run: the shape of a simulated one, with its own notes. An invalid run says so in its verdict
 * and compares nothing.
 */
export function measuredResult(plan: Plan, input: MeasuredInput): RunResult {
  const single: Plan = { ...plan, replications: 1 };
  const stats = input.runs.map((run, strategy) => summarise(single, strategy, 0, measuredOutput(single, run)));
  const result = assembleResult({ plan: single }, [{ stats }], input.provenance);
  const reasons = invalidReasons(input.reports);
  return {
    ...result,
    kind: "measured",
    comparisons: reasons.length > 0 ? [] : result.comparisons,
    verdict: reasons.length > 0 ? `Invalid run, nothing can be concluded: ${reasons[0]}.` : result.verdict,
    notes: [...reasons.map((reason) => `INVALID: ${reason}.`), ...measuredNotes(input), ...result.notes],
  };
}

/** What latency counts from: the schedule's instants, unless an executor of k6 had its own. */
function openOrPlain(reports: readonly HarnessReport[], lagMs: number): readonly string[] {
  const plain = reports.flatMap(({ strategy, requests, plain }) =>
    plain === undefined ? [] : [`${strategy}: ${plainNote(requests, plain)}.`],
  );
  if (plain.length > 0)
    return [...plain, "The tables count latency from the intended instant, or from an earlier send."];
  return [
    `Open model: latency counts from the intended arrival; requests left ${lagMs.toFixed(1)} ms late at most at the 99th percentile.`,
  ];
}

function measuredNotes({ place, reports, runs }: MeasuredInput): readonly string[] {
  const lag = Math.max(...reports.map(({ lagMs }) => lagMs.p99));
  const notes = [
    `Measured with k6 against ${place}, one strategy after the other, each from an empty system.`,
    ...openOrPlain(reports, lag),
    "A client does not see queues at the service: the wait is until the attempt that served was sent.",
  ];
  if (runs.some((run) => !run.isStreaming)) {
    notes.push("Answers came whole, or their first tokens cannot be seen: the first token is the last.");
  }
  runs.forEach((run, i) => {
    for (const note of run.notes ?? []) notes.push(`${reports[i]!.strategy}: ${note}`);
  });
  for (const { strategy, attemptsWithoutUsage } of reports) {
    if (attemptsWithoutUsage === 0) continue;
    notes.push(`${strategy}: ${attemptsWithoutUsage} attempts ended without token counts and are not in the bill.`);
  }
  return notes;
}
