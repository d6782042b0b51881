/** Reads the measured calls of all sources that `meridian calibrate` is given. Times count from each file's first call. */
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { MeridianError } from "../../simulator/base/errors.ts";
import { recordSchedule } from "../../simulator/bench/make-plan.ts";
import { type AttemptRow, decodeSchedule, parseRow, requestOf, type ScheduleRow } from "../../simulator/bench/rows.ts";
import type { Observation } from "../../simulator/calibrate/calls.ts";
import type { ProbeFile } from "../../simulator/probe/summary.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import type { BadRows } from "../../simulator/traffic/bad-rows.ts";
import { bareModelId, shortModelName } from "../../simulator/traffic/labels.ts";
import { outcomeOfStatus } from "../../simulator/traffic/row-cells.ts";
import { isDecisionLog } from "../bedrock/decision-file.ts";
import { prepareExperiment } from "../io/experiment.ts";
import { readTextFile, type TextFileKind, WHOLE_TEXT_BYTES_MAX } from "../io/text-files.ts";
import { readProbeFile } from "../probe/run-probe.ts";
import { axisStartOf, readDecisionCalls, readLogCalls } from "./log-calls.ts";
import type { Measurement } from "./measurement.ts";

/** The files of a measured run, which are read whole. */
const RUN_FILE: TextFileKind = {
  code: "CALIBRATE",
  noun: "file of a measured run",
  bytesMax: WHOLE_TEXT_BYTES_MAX,
  kind: "data",
  mayBePacked: true,
};

export interface ReadOptions {
  readonly strategies: readonly string[];
  readonly badRows: BadRows;
  /** Round trip where a source knows none, ms, by region; `*` for all others. */
  readonly roundTripMs: ReadonlyMap<string, number>;
}

/**
 * Reads measured calls of any kind and puts them together: folders of measured runs, files of `meridian probe`, and logs
 * and tables of any format that traffic is read from, files or folders, also packed (.gz).
 *
 * @throws MeridianError data CALIBRATE_*, TRACE_*, with file and line
 */
export async function readMeasurements(paths: readonly string[], options: ReadOptions): Promise<Measurement> {
  const parts: Measurement[] = [];
  for (const path of paths) parts.push(await readOne(path, options));
  const modelIds = Object.assign({}, ...parts.map((part) => part.modelIds)) as Record<string, string>;
  const { roundTripMs } = options;
  const observations = parts
    .flatMap((part) => part.observations)
    .map((each) => {
      if (!Number.isNaN(each.roundTripMs)) return each;
      return { ...each, roundTripMs: roundTripMs.get(each.region) ?? roundTripMs.get("*") ?? Number.NaN };
    });
  return { observations, modelIds, notes: parts.flatMap((part) => part.notes) };
}

async function readOne(path: string, options: ReadOptions): Promise<Measurement> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isDirectory() === true) {
    const isRun = (await stat(join(path, "bench.json")).catch(() => undefined))?.isFile() === true;
    const isSimulated = (await stat(join(path, "result.json")).catch(() => undefined))?.isFile() === true;
    return isRun || isSimulated ? readRunCalls(path, options) : readLogCalls(path, options.badRows);
  }
  if (info?.isFile() === true && path.endsWith(".json") && (await isProbe(path))) return readProbeCalls(path);
  if (info?.isFile() === true && (await isDecisionLog(path))) return readDecisionCalls(path, options.badRows);
  return readLogCalls(path, options.badRows);
}

/** Whether a JSON file begins as those of `meridian probe` do. */
async function isProbe(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    return /"tool":\s*"meridian probe"|"probes"\s*:/.test(buffer.toString("latin1", 0, bytesRead));
  } finally {
    await file.close();
  }
}

/**
 * Reads what `meridian probe` saved. Its times begin when the connection stood.
 * @throws MeridianError data PROBE_*
 */
async function readProbeCalls(file: string): Promise<Measurement> {
  const { probes } = await readProbeFile(file);
  return { ...probeObservations(probes, file), notes: [] };
}

export function probeObservations(
  probes: ProbeFile["probes"],
  file: string,
): Pick<Measurement, "observations" | "modelIds"> {
  const startMs = axisStartOf(probes.map(({ at }) => Date.parse(at)));
  const modelIds: Record<string, string> = {};
  const observations = probes.map((probe): Observation => {
    const model = shortModelName(probe.model);
    modelIds[model] = bareModelId(probe.model);
    const sentMs = Date.parse(probe.at) - startMs;
    const isWhole = probe.error === null && probe.e2eMs !== null;
    const outcome = outcomeOfStatus(probe.status);
    return {
      axis: file,
      region: probe.region,
      model,
      sentMs,
      endMs: sentMs + (probe.e2eMs ?? Number.NaN),
      ttftMs: probe.ttftMs ?? Number.NaN,
      inputTokens: probe.inputTokens,
      cacheReadTokens: probe.cacheReadTokens,
      outputTokens: Math.max(1, probe.outputTokens),
      maxTokens: Number.NaN,
      outcome: outcome === "served" && !isWhole ? "failed" : outcome,
      roundTripMs: Number.NaN,
      axisStartMs: startMs,
    };
  });
  return { observations, modelIds };
}

const benchSchema = z.object({
  schemaVersion: z.literal(1),
  valid: z.boolean(),
  roundTripMs: z.record(z.string(), z.number().min(0)).nullish(),
  strategies: z
    .array(z.object({ strategy: z.string(), rows: z.string(), schedule: z.string().default("schedule.json.gz") }))
    .min(1),
});
type Bench = z.output<typeof benchSchema>;

export interface RunOptions {
  /** Strategies whose attempts count; all when empty. */
  readonly strategies: readonly string[];
  readonly badRows: BadRows;
}

/**
 * Reads the attempts of a measured run (`meridian bench`). Each strategy's are an axis of their own: it had the
 * endpoints to itself.
 *
 * @throws MeridianError data CALIBRATE_NO_BENCH and what reading a scenario and its rows throws
 */
export async function readRunCalls(folder: string, options: RunOptions): Promise<Measurement> {
  const bench = await readBench(folder);
  const { plan } = (await prepareExperiment(join(folder, "scenario.yaml"), { overrides: [], strategies: [] })).inputs;
  const notes: string[] = bench.valid ? [] : [`${folder}: the run was invalid, see its bench.json: times may be off`];
  const wanted = bench.strategies.filter(
    ({ strategy }) => options.strategies.length === 0 || options.strategies.includes(strategy),
  );
  if (wanted.length === 0) throw noStrategy(folder, bench);
  const observations: Observation[] = [];
  let elsewhere = 0;
  for (const each of wanted) {
    const schedule = await scheduleOf(join(folder, plainName(each.schedule)), plan);
    const file = join(folder, plainName(each.rows));
    for (const attempt of readAttempts(await readTextFile(file, RUN_FILE), file, schedule.length, options.badRows)) {
      const place = placeOf(plan, bench, attempt, schedule[attempt.i]!);
      if (place === undefined) elsewhere++;
      else observations.push(observationOf(plan, attempt, schedule[attempt.i]!, `${folder} ${each.strategy}`, place));
    }
  }
  if (elsewhere > 0)
    notes.push(`${folder}: ${elsewhere} attempts went through a profile or batch, and where they ran is not known`);
  return {
    observations,
    modelIds: Object.fromEntries(plan.models.map(({ name, id }) => [name, id])),
    notes,
  };
}

/** @throws MeridianError for a name that could lead out of the run's folder */
function plainName(name: string): string {
  if (/^[\w.-]+$/.test(name) && !name.startsWith(".")) return name;
  const what = `bench.json names a file "${name.slice(0, 80)}" that is not of the run`;
  throw new MeridianError("data", { code: "CALIBRATE_NO_BENCH", what, where: "bench.json", fix: "bench again" });
}

async function readBench(folder: string): Promise<Bench> {
  const file = join(folder, "bench.json");
  const isThere = (await stat(file).catch(() => undefined))?.isFile() === true;
  const fail = (what: string) =>
    new MeridianError("data", {
      code: "CALIBRATE_NO_BENCH",
      what,
      where: file,
      fix: "name the folder of a run that meridian bench made: a simulated run measures nothing",
    });
  if (!isThere) throw fail("this is not the folder of a measured run: it has no bench.json");
  try {
    return benchSchema.parse(JSON.parse(await readTextFile(file, RUN_FILE)));
  } catch (error) {
    if (error instanceof MeridianError) throw error;
    throw fail("bench.json is damaged");
  }
}

function noStrategy(folder: string, bench: Bench): MeridianError {
  return new MeridianError("usage", {
    code: "CALIBRATE_NO_STRATEGY",
    what: "the run has none of these strategies",
    where: folder,
    fix: `it has ${bench.strategies.map(({ strategy }) => `"${strategy}"`).join(", ")}`,
  });
}

/** The traffic as it was saved; older runs, which did not save it, draw it again. */
async function scheduleOf(file: string, plan: Plan): Promise<readonly ScheduleRow[]> {
  if ((await stat(file).catch(() => undefined)) === undefined) return recordSchedule(plan);
  return decodeSchedule(await readTextFile(file, RUN_FILE));
}

function readAttempts(text: string, file: string, requests: number, badRows: BadRows): readonly AttemptRow[] {
  const attempts: AttemptRow[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const row = parseRow(line);
    const where = `${file}:${index + 1}`;
    const bad = (what: string, fix: string) =>
      badRows.add(new MeridianError("data", { code: "CALIBRATE_BAD_ROW", where, what, fix }));
    if (row === undefined) bad("the line is not a row of a measured run", "was the file cut off?");
    else if (row.t !== "a") continue;
    else if (!(row.i < requests) || !Number.isFinite(row.s) || !Number.isFinite(row.e)) {
      bad("the attempt has no request or no times", "do the rows and the schedule belong together?");
    } else {
      badRows.good++;
      attempts.push(row);
    }
  }
  return attempts;
}

interface Place {
  readonly region: string;
  readonly roundTripMs: number;
}

/** Where an attempt ran and how far away that is; undefined where it is not known. */
function placeOf(plan: Plan, bench: Bench, attempt: AttemptRow, row: ScheduleRow): Place | undefined {
  const target = plan.targets[attempt.g];
  if (target === undefined || target.isAsync || target.route !== "regional") return undefined;
  const region = plan.regionNames[target.region]!;
  const { originIndex } = requestOf(row, attempt.i);
  const simulated = plan.network.rttMs[originIndex * plan.regionNames.length + target.region]!;
  return { region, roundTripMs: bench.roundTripMs == null ? simulated : (bench.roundTripMs[region] ?? Number.NaN) };
}

const OUTCOMES = {
  ok: "served",
  throttled: "throttled",
  unavailable: "refused",
  error: "failed",
  timeout: "left",
  unfinished: "left",
} as const satisfies Record<AttemptRow["k"], Observation["outcome"]>;

function observationOf(
  plan: Plan,
  attempt: AttemptRow,
  row: ScheduleRow,
  axis: string,
  { region, roundTripMs }: Place,
): Observation {
  const request = requestOf(row, attempt.i);
  const model = plan.models[plan.classes[request.classIndex]!.model]!;
  const most = request.maxTokens > 0 ? request.maxTokens : model.maxOutputTokens;
  const [input, output, cacheRead, cacheWrite] = attempt.u ?? [
    request.inputTokens,
    Math.min(request.outputTokens, most),
    0,
    0,
  ];
  return {
    axis,
    region,
    model: model.name,
    sentMs: attempt.s,
    endMs: attempt.e,
    ttftMs: attempt.f ?? Number.NaN,
    inputTokens: input + cacheWrite,
    cacheReadTokens: cacheRead,
    outputTokens: Math.max(1, output),
    maxTokens: most,
    outcome: OUTCOMES[attempt.k],
    roundTripMs,
    axisStartMs: plan.startMs,
  };
}
