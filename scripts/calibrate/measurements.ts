/** Reads the measured calls of all sources that `meridian calibrate` is given. Times count from each file's first call. */
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Observation } from "../../simulator/calibrate/calls.ts";
import type { ProbeFile } from "../../simulator/probe/summary.ts";
import type { BadRows } from "../../simulator/traffic/bad-rows.ts";
import { bareModelId, shortModelName } from "../../simulator/traffic/labels.ts";
import { outcomeOfStatus } from "../../simulator/traffic/row-cells.ts";
import { isDecisionLog } from "../bedrock/decision-file.ts";
import { readProbeFile } from "../probe/run-probe.ts";
import { readDecisionCalls, readLogCalls } from "./log-calls.ts";
import { axisStartOf, type Measurement } from "./measurement.ts";
import { readRunCalls } from "./run-calls.ts";

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
