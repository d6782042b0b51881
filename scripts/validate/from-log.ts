/** A validation against what a routed client of Bedrock did: the same requests, simulated, beside its decision log. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { MeridianError } from "../../simulator/base/errors.ts";
import { suggest } from "../../simulator/base/near-names.ts";
import { DAY_MS } from "../../simulator/base/time.ts";
import { recordSchedule } from "../../simulator/bench/make-plan.ts";
import { type LoggedRun, loggedRun, type ReadDecision } from "../../simulator/bench/read-decisions.ts";
import type { ScheduleRow } from "../../simulator/bench/rows.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { traceSpec } from "../../simulator/traffic/arrivals/trace.ts";
import type { RecordedColumns } from "../../simulator/traffic/traffic.ts";
import type { ValidationResult } from "../../simulator/validate/result.ts";
import { validateStrategy, validationResult } from "../../simulator/validate/validate.ts";
import { readDecisions } from "../bedrock/decision-file.ts";
import type { PreparedExperiment } from "../io/experiment.ts";
import { packageVersion } from "../io/process.ts";
import { newRunId, provenance, type SavedRun, saveRun } from "../io/run-store.ts";
import { stableJson } from "../io/text-files.ts";
import { simulatedRun, simulateRows } from "./measure.ts";

const RESAMPLES = 1000;

/** Reads a log whole. @throws MeridianError data DECISION_LOG_* */
export async function readWholeLog(file: string): Promise<readonly ReadDecision[]> {
  const records: ReadDecision[] = [];
  await readDecisions(file, (record) => records.push(record));
  if (records.length > 0) return records;
  const fix = "the client writes a request when it has ended; close it, and its log is whole";
  throw new MeridianError("data", { code: "DECISION_LOG_EMPTY", where: file, what: "the log has no requests", fix });
}

/**
 * Simulates the requests of a log with the strategy that decided them, and compares both request by request.
 *
 * @param experiment the scenario with that strategy alone
 * @throws MeridianError data DECISION_LOG_OTHER_SCENARIO, DECISION_LOG_SEVERAL
 */
export async function validateLog(
  experiment: PreparedExperiment,
  file: string,
  records: readonly ReadDecision[],
  signal: AbortSignal,
): Promise<ValidationResult> {
  const { plan } = experiment.inputs;
  const strategy = plan.strategies[0]!.name;
  const own = records.filter(
    (record) => record.strategy === strategy && record.replication === records[0]!.replication,
  );
  refuseOthers(records, own, file, strategy);
  const firstMs = own.reduce((least, { arrivedAt }) => Math.min(least, arrivedAt), Number.POSITIVE_INFINITY);
  // The scenario's clock shows the time of day: hourly prices are those of the hour in which calls were made.
  const originMs = plan.startMs + Math.floor((firstMs - plan.startMs) / DAY_MS) * DAY_MS;
  const names = {
    classes: plan.classes.map(({ name }) => name),
    origins: plan.originNames,
    targets: plan.targets.map(({ id }) => id),
  };
  const logged = loggedRun(own, names, originMs);
  const replayed = withTraffic(plan, logged);
  const schedule = recordSchedule(replayed);
  const made = {
    scenarioSha256: createHash("sha256").update(experiment.yaml).digest("hex"),
    meridianVersion: packageVersion(),
    traces: [],
  };
  const simulated = await simulateRows(replayed, made, { signal });
  const measured = { ...logged, isStreaming: own.some(hasFirstToken), ranIn: () => undefined };
  const compared = validateStrategy(replayed, {
    strategy: 0,
    simulated: simulatedRun(schedule, simulated.rows[0]!),
    measured,
    resamples: RESAMPLES,
  });
  return validationResult(replayed, {
    strategies: [compared],
    harness: null,
    requests: schedule.length,
    lengthMs: schedule.at(-1)![0] - schedule[0]![0],
    place: `the endpoints of the client that wrote ${file}`,
    resamples: RESAMPLES,
    invalid: [],
    notes: [
      "The measured side is a decision log: its client's own clock took the times, and no harness was measured.",
      "Where a profile ran a call is not in the log: such calls count for the region that was called.",
    ],
    scenarioSha256: made.scenarioSha256,
    meridianVersion: made.meridianVersion,
  });
}

/** Saves what a validation of a log is made from and what follows from it. */
export async function saveLogValidation(
  experiment: PreparedExperiment,
  result: ValidationResult,
  log: string,
  { out, startedAt }: { readonly out: string; readonly startedAt: Date },
): Promise<SavedRun> {
  const { renderValidationHtml, renderValidationMarkdown } = await import("../../reports/validation/report.ts");
  const json = stableJson(result);
  const savedAt = new Date();
  const bytes = await readFile(log);
  return saveRun(out, newRunId(`${result.scenario.name}-validation`, json, savedAt), {
    "scenario.yaml": experiment.yaml,
    "decisions.jsonl.gz": log.endsWith(".gz") ? bytes : gzipSync(bytes),
    "validation.json": json,
    "report.html": await renderValidationHtml(result),
    "summary.md": renderValidationMarkdown(result),
    "provenance.json": provenance(startedAt, savedAt),
  });
}

/** Where a run was saved, and its report. */
export function reportOf(saved: SavedRun): string {
  return join(saved.folder, "report.html");
}

function hasFirstToken({ attempts }: ReadDecision): boolean {
  return attempts.some(({ ttftMs }) => ttftMs != null);
}

function refuseOthers(
  records: readonly ReadDecision[],
  own: readonly ReadDecision[],
  where: string,
  strategy: string,
): void {
  const names = [...new Set(records.map((record) => record.strategy))];
  if (own.length > 0 && (names.length === 1 || own.length < records.length)) return;
  const what = `the log has no decisions of the strategy "${strategy}"`;
  throw new MeridianError("data", { code: "DECISION_LOG_SEVERAL", what, where, fix: suggest(strategy, names) });
}

/** The plan with the log's requests in place of its traffic, at their instants. */
function withTraffic(plan: Plan, { schedule }: LoggedRun): Plan {
  const used = plan.classes.map((_, c) => schedule.filter(([, classIndex]) => classIndex === c));
  const first = schedule[0]![0];
  return {
    ...plan,
    arrivalsFromMs: Math.max(0, first),
    durationMs: schedule.at(-1)![0] + 1,
    requestsMax: Number.POSITIVE_INFINITY,
    replications: 1,
    warmup: { kind: "none", amount: 0 },
    assertions: [],
    traffic: plan.traffic.map(({ name, originShares }, c) => ({
      name,
      originShares,
      arrivals: { ...traceSpec(NAME, {}), process: "trace" as const },
      recordings: { [NAME]: { kind: "trace" as const, columns: columnsOf(used[c]!, plan) } },
      recordedOrigins: Object.fromEntries(plan.originNames.map((origin, index) => [origin, index])),
    })),
  };
}

const NAME = "decision log";

function columnsOf(rows: readonly ScheduleRow[], plan: Plan): RecordedColumns {
  const ints = (index: number) => Int32Array.from(rows, (row) => row[index]!);
  return {
    arrivalMs: Float64Array.from(rows, (row) => row[0]),
    originIndex: Uint16Array.from(rows, (row) => row[2]),
    originNames: plan.originNames,
    inputTokens: ints(3),
    outputTokens: ints(4),
    maxTokens: ints(5),
  };
}
