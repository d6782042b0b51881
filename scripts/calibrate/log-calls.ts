/**
 * Measured calls from logs: the decision log of a routed client, of which every attempt is a call, and logs and tables of any
 * format that traffic is read from.
 */
import { MeridianError } from "../../simulator/base/errors.ts";
import type { ReadAttempt, ReadDecision } from "../../simulator/bench/read-decisions.ts";
import type { Observation } from "../../simulator/calibrate/calls.ts";
import type { BadRows } from "../../simulator/traffic/bad-rows.ts";
import { bareModelId, shortModelName } from "../../simulator/traffic/labels.ts";
import type { RecordedRow } from "../../simulator/traffic/recorded-rows.ts";
import { type RowPlace, rowError } from "../../simulator/traffic/row-cells.ts";
import { readDecisions } from "../bedrock/decision-file.ts";
import { readRequests, UNPACK_LIMITS, type UnpackLimits } from "../io/trace-file.ts";
import type { Measurement } from "./measurement.ts";

/** Each call is kept with all that was measured of it, so fewer fit than rows of a trace; packed, one takes some bytes. */
const LIMITS: UnpackLimits = { ...UNPACK_LIMITS, freeRows: 2e5, rowRatioMax: 0.5 };

/**
 * Reads calls with their latency: a file or a folder, in a format of `meridian list formats`. Calls that were answered
 * but do not tell how long it took are left out and counted. Where the service measured the latency, as in an invocation
 * log, no network is in it.
 *
 * @throws MeridianError data TRACE_*, CALIBRATE_NOT_FOUND, CALIBRATE_BAD_ROW with file and line
 */
export async function readLogCalls(path: string, badRows: BadRows, limits = LIMITS): Promise<Measurement> {
  const found: { readonly read: number; readonly observation: Observation }[] = [];
  const modelIds: Record<string, string> = {};
  let withoutLatency = 0;
  const take = (row: RecordedRow, place: RowPlace): void => {
    const observation = observationOf(row, path, place);
    if (observation === undefined) {
      withoutLatency++;
      return;
    }
    modelIds[observation.model] = bareModelId(row.model!);
    found.push({ read: row.timeMs, observation });
  };
  const { reader } = await readRequests([{ path, source: path }], { badRows, limits }, take).catch((cause: unknown) => {
    throw isMissing(cause) ? notFound(path, cause) : cause;
  });
  const order = found.map((_, i) => i).sort((a, b) => found[a]!.read - found[b]!.read);
  const sentMs = new Float64Array(found.length);
  if (found.length > 0) {
    const settled = reader.times.settle(Float64Array.from(order, (i) => found[i]!.read));
    for (const [at, i] of order.entries()) sentMs[i] = settled[at]!;
  }
  const axisStartMs = reader.times.startEpochMs ?? Number.NaN;
  const observations = found.map(({ observation }, i) => ({
    ...observation,
    sentMs: sentMs[i]!,
    endMs: sentMs[i]! + observation.endMs,
    axisStartMs,
  }));
  // What is bad is counted over all sources, and said once.
  const notes = reader.notes.filter((note) => note !== badRows.summary);
  if (withoutLatency > 0) {
    notes.push(`${withoutLatency} records hold no latency (logs have it in logged bodies only) and were left out`);
  }
  if (reader.format === "bedrock-log" && found.length > 0) {
    notes.push("times of a log are whole seconds, so how calls overlapped is known roughly only");
  }
  return { observations, modelIds, notes: notes.map((note) => `${path}: ${note}`) };
}

function observationOf(row: RecordedRow, axis: string, place: RowPlace): Observation | undefined {
  const outcome = row.outcome ?? "served";
  const e2eMs = row.e2eMs ?? Number.NaN;
  const region = row.processingRegion || row.region || row.originName || "";
  for (const [name, value] of Object.entries({ region, model: row.model ?? "" })) {
    if (value !== "") continue;
    const fix = "calls are fitted by region and model: give a column for each";
    throw rowError(place, "CALIBRATE_BAD_ROW", `${name} is empty`, fix);
  }
  if (outcome === "served" && (Number.isNaN(e2eMs) || row.outputTokens < 0)) return undefined;
  return {
    axis,
    region,
    model: shortModelName(row.model!),
    sentMs: 0,
    endMs: e2eMs,
    ttftMs: row.ttftMs ?? Number.NaN,
    inputTokens: Math.max(0, row.inputTokens - (row.cacheReadTokens ?? 0)),
    cacheReadTokens: row.cacheReadTokens ?? 0,
    outputTokens: Math.max(1, row.outputTokens),
    maxTokens: row.maxTokens || Number.NaN,
    outcome,
    roundTripMs: row.roundTripMs ?? Number.NaN,
    axisStartMs: 0,
  };
}

function isMissing(cause: unknown): boolean {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return code === "ENOENT" || code === "ENOTDIR";
}

function notFound(path: string, cause: unknown): MeridianError {
  const problem = { code: "CALIBRATE_NOT_FOUND", where: path, what: "there is no such file", fix: "check the path" };
  return new MeridianError("data", problem, { cause });
}

/**
 * Reads the attempts of a decision log. Those through a profile or to reserved capacity are left out and counted: where
 * they ran is not known.
 *
 * @throws MeridianError data DECISION_LOG_* with file and line
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

/** The first instant of a file, ms since 1970, from which its times count; Infinity without rows. */
export function axisStartOf(epochsMs: readonly number[]): number {
  return epochsMs.reduce((least, ms) => Math.min(least, ms), Number.POSITIVE_INFINITY);
}
