/** Measured calls from the folder of a run that `meridian bench` saved. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { MeridianError } from "../../simulator/base/errors.ts";
import { recordSchedule } from "../../simulator/bench/make-plan.ts";
import { type AttemptRow, decodeSchedule, parseRow, requestOf, type ScheduleRow } from "../../simulator/bench/rows.ts";
import type { Observation } from "../../simulator/calibrate/calls.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import type { BadRows } from "../../simulator/traffic/bad-rows.ts";
import { prepareExperiment } from "../io/experiment.ts";
import { type Measurement, readPackedText } from "./measurement.ts";

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
    for (const attempt of readAttempts(await readPackedText(file), file, schedule.length, options.badRows)) {
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
    return benchSchema.parse(JSON.parse(await readPackedText(file)));
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
  return decodeSchedule(await readPackedText(file));
}

function readAttempts(text: string, file: string, requests: number, badRows: BadRows): readonly AttemptRow[] {
  const attempts: AttemptRow[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const row = parseRow(line);
    const where = `${file}:${index + 1}`;
    const bad = (what: string, fix: string) =>
      badRows.add(new MeridianError("data", { code: "CALIBRATE_BAD_ROW", where, what, fix }));
    if (row === undefined) bad("the line is no row of a measured run", "was the file cut off?");
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
