/** Tables of what was compared: strategies within a run, and runs by `meridian compare`, as one view of both. */
import type { ComparisonResult } from "../../../simulator/compare/result.ts";
import type { ColumnType, StoreColumn, StoreRow, StoreTable, StoreView } from "../database.ts";

const column = (name: string, type: ColumnType, doc: string): StoreColumn => ({ name, type, doc });

const DIFFERENCE: readonly StoreColumn[] = [
  column("metric", "text", "what is compared, as result.json names it"),
  column("baseline_value", "number", "mean of the baseline"),
  column("value", "number", "mean of what is compared with it"),
  column("difference", "number", "value - baseline_value"),
  column("difference_low", "number", "lower end of its interval at 95 %, simultaneous over strategies within a run"),
  column("difference_high", "number", "upper end"),
  column("relative", "number", "difference over the baseline's mean"),
  column("verdict", "text", "better, worse, not shown, not comparable; of runs also differs, same, too few"),
  column("replications", "integer", "pairs behind it; of measured runs requests"),
];

/** Written with its run. */
export const STRATEGY_COMPARISONS: StoreTable = {
  name: "strategy_comparisons",
  version: 1,
  keyColumn: "run",
  doc: "One row a strategy and metric: paired differences from the run's baseline strategy",
  columns: [column("strategy", "text", "label of the strategy"), ...DIFFERENCE],
};

/** Written by `meridian compare`; the same runs compared again replace their rows. */
export const RUN_COMPARISONS: StoreTable = {
  name: "run_comparisons",
  version: 1,
  keyColumn: "comparison",
  doc: "One row a strategy, group and metric that meridian compare has compared between two runs",
  columns: [
    column("run", "text", "id of the run"),
    column("baseline_run", "text", "id of the run that it was compared with"),
    column("method", "text", "paired replications, independent replications or measured requests"),
    column("strategy", "text", "label of the strategy"),
    column("scope", "text", "total, class, region or tag"),
    column("name", "text", "class, region, or tag and value; empty for the total"),
    ...DIFFERENCE,
    column("p_holm", "number", "p-value with Holm's correction over all rows of the comparison"),
    column("needs", "integer", "replications with which such a difference would be shown"),
    column("forced", "boolean", "compared in spite of what makes the runs unlike"),
    column("compared_at", "instant", "when, UTC"),
  ],
};

const SHARED = DIFFERENCE.map(({ name }) => name).join(", ");

/** What people ask for. */
export const COMPARISONS_VIEW: StoreView = {
  name: "comparisons",
  doc: "All of strategy_comparisons and run_comparisons: against says whether a strategy or a run is the baseline",
  sql: [
    `SELECT run, 'strategy' AS against, NULL AS baseline_run, strategy, 'total' AS scope, '' AS name, ${SHARED}, NULL AS p_holm FROM strategy_comparisons`,
    `SELECT run, 'run' AS against, baseline_run, strategy, scope, name, ${SHARED}, p_holm FROM run_comparisons`,
  ].join(" UNION ALL "),
};

/**
 * Rows of a comparison of runs.
 *
 * @param ids ids of the runs by their labels in the comparison
 * @param comparedAt ISO instant
 */
export function comparisonRows(
  { runs, rows, pairings, forced }: ComparisonResult,
  ids: ReadonlyMap<string, string>,
  comparedAt: string,
): readonly StoreRow[] {
  const idOf = (label: string) => ids.get(label) ?? label;
  const baselineRun = idOf(runs[0]!.label);
  return rows.map((row) => ({
    run: idOf(row.run),
    baseline_run: baselineRun,
    method: pairings.find(({ label }) => label === row.run)?.method ?? null,
    strategy: row.strategy,
    scope: row.scope,
    name: row.name,
    metric: row.metric,
    baseline_value: row.a.value,
    value: row.b.value,
    difference: row.difference.value,
    difference_low: row.difference.low,
    difference_high: row.difference.high,
    relative: row.relative.value,
    verdict: row.verdict,
    replications: Math.round(row.n),
    p_holm: row.pHolm,
    needs: row.needs === null || !Number.isFinite(row.needs) ? null : Math.ceil(row.needs),
    forced,
    compared_at: comparedAt,
  }));
}
