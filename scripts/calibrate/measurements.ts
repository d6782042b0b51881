/** Reads the measured calls of all sources that `meridian calibrate` is given. Times count from each file's first call. */
import { stat } from "node:fs/promises";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { Observation } from "../../simulator/calibrate/calls.ts";
import type { ProbeFile } from "../../simulator/probe/summary.ts";
import { readProbeFile } from "../probe/run-probe.ts";
import { type BadRows, outcomeOfStatus, readCsvCalls } from "./csv-calls.ts";
import { readInvocationLog } from "./invocation-log.ts";
import { axisStartOf, bareModelId, type Measurement, readPackedText, shortModelName } from "./measurement.ts";
import { readRunCalls } from "./run-calls.ts";

export interface ReadOptions {
  readonly strategies: readonly string[];
  readonly badRows: BadRows;
  /** Round trip where a source knows none, ms, by region; `*` for all others. */
  readonly roundTripMs: ReadonlyMap<string, number>;
}

/**
 * Reads measured calls of any kind and puts them together: folders of measured runs, invocation logs (.jsonl), CSV,
 * files of `meridian probe` (.json); all but the first and the last also packed (.gz).
 *
 * @throws MeridianError data CALIBRATE_*, with file and line
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
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  if (isFolder) return readRunCalls(path, options);
  const name = path.replace(/\.gz$/, "");
  if (name.endsWith(".csv")) return readCsvCalls(await readPackedText(path), path, options.badRows);
  if (name.endsWith(".jsonl")) return readInvocationLog(await readPackedText(path), path, options.badRows);
  if (path.endsWith(".json")) return readProbeCalls(path);
  // A name without a known ending may be a run that is not there, or a file that is misnamed.
  await readPackedText(path);
  throw new MeridianError("data", {
    code: "CALIBRATE_UNKNOWN_KIND",
    what: "the name does not tell what it holds",
    where: path,
    fix: "a folder of a measured run, .jsonl (invocation log), .csv (calls) or .json (probe), the middle two also .gz",
  });
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
