/**
 * The folder of a sweep: rows of all points from its store, the files and the page made of them, reading them again, and one
 * point as a run (`SWEEP/3`).
 */
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import writeFileAtomic from "write-file-atomic";
import type { SweepReport } from "../../reports/sweep/words.ts";
import { toCsv } from "../../reports/tables/table.ts";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { suggest } from "../../simulator/base/near-names.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import { scenarioSchema } from "../../simulator/scenario/schema.ts";
import { analyse, type SweepAnswer } from "../../simulator/sweep/analysis.ts";
import { distinct, type SweepFile } from "../../simulator/sweep/job.ts";
import {
  ALL,
  type AskedQuestion,
  questionsOf,
  rowsOf,
  SWEEP_METRICS,
  type SweepRow,
} from "../../simulator/sweep/points.ts";
import { parseScenario } from "../io/scenario-text.ts";
import { stableJson } from "../io/text-files.ts";
import type { JobStore } from "./job-store.ts";
import { openStore } from "./open-store.ts";
import { parseSweep, sweepText } from "./sweep-file.ts";
import { isResult, overridesAt, parseOutcome } from "./variant.ts";

/** What the store has of a sweep. */
export interface SweepRows {
  readonly rows: readonly SweepRow[];
  /** Jobs that are done. */
  readonly done: number;
  /** Of jobs whose scenario cannot run at their point. */
  readonly problems: readonly Problem[];
}

/** What the store has of a sweep, in the order of its points. */
export async function readRows(sweep: SweepFile, store: JobStore): Promise<SweepRows> {
  const rows: SweepRow[] = [];
  const problems = new Map<string, readonly Problem[]>();
  const done = new Set<string>();
  for (const [point, { key, values }] of sweep.jobs.entries()) {
    const text = await store.read(key);
    if (text === undefined) continue;
    done.add(key);
    const outcome = parseOutcome(text);
    if (isResult(outcome)) rows.push(...rowsOf(point, values, outcome));
    else problems.set(key, outcome.problems);
  }
  return { rows, done: done.size, problems: [...problems.values()].flat() };
}

/**
 * The answers to what is asked of the points.
 * @throws MeridianError usage, SWEEP_GROUP, for a class that the scenario does not have
 */
export function reportOf(
  sweep: SweepFile,
  { rows, done }: Pick<SweepRows, "rows" | "done">,
  asked: AskedQuestion,
): SweepReport {
  checkGroup(sweep, asked);
  const answers = questionsOf(sweep.classes, asked).map(
    (question): SweepAnswer => ({ question, analysis: analyse(sweep, rows, question) }),
  );
  return { sweep, answers: answers as [SweepAnswer, ...SweepAnswer[]], rows, done };
}

/** Refuses a class that the scenario does not have. @throws MeridianError usage, SWEEP_GROUP */
export function checkGroup({ classes }: Pick<SweepFile, "classes">, { group }: AskedQuestion): void {
  const groups = [...classes.map(({ name }) => name), ALL];
  if (group === null || groups.includes(group)) return;
  const what = `there is no class "${group}"`;
  throw new MeridianError("usage", { code: "SWEEP_GROUP", what, where: "--class", fix: suggest(group, groups) });
}

/** Folder of results beside those of sweeps, unless a store is named. */
export const JOBS = "jobs";
/** What `meridian sweep report` needs beside the points: the question as it was put. */
const QUESTION_FILE = "question.json";
const POINTS_FILE = "points.json";
const REPORT_FILE = "report.html";

/**
 * Writes the folder's files: the job file, the points, the question and the page.
 *
 * @param store where results of jobs live, as it was given; null: in the folder `jobs` beside this one
 * @returns the page's path
 */
export async function writeFolder(
  folder: string,
  report: SweepReport,
  asked: AskedQuestion,
  store: string | null,
): Promise<string> {
  // What reads folders for other ends needs no charts.
  const { renderSweepHtml } = await import("../../reports/sweep/html.ts");
  const page = join(folder, REPORT_FILE);
  await writeFileAtomic(join(folder, "sweep.json"), sweepText(report.sweep));
  await writePoints(folder, report.sweep, report.rows);
  await writeFileAtomic(
    join(folder, QUESTION_FILE),
    stableJson({ schemaVersion: 1, kind: "sweep question", ...asked, store }),
  );
  await writeFileAtomic(page, await renderSweepHtml(report));
  return page;
}

/** What a folder says. */
export interface SweepFolder {
  readonly sweep: SweepFile;
  readonly found: Pick<SweepRows, "rows" | "done">;
  readonly asked: AskedQuestion;
  /** Address of the store that has the results of its jobs. */
  readonly store: string;
}

/** Reads a folder that `writeFolder` wrote. @throws MeridianError data, SWEEP_UNREADABLE */
export async function readFolder(folder: string): Promise<SweepFolder> {
  const read = async (name: string) => {
    try {
      return await readFile(join(folder, name), "utf8");
    } catch (error) {
      const what = `there is no ${name} that can be read: ${(error as Error).message}`;
      const fix = "name the folder that meridian sweep printed";
      throw new MeridianError("data", { code: "SWEEP_UNREADABLE", where: folder, what, fix }, { cause: error });
    }
  };
  const sweep = parseSweep(await read("sweep.json"), folder, "show");
  const { points } = parsed<{ points: readonly PointRow[] }>(await read(POINTS_FILE), join(folder, POINTS_FILE));
  const { metric, group, objective, store } = parsed<AskedQuestion & { readonly store: string | null }>(
    await read(QUESTION_FILE),
    join(folder, QUESTION_FILE),
  );
  const rows = points.map(({ values, ...row }) => ({ ...row, values: sweep.factors.map(({ path }) => values[path]) }));
  const known = new Set(rows.map(({ point }) => sweep.jobs[point]?.key));
  const done = distinct(sweep.jobs).filter(({ key }) => known.has(key)).length;
  const asked = { metric, group, objective };
  return { sweep, found: { rows, done }, asked, store: store ?? join(dirname(resolve(folder)), JOBS) };
}

type PointRow = Omit<SweepRow, "values"> & { readonly values: Readonly<Record<string, unknown>> };

function parsed<T>(text: string, where: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    const fix = "give the sweep's command again: it writes the file anew";
    throw new MeridianError(
      "data",
      { code: "SWEEP_UNREADABLE", where, what: "this is not JSON", fix },
      { cause: error },
    );
  }
}

/** Writes points.json and points.csv: the same bytes whoever ran the jobs, in whatever order. */
export async function writePoints(folder: string, sweep: SweepFile, rows: readonly SweepRow[]): Promise<void> {
  const table = rows.map(({ point, values, strategy, group, isUnstable, metrics }) => ({
    point,
    values: Object.fromEntries(sweep.factors.map(({ path }, i) => [path, values[i]])),
    strategy,
    group,
    isUnstable,
    metrics,
  }));
  await writeFileAtomic(
    join(folder, POINTS_FILE),
    stableJson({ schemaVersion: 1, kind: "sweep points", points: table }),
  );
  const header = ["point", ...sweep.factors.map(({ path }) => path), "strategy", "class", "unstable"];
  const measures = SWEEP_METRICS.flatMap((metric) => [metric, `${metric}_low`, `${metric}_high`]);
  const body = rows.map((row) => [
    row.point,
    ...row.values.map((value) => (typeof value === "number" || value === null ? value : JSON.stringify(value))),
    row.strategy,
    row.group,
    String(row.isUnstable),
    ...SWEEP_METRICS.flatMap((metric) => [
      row.metrics[metric].value,
      row.metrics[metric].low,
      row.metrics[metric].high,
    ]),
  ]);
  await writeFileAtomic(
    join(folder, "points.csv"),
    toCsv([[...header, ...measures], ...body] as (string | number | null)[][]),
  );
}

/** One point of a sweep, as a run. */
export interface PointRun {
  readonly id: string;
  /** Of the sweep. */
  readonly folder: string;
  readonly result: RunResult;
  /** The scenario as it ran there. */
  readonly scenarioYaml: string;
}

/**
 * Reads one point of a sweep as a run.
 *
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
