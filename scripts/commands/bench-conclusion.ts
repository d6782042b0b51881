import { join } from "node:path";
import { EXIT_CODES, formatProblem, MeridianError } from "../../simulator/errors.ts";
import { invalidReasons } from "../../simulator/replay/harness.ts";
import type { PreparedExperiment } from "../io/experiment.ts";
import type { BenchedStrategy } from "../io/k6/bench.ts";
import { saveBench } from "../io/k6/save-bench.ts";
import { assertionCode, benchResult, invalidRun, plainCode, printResult } from "./bench-outcome.ts";
import type { CommandInput } from "./command.ts";

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
  if (reports.some(({ plain }) => plain !== undefined)) return plainCode(benched, terminal);
  for (const reason of reasons) terminal.problem(formatProblem(invalidRun(reason)));
  return reasons.length > 0 ? EXIT_CODES.assertion : assertionCode(result, terminal);
}
