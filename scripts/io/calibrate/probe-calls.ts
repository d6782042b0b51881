import type { Observation } from "../../../simulator/calibration/observation.ts";
import type { ProbeFile } from "../../../simulator/probe/probe-record.ts";
import { readProbeFile } from "../probe/probe-file.ts";
import { outcomeOfStatus } from "./csv-calls.ts";
import { axisStartOf, bareModelId, type Measurement, shortModelName } from "./measurement.ts";

/**
 * Reads what `meridian probe` saved. Its times begin when the connection stood.
 * @throws MeridianError data PROBE_*
 */
export async function readProbeCalls(file: string): Promise<Measurement> {
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
