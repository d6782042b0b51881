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
  /** What could not be loaded; `where` is a config path, or a file and line where the fault is inside a file. */
  readonly problems: readonly Problem[];
}

/**
 * Loads everything outside its own file that a scenario names: reference data, recordings, recorded prices. Relative
 * paths are relative to the scenario's folder. Files that cannot be used are left out and told of, so that the rest of
 * the scenario can still be checked.
 */
export async function loadScenarioInputs(scenario: Scenario, file: string): Promise<ScenarioInputs> {
  const baseDir = dirname(file);
  const reference = await loadReference();
  const problems: Problem[] = [];
  const keep = async <T>(load: Promise<T>, configPath: string): Promise<T | undefined> =>
    load.catch((error: unknown) => {
      if (!(error instanceof MeridianError) || error.kind !== "data") throw error;
      problems.push(...error.problems.map((problem) => placed(problem, configPath)));
      return undefined;
    });
  const traces: RecordedTrace[] = [];
  for (const [name, configPath] of tracesOf(scenario)) {
    const trace = await keep(loadTrace(name, baseDir), configPath);
    if (trace !== undefined) traces.push(trace);
  }
  const recordedPrices: Record<string, Awaited<ReturnType<typeof loadRecordedPrices>>> = {};
  for (const path of recordedPriceFiles(scenario.world.prices)) {
    const load = loadRecordedPrices(isAbsolute(path) ? path : resolve(baseDir, path));
    const prices = await keep(load, "world.prices");
    if (prices !== undefined) recordedPrices[path] = prices;
  }
  const recordings = Object.fromEntries(traces.map((trace) => [trace.name, trace.recording]));
  return { inputs: { ...reference, recordings, recordedPrices }, traces, problems };
}

/** Recordings by name, each with the first place that names it. */
function tracesOf(scenario: Scenario): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  scenario.traffic.forEach(({ arrivals, tokens }, i) => {
    for (const name of traceNamesOf(tokens === undefined ? { arrivals } : { arrivals, tokens })) {
      if (!places.has(name)) places.set(name, `traffic[${i}].arrivals`);
    }
  });
  return places;
}

/** A file that is not there is a fault of the scenario's line; a fault inside a file keeps its own place. */
function placed(problem: Problem, configPath: string): Problem {
  return problem.code.endsWith("_NOT_FOUND") ? { ...problem, where: configPath } : problem;
}
