/** One point of a sweep as a run: `SWEEP/3` names its result, which the store of jobs has kept. */
import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import { scenarioSchema } from "../../simulator/scenario/schema.ts";
import { parseScenario } from "../io/scenario-text.ts";
import { openStore } from "./open-store.ts";
import { readFolder } from "./sweep-report.ts";
import { isResult, overridesAt, parseOutcome } from "./variant.ts";

export interface PointRun {
  readonly id: string;
  /** Of the sweep. */
  readonly folder: string;
  readonly result: RunResult;
  /** The scenario as it ran there. */
  readonly scenarioYaml: string;
}

/**
 * @param name   `FOLDER/3` or, for a sweep in the folder of runs, its name and the point: `flagship-0011223344/3`
 * @param sweeps folder of sweeps
 * @returns undefined where the name is that of no sweep's point
 * @throws MeridianError data, SWEEP_POINT: there is no such point, or its result is not in the store
 */
export async function readPoint(name: string, sweeps: string): Promise<PointRun | undefined> {
  const match = /^(.+)\/(\d+)$/.exec(name);
  if (match === null) return undefined;
  const [, place, digits] = match as unknown as [string, string, string];
  const folder = (await isSweep(place)) ? place : join(sweeps, place);
  if (!(await isSweep(folder))) return undefined;
  const { sweep, store } = await readFolder(folder);
  const point = Number(digits);
  const fail = (what: string, fix: string) =>
    new MeridianError("data", { code: "SWEEP_POINT", where: name, what, fix });
  const job = sweep.jobs[point];
  if (job === undefined) throw fail(`the sweep has points 0 to ${sweep.jobs.length - 1}`, "points.csv lists them");
  const text = await openStore(store).read(job.key);
  if (text === undefined) throw fail(`its result is not in ${store}`, "give the sweep's command again");
  const outcome = parseOutcome(text);
  if (!isResult(outcome))
    throw fail("the scenario cannot run at this point", outcome.problems[0]?.what ?? "take another");
  const overrides = overridesAt(sweep, job);
  const { yaml } = parseScenario(sweep.scenarioYaml, sweep.scenarioFile, scenarioSchema, overrides);
  return { id: `${basename(resolve(folder))}/${point}`, folder, result: outcome, scenarioYaml: yaml };
}

async function isSweep(folder: string): Promise<boolean> {
  return stat(join(folder, "sweep.json")).then(
    () => true,
    () => false,
  );
}
