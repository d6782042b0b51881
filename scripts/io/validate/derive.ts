import { createHash } from "node:crypto";
import type { RunResult } from "../../../simulator/experiment/index.ts";
import { invalidReasons } from "../../../simulator/replay/harness.ts";
import type { MeasuredRun } from "../../../simulator/replay/measured-output.ts";
import { measuredResult } from "../../../simulator/replay/measured-result.ts";
import type { ValidationResult } from "../../../simulator/validation/result.ts";
import { validationResult } from "../../../simulator/validation/validate.ts";
import { validateStrategy } from "../../../simulator/validation/validate-strategy.ts";
import type { PreparedExperiment } from "../experiment.ts";
import { knownAnswerError } from "./known-answer-run.ts";
import { decodeRows, recordedRegions } from "./row-files.ts";
import { simulatedRun } from "./simulate-rows.ts";
import { measuredRows, type ValidationEvidence } from "./validation-folder.ts";

/** Everything that follows from the evidence. */
export interface Derived {
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
    notes: facts.notes,
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
