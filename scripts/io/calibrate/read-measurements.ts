import { stat } from "node:fs/promises";
import { MeridianError } from "../../../simulator/errors.ts";
import type { BadRows } from "./bad-rows.ts";
import { readCsvCalls } from "./csv-calls.ts";
import { readInvocationLog } from "./invocation-log.ts";
import type { Measurement } from "./measurement.ts";
import { readProbeCalls } from "./probe-calls.ts";
import { readPackedText } from "./read-packed.ts";
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
