/** Charts of a comparison: changes as a forest, and the charts of one run with all runs in them. */
import type { TopLevelSpec } from "vega-lite";
import type { ComparedRow } from "../../simulator/compare/result.ts";
import { METRIC_NAMES } from "../../simulator/compare/verdict-text.ts";
import type { RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import { plural } from "../base/text.ts";
import type { ChartTheme } from "../base/theme.ts";
import type { Chart } from "../charts/chart.ts";
import { p95OverDay } from "../charts/hourly.ts";
import { latencyPercentiles } from "../charts/latency-percentiles.ts";
import { frame } from "../charts/parts/frame.ts";
import { type ComparedRuns, frontierArrows } from "./arrows.ts";
import { comparisonTable, groupName, letterOf } from "./tables.ts";

/** With names above the lines, and not beside them, a telephone shows all of it. */
const WIDTH = 560;
const ROW_HEIGHT = 34;
/** Rows of the forest: the largest shown changes; all are in the table. */
const FOREST_ROWS_MAX = 24;

/** Every change that is shown, with its interval. */
export const changeForest: Chart<ComparedRuns> = {
  id: "change-forest",
  question: "What changed, and by how much?",
  absence: (runs) => (forestRows(runs).length === 0 ? "No difference could be computed." : undefined),
  heading: (runs) => {
    const all = runs.comparison.rows.filter(({ verdict }) => verdict === "better" || verdict === "worse");
    const worse = all.filter(({ verdict }) => verdict === "worse").length;
    return {
      title: `${plural(worse, "figure is", "figures are")} shown to be worse, ${all.length - worse} better, of ${runs.comparison.tests} compared`,
      subtitle: `Change against ${runs.comparison.runs[0]!.label} in %, of shares in points; 95 % intervals; filled: shown after Holm's correction. The ${forestRows(runs).length} largest.`,
    };
  },
  spec: (runs, theme) => forestSpec(runs, theme),
  table: ({ comparison }) => comparisonTable(comparison, comparison.pairings[0]!),
};

interface ForestRow {
  readonly label: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly verdict: ComparedRow["verdict"];
}

function forestRows({ comparison }: ComparedRuns): readonly ForestRow[] {
  const drawable = comparison.rows.flatMap((row): readonly ForestRow[] => {
    const { value, low, high } = row.metric.endsWith("Share") ? row.difference : row.relative;
    if (value === null || low === null || high === null || row.verdict === "not comparable" || row.verdict === "same")
      return [];
    const label = `${letterOf(comparison, row.run)}  ${row.strategy}, ${groupName(row)}: ${METRIC_NAMES[row.metric]}`;
    return [{ label, value: 100 * value, low: 100 * low, high: 100 * high, verdict: row.verdict }];
  });
  const isShown = ({ verdict }: ForestRow) => verdict !== "not shown";
  return [...drawable]
    .sort((a, b) => Number(isShown(b)) - Number(isShown(a)) || Math.abs(b.value) - Math.abs(a.value))
    .slice(0, FOREST_ROWS_MAX);
}

function forestSpec(runs: ComparedRuns, theme: ChartTheme): TopLevelSpec {
  const rows = forestRows(runs);
  const colourOf = ({ verdict }: ForestRow) =>
    verdict === "worse" ? theme.hues[1]! : verdict === "better" ? theme.hues[0]! : theme.other;
  const y = {
    field: "row",
    type: "ordinal",
    scale: { domain: rows.map((_, i) => i) },
    axis: { title: null, labels: false, ticks: false, domain: false, grid: true },
  };
  const x = {
    type: "quantitative",
    axis: {
      title: "Change (% of A; points of shares)",
      grid: false,
      labelExpr: "datum.value === 0 ? '0' : format(datum.value, '+.3~r')",
    },
  };
  return {
    ...frame(changeForest, changeForest.heading(runs), theme),
    width: WIDTH,
    height: ROW_HEIGHT * rows.length,
    layer: [
      {
        data: { values: [{ zero: 0 }] },
        mark: { type: "rule", color: theme.text },
        encoding: { x: { ...x, field: "zero" } },
      },
      ...rows.flatMap((row, i) => {
        const data = { values: [{ ...row, row: i }] };
        const colour = colourOf(row);
        return [
          {
            data,
            mark: {
              type: "text",
              align: "left",
              baseline: "bottom",
              dy: -6,
              fontSize: 12,
              color: theme.text,
              limit: WIDTH,
            },
            encoding: { x: { value: 2 }, y, text: { field: "label" } },
          },
          {
            data,
            mark: { type: "rule", color: colour, strokeWidth: 2 },
            encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, y },
          },
          {
            data,
            mark: {
              type: "point",
              size: 55,
              opacity: 1,
              stroke: colour,
              strokeWidth: 1.75,
              shape: row.verdict === "worse" ? "triangle-up" : "circle",
              fill: row.verdict === "not shown" ? theme.background : colour,
            },
            encoding: { x: { ...x, field: "value" }, y },
          },
        ];
      }),
    ],
  } as unknown as TopLevelSpec;
}

/** Strategies of each run in a chart with all runs: more lines could not be told apart. */
const STRATEGIES_MAX = 4;

/** A chart of one run, drawn with the strategies of all runs: `A single`, `B single`. */
function ofAllRuns(chart: Chart, letterAndRuns: (runs: ComparedRuns) => RunResult): Chart<ComparedRuns> {
  return {
    id: `${chart.id}-of-all-runs`,
    question: chart.question,
    absence: (runs) => chart.absence(letterAndRuns(runs)),
    heading: (runs) => {
      const { title } = chart.heading(letterAndRuns(runs));
      return {
        title,
        subtitle: `A is ${runs.comparison.runs[0]!.label}; at most ${STRATEGIES_MAX} strategies that all runs have. Bands are 95 % intervals.`,
      };
    },
    spec: (runs, theme) => chart.spec(letterAndRuns(runs), theme),
    table: (runs) => chart.table(letterAndRuns(runs)),
  };
}

/** A line of one hour is a dot: such runs have nothing to show over time. */
function withHours(chart: Chart<ComparedRuns>): Chart<ComparedRuns> {
  const isShort = ({ results }: ComparedRuns) =>
    results.every(({ strategies }) => (strategies[0]?.byHour.length ?? 0) < 2);
  return { ...chart, absence: (runs) => (isShort(runs) ? "The runs are within one hour." : chart.absence(runs)) };
}

/** One result with the strategies that the runs have in common, each named after its run. */
export function mergedResult({ comparison, results }: ComparedRuns): RunResult {
  const [first, ...others] = results as readonly [RunResult, ...RunResult[]];
  const common = first.strategies
    .filter(({ name }) => others.every((result) => result.strategies.some((each) => each.name === name)))
    .slice(0, STRATEGIES_MAX);
  const strategies = common.flatMap(({ name }) =>
    results.map((result, i): StrategyResult => {
      const strategy = result.strategies.find((each) => each.name === name)!;
      return { ...strategy, name: `${letterOf(comparison, comparison.runs[i]!.label)} ${name}` };
    }),
  );
  return {
    ...first,
    strategies,
    comparisons: [],
    verdictStrategies: strategies.slice(1).map(({ name }) => name),
    baseline: strategies[0]?.name ?? first.baseline,
  };
}

/** All charts of a comparison, in the order of the page. */
export const COMPARISON_CHARTS: readonly Chart<ComparedRuns>[] = [
  changeForest,
  frontierArrows,
  withHours(ofAllRuns(p95OverDay, mergedResult)),
  ofAllRuns(latencyPercentiles, mergedResult),
];
