/** Chart: paired differences of every strategy against the baseline, a panel per metric (a forest plot). */
import type { TopLevelSpec } from "vega-lite";
import type { ComparedMetric, Comparison, RunResult } from "../../simulator/experiment/result.ts";
import { headlineRun } from "../base/latency-view.ts";
import {
  conditionText,
  formatInterval,
  formatValue,
  PERCENT,
  pairingText,
  shownDifferences,
  shownText,
  type Unit,
} from "../base/text.ts";
import { type ChartTheme, type StrategyStyle, strategyStyles } from "../base/theme.ts";
import { otherCostsText } from "../tables/other-requests.ts";
import { changeOf, leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";
import type { Chart } from "./chart.ts";
import { frame, type Layer, layerName, type Panel } from "./parts/frame.ts";
import { labelByIndex } from "./parts/labels.ts";

/** Panels side by side: with the names before them they fit the width of a telephone. */
const COLUMNS = 3;
const PANEL_WIDTH = 140;
const ROW_HEIGHT = 26;

interface Metric {
  readonly name: ComparedMetric;
  readonly label: string;
  readonly title: readonly [string, string];
  /** Latency and cost as a share of the baseline's; shares as points, since a baseline share may be zero. */
  readonly as: "relative" | "difference";
}

const METRICS: readonly Metric[] = [
  { name: "e2eMsP95", label: "p95 E2E", title: ["p95 E2E", "change, %"], as: "relative" },
  { name: "ttftMsP95", label: "p95 TTFT", title: ["p95 TTFT", "change, %"], as: "relative" },
  {
    name: "throttledAttemptShare",
    label: "Throttled attempts",
    title: ["Throttled attempts", "change, points"],
    as: "difference",
  },
  { name: "failedShare", label: "Failed requests", title: ["Failed requests", "change, points"], as: "difference" },
  { name: "usdPer1kServed", label: "USD per 1k served", title: ["USD per 1k served", "change, %"], as: "relative" },
];
const POINTS: Unit = { symbol: "points", factor: 100 };

/** Paired differences against the baseline with simultaneous intervals, grouped by metric. */
export const differenceForest: Chart = {
  id: "difference-forest",
  question: "Better than the baseline, and by how much?",
  absence: (result) => {
    if (result.strategies.length < 2) return "One strategy: there is nothing to compare it with.";
    if (result.replications.done < 2) {
      return result.kind === "measured"
        ? "One measured run: without intervals no difference can be shown."
        : "One replication: without intervals no difference can be shown. Ask for at least 10.";
    }
    return drawable(headlineRun(result).result).length === 0
      ? "No difference could be computed: see the notes."
      : undefined;
  },
  heading: (result) => ({
    title: `Against ${result.baseline}, p95 E2E latency${ofClass(result)} is ${shownText(shownDifferences(headlineRun(result).result, "e2eMsP95"))}; cost is ${shownText(shownDifferences(result, "usdPer1kServed"))}`,
    subtitle: `${conditionText(result)}, ${pairingText(result)}. ${latencyText(result)}Left of zero is better; intervals hold together at 95 % (Bonferroni); filled: shown to differ, hollow: not shown.${otherCostsText(result)}`,
  }),
  spec: (result, theme) => spec(headlineRun(result).result, strategyStyles(result, theme), theme, result),
  table: (result) => table(headlineRun(result).result, ofClass(result)),
};

/** ` of chat` where the latencies are those of one class. */
function ofClass(result: RunResult): string {
  const { className } = headlineRun(result);
  return className === null ? "" : ` of ${className}`;
}

function latencyText(result: RunResult): string {
  const of = ofClass(result);
  return of === "" ? "" : `Latencies are those${of}, the rest is of all classes. `;
}

interface Drawable {
  readonly row: number;
  readonly strategyIndex: number;
  readonly metric: Metric;
  readonly comparison: Comparison;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

function drawable(result: RunResult): Drawable[] {
  return METRICS.flatMap((metric) =>
    result.comparisons
      .filter((one) => one.metric === metric.name && one.verdict !== "not comparable")
      .flatMap((comparison) => {
        const strategyIndex = result.strategies.findIndex((one) => one.name === comparison.strategy);
        const { value, low, high } = comparison[metric.as];
        if (strategyIndex < 0 || value === null || low === null || high === null) return [];
        return [
          {
            row: strategyIndex,
            strategyIndex,
            metric,
            comparison,
            value: value * 100,
            low: low * 100,
            high: high * 100,
          },
        ];
      }),
  );
}

function spec(result: RunResult, styles: readonly StrategyStyle[], theme: ChartTheme, whole: RunResult): TopLevelSpec {
  const all = drawable(result);
  const metrics = METRICS.filter((metric) => all.some((one) => one.metric === metric));
  return {
    ...frame(differenceForest, differenceForest.heading(whole), theme),
    spacing: 16,
    columns: COLUMNS,
    align: "each",
    concat: metrics.map((metric, at) =>
      panel(
        result,
        theme,
        all.filter((one) => one.metric === metric),
        { metric, leftmost: at % COLUMNS === 0, styles },
      ),
    ),
  } as TopLevelSpec;
}

function panel(
  result: RunResult,
  theme: ChartTheme,
  rows: readonly Drawable[],
  place: { readonly metric: Metric; readonly leftmost: boolean; readonly styles: readonly StrategyStyle[] },
): Panel {
  const others = result.strategies.flatMap((strategy, index) => (strategy.name === result.baseline ? [] : [index]));
  const ends = rows.flatMap((row) => [row.low, row.high, 0]);
  const low = Math.min(...ends);
  const high = Math.max(...ends);
  const margin = (high - low || 1) * 0.06;
  const y = {
    field: "row",
    type: "ordinal" as const,
    scale: { domain: others },
    axis: {
      title: null,
      labels: place.leftmost,
      labelExpr: labelByIndex(result.strategies.map((strategy) => strategy.name)),
      ticks: false,
      domain: false,
      grid: true,
    },
  };
  const x = {
    field: "value",
    type: "quantitative" as const,
    scale: { domain: [low - margin, high + margin], nice: false, zero: false },
    axis: {
      title: [...place.metric.title],
      tickCount: 3,
      grid: false,
      format: "+.3~r",
      labelExpr: "datum.value == 0 ? '0' : datum.label",
    },
  };
  return {
    width: PANEL_WIDTH,
    height: ROW_HEIGHT * others.length,
    layer: [
      {
        data: { values: [{ zero: 0 }] },
        mark: { type: "rule", color: theme.text, strokeWidth: 1 },
        encoding: { x: { ...x, field: "zero" } },
      },
      ...rows.flatMap((row) => rowLayers(row, place.styles[row.strategyIndex]!, { x, y, theme })),
    ],
  } as Panel;
}

/** One comparison: its interval as a bar, its difference as a point, hollow where no difference is shown. */
function rowLayers(
  row: Drawable,
  style: StrategyStyle,
  { x, y, theme }: { readonly x: object; readonly y: object; readonly theme: ChartTheme },
): Layer[] {
  const shown = row.comparison.verdict !== "not shown";
  const data = { values: [{ row: row.row, value: row.value, low: row.low, high: row.high }] };
  return [
    {
      name: layerName(row.strategyIndex, `${row.metric.name}_interval`),
      data,
      mark: { type: "rule", color: style.colour, strokeWidth: 2 },
      encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, y },
    },
    {
      name: layerName(row.strategyIndex, `${row.metric.name}_difference`),
      data,
      mark: {
        type: "point",
        shape: style.shape,
        size: 48,
        opacity: 1,
        stroke: style.colour,
        strokeWidth: 1.75,
        fill: shown ? style.colour : theme.background,
      },
      encoding: { x, y },
    },
  ] as Layer[];
}

function table(result: RunResult, of: string): Table {
  return {
    id: "difference-forest",
    caption: `Paired differences against ${result.baseline}; simultaneous 95 % intervals${of === "" ? "" : `; latencies are those${of}`}`,
    columns: [
      leftColumn("Strategy", "strategy"),
      leftColumn("Metric", "metric"),
      rightColumn("Change", "change"),
      leftColumn("Interval", "interval"),
      leftColumn("Verdict", "verdict"),
      rightColumn("Pairs", "pairs"),
      rightColumn("Variance ratio", "variance_ratio"),
    ],
    rows: METRICS.flatMap((metric) =>
      result.comparisons
        .filter((one) => one.metric === metric.name)
        .map((comparison) => {
          const estimate = comparison[metric.as];
          const unit = metric.as === "relative" ? PERCENT : POINTS;
          const strategyIndex = result.strategies.findIndex((one) => one.name === comparison.strategy);
          const change = changeOf(comparison);
          return {
            ...(strategyIndex < 0 ? {} : { strategyIndex }),
            cells: [
              textCell(comparison.strategy),
              { text: metric.label, value: metric.name },
              {
                text: estimate.value === null ? "n/a" : `${formatValue(estimate, unit)} ${unit.symbol}`,
                value: estimate.value,
              },
              textCell(formatInterval(estimate, unit) ?? "n/a"),
              { text: comparison.verdict, value: comparison.verdict, ...(change === undefined ? {} : { change }) },
              { text: String(comparison.difference.n), value: comparison.difference.n },
              {
                text: comparison.varianceRatio === null ? "n/a" : comparison.varianceRatio.toFixed(1),
                value: comparison.varianceRatio,
              },
            ],
          };
        }),
    ),
  };
}
