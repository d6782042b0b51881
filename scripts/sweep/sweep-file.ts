/** Job files: their text, their id, what is wrong with a file that is none, and the program that runs their jobs. */
import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";
import { MeridianError } from "../../simulator/base/errors.ts";
import { SWEEP_SCHEMA_VERSION, type SweepFile } from "../../simulator/sweep/job.ts";
import { packageVersion, programFile } from "../io/process.ts";
import { stableJson } from "../io/text-files.ts";

/** What worker threads load; the thread that hands them their jobs does without the simulator. */
export const WORKER_FILE = pathToFileURL(programFile("scripts/sweep/sweep-worker.ts")).href;

/** The job file as text; the same sweep has the same bytes. */
export function sweepText(sweep: SweepFile): string {
  return stableJson(sweep);
}

/** Ten hexadecimal digits of the content: the same sweep has the same folder. */
export function sweepId(sweep: SweepFile): string {
  return createHash("sha256").update(sweepText(sweep)).digest("hex").slice(0, 10);
}

/**
 * @param where for messages
 * @param use   jobs of another version must not be run here; their results may be shown
 * @throws MeridianError data, SWEEP_UNREADABLE: no job file, or one of another version
 */
export function parseSweep(text: string, where: string, use: "run" | "show" = "run"): SweepFile {
  const fail = (what: string, fix: string) => new MeridianError("data", { code: "SWEEP_UNREADABLE", where, what, fix });
  const rightOne = "name the sweep.json that meridian sweep --plan wrote";
  let sweep: Partial<SweepFile>;
  try {
    sweep = JSON.parse(text) as Partial<SweepFile>;
  } catch {
    throw fail("this is not a job file", rightOne);
  }
  if (sweep.schemaVersion !== SWEEP_SCHEMA_VERSION || !Array.isArray(sweep.jobs))
    throw fail("this is not a job file of this version", rightOne);
  if (use === "show" || sweep.meridianVersion === packageVersion()) return sweep as SweepFile;
  const what = `it was planned by version ${sweep.meridianVersion}, this is ${packageVersion()}`;
  throw fail(what, "use one version on all machines, or plan again");
}
