/** Tables of sweeps: the metrics of every point, strategy and class, and the values of its factors. */
import { axisValue } from "../../../simulator/sweep/analysis.ts";
import type { SweepFile } from "../../../simulator/sweep/job.ts";
import { SWEEP_METRICS, type SweepMetric, type SweepRow } from "../../../simulator/sweep/points.ts";
import type { ColumnType, StoreColumn, StoreRow, StoreTable } from "../database.ts";

const column = (name: string, type: ColumnType, doc: string): StoreColumn => ({ name, type, doc });

/** Columns of a metric begin with these; the same figures have the same names in the tables of runs. */
const COLUMN: Readonly<Record<SweepMetric, readonly [name: string, doc: string]>> = {
  p50: ["e2e_p50_ms", "p50 of end-to-end latency, ms"],
  p95: ["e2e_p95_ms", "p95 of end-to-end latency, ms; null where more requests fail than it leaves out"],
  p99: ["e2e_p99_ms", "p99 of end-to-end latency, ms"],
  "ttft-p95": ["ttft_p95_ms", "p95 of the time to the first token, ms"],
  failed: ["failed_share", "requests not served of all, in [0, 1]"],
  throttled: ["throttled_share", "attempts answered 429 of all, in [0, 1]"],
  goodput: ["slo_share", "requests served within their objective of those that have one, in [0, 1]"],
  cost: ["usd_per_1k_served", "USD per 1,000 served requests under the scenario's billing rule"],
  regret: ["regret_share", "cost above the bound over the bound, see docs/model/bound.md"],
  saving: ["saving_share", "saving against the baseline strategy, in [0, 1]"],
};

export const SWEEP_POINTS: StoreTable = {
  name: "sweep_points",
  version: 1,
  keyColumn: "sweep",
  doc: "One row a point, strategy and class of a sweep (class all: all together)",
  columns: [
    column("point", "integer", "index in the sweep's design, from 0; `meridian compare SWEEP/0` names its run"),
    column("strategy", "text", "label of the strategy"),
    column("class", "text", "class of traffic, or all"),
    column("unstable", "boolean", "its backlog grows without bound: latencies say how long the run was"),
    column("replications", "integer", "replications behind it"),
    column("factors", "json", "values of the factors by path; null where the scenario's own stands"),
    ...SWEEP_METRICS.flatMap((metric) => {
      const [name, doc] = COLUMN[metric];
      return [
        column(name, "number", doc),
        column(`${name}_low`, "number", "lower end of its 95 % interval"),
        column(`${name}_high`, "number", "upper end"),
      ];
    }),
  ],
};

export const SWEEP_VALUES: StoreTable = {
  name: "sweep_values",
  version: 1,
  keyColumn: "sweep",
  doc: "One row a point and factor of a sweep, to join and to sort by",
  columns: [
    column("point", "integer", "index in the sweep's design, from 0"),
    column("path", "text", "path in the scenario"),
    column("value", "text", "value as the scenario takes it; null where the scenario's own stands"),
    column("number", "number", "its number, without its unit; null for what is none"),
  ],
};

/** The rows of one sweep, by table; that of points last. */
export function sweepRows(
  { factors, jobs }: Pick<SweepFile, "factors" | "jobs">,
  rows: readonly SweepRow[],
): ReadonlyMap<StoreTable, readonly StoreRow[]> {
  return new Map([
    [
      SWEEP_VALUES,
      jobs.flatMap(({ values }, point) =>
        factors.map(({ path }, i) => {
          const value = values[i] ?? null;
          return { point, path, value: value === null ? null : textOf(value), number: axisValue(value) };
        }),
      ),
    ],
    [
      SWEEP_POINTS,
      rows.map((row) =>
        pointRow(
          factors.map(({ path }) => path),
          row,
        ),
      ),
    ],
  ]);
}

function pointRow(
  paths: readonly string[],
  { point, strategy, group, isUnstable, values, metrics }: SweepRow,
): StoreRow {
  const figures = SWEEP_METRICS.flatMap((metric) => {
    const [name] = COLUMN[metric];
    const { value, low, high } = metrics[metric];
    return [
      [name, value],
      [`${name}_low`, low],
      [`${name}_high`, high],
    ];
  });
  return {
    point,
    strategy,
    class: group,
    unstable: isUnstable,
    replications: metrics.failed.n,
    factors: Object.fromEntries(paths.map((path, i) => [path, values[i] ?? null])),
    ...Object.fromEntries(figures),
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
