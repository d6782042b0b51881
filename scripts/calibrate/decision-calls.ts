/** Measured calls from the decision log of a routed client: every attempt is a call. */

import type { ReadAttempt, ReadDecision } from "../../simulator/bench/read-decisions.ts";
import type { Observation } from "../../simulator/calibrate/calls.ts";
import type { BadRows } from "../../simulator/traffic/bad-rows.ts";
import { bareModelId, shortModelName } from "../../simulator/traffic/labels.ts";
import { readDecisions } from "../bedrock/decision-file.ts";
import { axisStartOf, type Measurement } from "./measurement.ts";

/**
 * Reads the attempts of a decision log. Those through a profile or to reserved capacity are left out and counted: where
 * they ran is not known.
 *
 * @throws MeridianError data DECISION_LOG_BAD_ROW with file and line, CALIBRATE_*
 */
export async function readDecisionCalls(file: string, badRows: BadRows): Promise<Measurement> {
  const found: { readonly record: ReadDecision; readonly attempt: ReadAttempt }[] = [];
  let elsewhere = 0;
  await readDecisions(
    file,
    (record) => {
      badRows.good++;
      for (const attempt of record.attempts) {
        if (attempt.route === "regional") found.push({ record, attempt });
        else elsewhere++;
      }
    },
    (error) => badRows.add(error),
  );
  const startMs = axisStartOf(found.map(({ attempt }) => attempt.sentAt));
  const modelIds: Record<string, string> = {};
  const observations = found.map(({ record, attempt }): Observation => {
    const model = record.model ?? shortModelName(attempt.calledId ?? "");
    if (attempt.calledId !== undefined) modelIds[model] = bareModelId(attempt.calledId);
    const { input, output, cacheRead, cacheWrite } = attempt.tokens;
    const isCounted = input + cacheRead + cacheWrite > 0;
    const sentMs = attempt.sentAt - startMs;
    const tookMs = attempt.e2eMs ?? attempt.endedAt - attempt.sentAt;
    return {
      axis: `${file} ${record.strategy} ${record.replication}`,
      region: attempt.destinationRegion ?? attempt.sourceRegion,
      model,
      sentMs,
      endMs: sentMs + tookMs,
      // An answer that came whole (Converse) has no first token of its own: its first byte is its end.
      ttftMs: attempt.ttftMs ?? tookMs,
      inputTokens: isCounted ? input + cacheWrite : record.promptTokens,
      cacheReadTokens: cacheRead,
      outputTokens: Math.max(1, output),
      maxTokens: record.maxTokens || Number.NaN,
      outcome: attempt.givenUp ? "left" : OUTCOMES[attempt.outcome],
      roundTripMs: record.roundTripMs[attempt.target] ?? Number.NaN,
      axisStartMs: startMs,
    };
  });
  const notes =
    elsewhere > 0 ? [`${file}: ${elsewhere} attempts went through a profile, and where they ran is not known`] : [];
  return { observations, modelIds, notes };
}

const OUTCOMES = {
  ok: "served",
  throttled: "throttled",
  unavailable: "refused",
  error: "failed",
  abandoned: "refused",
  inFlight: "left",
} as const satisfies Record<ReadAttempt["outcome"], Observation["outcome"]>;
