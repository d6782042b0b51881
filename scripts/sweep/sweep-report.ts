/** From a job file and its store to the answer: rows of all points, the analysis, and the files of the sweep's folder. */
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { toCsv } from "../../reports/tables/table.ts";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { suggest } from "../../simulator/base/near-names.ts";
import { analyse, type SweepAnalysis, type SweepQuestion } from "../../simulator/sweep/analysis.ts";
import type { SweepFile } from "../../simulator/sweep/job.ts";
import { ALL, rowsOf, SWEEP_METRICS, type SweepRow } from "../../simulator/sweep/points.ts";
import { stableJson } from "../io/text-files.ts";
import type { JobStore } from "./job-store.ts";
import { isResult, parseOutcome } from "./variant.ts";

/** What the store has of a sweep. */
export interface SweepRows {
  readonly rows: readonly SweepRow[];
  /** Jobs that are done. */
  readonly done: number;
  /** Of jobs whose scenario cannot run at their point. */
  readonly problems: readonly Problem[];
}

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

/** @throws MeridianError usage, SWEEP_GROUP, for a class that the results do not have */
export function answer(sweep: SweepFile, rows: readonly SweepRow[], question: SweepQuestion): SweepAnalysis {
  const groups = [...new Set(rows.map(({ group }) => group))];
  if (rows.length > 0 && !groups.includes(question.group)) {
    const what = `there is no class "${question.group}"`;
    throw new MeridianError("usage", { code: "SWEEP_GROUP", what, fix: suggest(question.group, groups) });
  }
  return analyse(sweep, rows, question);
}

/** The class that a curve is of unless one is named: the only one, else all of them together. */
export function defaultGroup(rows: readonly SweepRow[]): string {
  const classes = [...new Set(rows.map(({ group }) => group))].filter((group) => group !== ALL);
  return classes.length === 1 ? classes[0]! : ALL;
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
    join(folder, "points.json"),
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
