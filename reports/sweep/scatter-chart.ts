/** A metric against one factor of a design that moves several at once: a point for each variant and strategy. */
import type { TopLevelSpec } from "vega-lite";
import { printable } from "../../simulator/base/errors.ts";
import type { Association } from "../../simulator/sweep/analysis.ts";
import { isLatency, type SweepQuestion } from "../../simulator/sweep/points.ts";
import { formatNumber, latencyUnit, NOT_AVAILABLE } from "../base/text.ts";
import type { ChartTheme } from "../base/theme.ts";
import type { Chart } from "../charts/chart.ts";
import { frame, type Layer, layerName, scaleSpec, scaleText, tickOptions, valueScale } from "../charts/parts/frame.ts";
import { paintOrder } from "../charts/parts/lines.ts";
import { leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";
import { strategiesOf, sweepStyles } from "./curve-chart.ts";
import { askedText, correlationText, metricText, type SweepReport } from "./words.ts";

const WIDTH = 620;
const HEIGHT = 240;
/** Factors with pictures; the correlations of all are in the table of the first. */
const CHARTS_MAX = 8;

/** One picture a factor, the one that matters most first. */
export function scatterCharts(
  associations: readonly Association[],
  question: SweepQuestion,
): readonly Chart<SweepReport>[] {
  const size = (path: string) =>
    Math.max(...associations.map((each) => (each.path === path ? Math.abs(each.correlation.value ?? 0) : 0)));
  const paths = [...new Set(associations.map(({ path }) => path))].sort((a, b) => size(b) - size(a));
  return paths.slice(0, CHARTS_MAX).map((path, i) => {
    const own = associations.filter((each) => each.path === path);
    return scatterChart(`factor-${i}`, own, question);
  });
}

function scatterChart(id: string, own: readonly Association[], question: SweepQuestion): Chart<SweepReport> {
  const path = printable(own[0]!.path);
  const asked = askedText(question);
  const chart: Chart<SweepReport> = {
    id,
    question: `How does ${asked} go with ${path}?`,
    absence: () => undefined,
    heading: ({ sweep }) => {
      const shown = own.find(({ strategy }) => strategy === sweep.baseline) ?? own[0]!;
      const without = Math.max(...own.map((each) => each.without));
      return {
        title: `${asked} against ${path}, ${printable(shown.strategy)}: ${correlationText(shown)}`,
        subtitle: `Each point is a variant; the other factors move, too, which is why points at one value differ.${without > 0 ? ` Up to ${without} variants are unstable or have no such figure, and are left out.` : ""}`,
      };
    },
    spec: (report, theme) => scatterSpec(chart, report, own, question, theme),
    table: () => scatterTable(id, own, question),
  };
  return chart;
}

function scatterSpec(
  chart: Chart<SweepReport>,
  report: SweepReport,
  own: readonly Association[],
  question: SweepQuestion,
  theme: ChartTheme,
): TopLevelSpec {
  const names = strategiesOf(report);
  const styles = sweepStyles(report, theme);
  const all = own.flatMap(({ points }) => points);
  const unit = isLatency(question.metric)
    ? latencyUnit(all.map(({ value }) => value))
    : metricText(question.metric).unit;
  const x = valueScale(
    all.map(({ at }) => at),
    false,
  );
  const y = valueScale(
    all.map(({ value }) => value * unit.factor),
    false,
  );
  const layers = paintOrder(styles).flatMap((index): Layer[] => {
    const association = own.find(({ strategy }) => strategy === names[index]);
    if (association === undefined) return [];
    const { colour, shape } = styles[index]!;
    return [
      {
        name: layerName(index, "points"),
        data: { values: association.points.map(({ at, value }) => ({ at, value: value * unit.factor })) },
        mark: { type: "point", filled: true, opacity: 0.65, color: colour, shape, size: 30 },
        encoding: { x: { field: "at", type: "quantitative" }, y: { field: "value", type: "quantitative" } },
      } as Layer,
    ];
  });
  const factor = report.sweep.factors.find(({ path }) => path === own[0]!.path)!;
  const measure = "unit" in factor && factor.unit !== "" ? ` (${factor.unit})` : "";
  return {
    ...frame(chart, chart.heading(report), theme),
    width: WIDTH,
    height: HEIGHT,
    layer: [...layers, ...legend(own, names, styles)],
    encoding: {
      x: {
        type: "quantitative",
        scale: scaleSpec(x),
        axis: { title: `${printable(factor.path)}${measure}${scaleText(x)}`, ...tickOptions(x), grid: false },
      },
      y: {
        type: "quantitative",
        scale: scaleSpec(y),
        axis: { title: `${metricText(question.metric).name} (${unit.symbol}${scaleText(y)})`, ...tickOptions(y) },
      },
    },
  } as TopLevelSpec;
}

/** Names at the right, each in its strategy's colour. */
function legend(
  own: readonly Association[],
  names: readonly string[],
  styles: ReturnType<typeof sweepStyles>,
): readonly Layer[] {
  return own.map(({ strategy }, row) => {
    const index = names.indexOf(strategy);
    const y = 10 + 16 * row;
    return {
      name: layerName(index, "name"),
      data: { values: [{}] },
      mark: {
        type: "text",
        align: "left",
        baseline: "middle",
        text: `● ${printable(strategy)}`,
        color: styles[index]!.colour,
      },
      encoding: { x: { value: WIDTH + 12 }, y: { value: y } },
    } as Layer;
  });
}

function scatterTable(id: string, own: readonly Association[], question: SweepQuestion): Table {
  const text = (value: number | null) => (value === null ? NOT_AVAILABLE : formatNumber(value, 2));
  const cell = (value: number | null) => ({ text: text(value), value });
  return {
    id,
    caption: `Rank correlation (Spearman) of ${askedText(question)} with ${printable(own[0]!.path)}, with 95 % intervals`,
    columns: [
      leftColumn("Strategy", "strategy"),
      rightColumn("Rank correlation", "correlation"),
      rightColumn("From", "low"),
      rightColumn("To", "high"),
      rightColumn("Points", "points"),
    ],
    rows: own.map(({ strategy, points, correlation }) => ({
      cells: [
        textCell(strategy),
        cell(correlation.value),
        cell(correlation.low),
        cell(correlation.high),
        { text: String(points.length), value: points.length },
      ],
    })),
  };
}
