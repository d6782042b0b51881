/** From a job file and its store to the answer: rows of all points, the analysis, and the files of the sweep's folder. */
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { toCsv } from "../../reports/tables/table.ts";
import { MeridianError } from "../../simulator/base/errors.ts";
import { suggest } from "../../simulator/base/near-names.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import { analyse, type SweepAnalysis, type SweepQuestion } from "../../simulator/sweep/analysis.ts";
import type { SweepFile } from "../../simulator/sweep/job.ts";
import { ALL, rowsOf, SWEEP_METRICS, type SweepRow } from "../../simulator/sweep/points.ts";
import { stableJson } from "../io/text-files.ts";
import type { JobStore } from "./job-store.ts";

/** Rows of every point that has a result, and how many jobs have one. */
export async function readRows(
  sweep: SweepFile,
  store: JobStore,
): Promise<{ readonly rows: readonly SweepRow[]; readonly done: number }> {
  const rows: SweepRow[] = [];
  const done = new Set<string>();
  for (const [point, { key, values }] of sweep.jobs.entries()) {
    const text = await store.read(key);
    if (text === undefined) continue;
    done.add(key);
    rows.push(...rowsOf(point, values, JSON.parse(text) as RunResult));
  }
  return { rows, done: done.size };
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
