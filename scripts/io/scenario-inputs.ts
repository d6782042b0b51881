import { dirname, isAbsolute, resolve } from "node:path";
import { MeridianError, type Problem } from "../../simulator/errors.ts";
import type { ResolveInputs } from "../../simulator/scenario/resolve/resolve.ts";
import type { Scenario } from "../../simulator/scenario/schema.ts";
import { traceNamesOf } from "../../simulator/traffic/recording-names.ts";
import { recordedPriceFiles } from "../../simulator/world/pricing/schema.ts";
import { loadRecordedPrices } from "./recorded-prices.ts";
import { loadReference } from "./reference.ts";
import { loadTrace, type RecordedTrace } from "./traces.ts";

export interface ScenarioInputs {
  readonly inputs: ResolveInputs;
  /** The recordings behind the traffic, for the record. */
  readonly traces: readonly RecordedTrace[];
}

/**
 * Loads everything outside its own file that a scenario names: reference data, recordings, recorded prices. Relative
 * paths are relative to the scenario's folder.
 * @throws MeridianError (data) with the problems of all files at once
 */
export async function loadScenarioInputs(scenario: Scenario, file: string): Promise<ScenarioInputs> {
  const baseDir = dirname(file);
  const reference = await loadReference();
  const problems: Problem[] = [];
  const keep = async <T>(load: Promise<T>): Promise<T | undefined> =>
    load.catch((error: unknown) => {
      if (!(error instanceof MeridianError) || error.kind !== "data") throw error;
      problems.push(...error.problems);
      return undefined;
    });
  const names = [...new Set(scenario.traffic.flatMap(traceNames))];
  const traces: RecordedTrace[] = [];
  for (const name of names) {
    const trace = await keep(loadTrace(name, baseDir));
    if (trace !== undefined) traces.push(trace);
  }
  const recordedPrices: Record<string, Awaited<ReturnType<typeof loadRecordedPrices>>> = {};
  for (const path of recordedPriceFiles(scenario.world.prices)) {
    const prices = await keep(loadRecordedPrices(isAbsolute(path) ? path : resolve(baseDir, path)));
    if (prices !== undefined) recordedPrices[path] = prices;
  }
  if (problems.length > 0) throw new MeridianError("data", problems);
  const recordings = Object.fromEntries(traces.map((trace) => [trace.name, trace.recording]));
  return { inputs: { ...reference, recordings, recordedPrices }, traces };
}

function traceNames({ arrivals, tokens }: Scenario["traffic"][number]): readonly string[] {
  return traceNamesOf(tokens === undefined ? { arrivals } : { arrivals, tokens });
}
