/**
 * Pictures of several factors at once: maps over two (the best strategy of each point, its value, and whether the next best is
 * told apart), and a metric against one factor of a design that moves several, a point for each variant and strategy.
 */
import type { TopLevelSpec } from "vega-lite";
import { printable } from "../../simulator/base/errors.ts";
import { type Association, type BreakEvenMap, isLargerBetter, type MapCell } from "../../simulator/sweep/analysis.ts";
import { isLatency, type SweepQuestion } from "../../simulator/sweep/points.ts";
import { formatNumber, formatPlain, latencyUnit, NOT_AVAILABLE } from "../base/text.ts";
import type { ChartTheme } from "../base/theme.ts";
import type { Chart } from "../charts/chart.ts";
import { frame, type Layer, layerName, scaleSpec, scaleText, tickOptions, valueScale } from "../charts/parts/frame.ts";
import { labelByIndex, shortName } from "../charts/parts/labels.ts";
import { paintOrder } from "../charts/parts/lines.ts";
import { estimateCell, leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";
import { strategiesOf, sweepStyles } from "./curve-chart.ts";
import {
  askedText,
  correlationText,
  mapTitle,
  metricText,
  othersText,
  type SweepReport,
  sweepVerdict,
} from "./words.ts";

const WIDTH_MAX = 900;
const CELL_WIDTH_MAX = 92;
const CELL_HEIGHT = 36;
/** Narrower cells have no room for numbers. */
const NUMBER_WIDTH = 40;

/** @param id of the chart and its table */
export function mapChart(id: string, map: BreakEvenMap): Chart<SweepReport> {
  const chart: Chart<SweepReport> = {
    id,
    question: `Which strategy is best at which point${othersText(map)}?`,
    absence: () => (map.cells.length === 0 ? "No point has a result yet." : undefined),
    heading: (report) => headingOf(report, map),
    spec: (report, theme) => mapSpec(chart, report, map, theme),
    table: (report) => mapTable(id, report, map),
  };
  return chart;
}

function headingOf(report: SweepReport, map: BreakEvenMap) {
  const [{ question }] = report.answers;
  const title = map.others.length === 0 ? sweepVerdict(report).replace(/\.$/, "") : mapTitle(map, question);
  return {
    title,
    subtitle: `Each cell: the best strategy by its letter and its ${askedText(question)}. Pale and with a question mark: its 95 % interval meets the second best's.${question.p95LimitMs === null ? "" : " Dash: no strategy keeps its latency."}`,
  };
}

/** `A`, `B`, ... in the order of the results. */
function letterOf(report: SweepReport, strategy: string | null): string {
  const at = strategy === null ? -1 : strategiesOf(report).indexOf(strategy);
  return at < 0 ? "–" : at < 26 ? String.fromCharCode(65 + at) : `S${at + 1}`;
}

function textsOf(map: readonly MapCell[], factor: number): readonly string[] {
  return [...new Set(map.map(({ values }) => valueText(values[factor])))];
}

function valueText(value: unknown): string {
  return typeof value === "number"
    ? String(Number(value.toPrecision(4)))
    : printable(typeof value === "string" ? value : JSON.stringify(value));
}

function mapSpec(
  chart: Chart<SweepReport>,
  report: SweepReport,
  { cells: map }: BreakEvenMap,
  theme: ChartTheme,
): TopLevelSpec {
  const [{ question }] = report.answers;
  const [rows, columns] = [textsOf(map, 0), textsOf(map, 1)];
  const [rowPath, columnPath] = report.sweep.factors.map(({ path }) => shortName(path, 60));
  const width = Math.min(CELL_WIDTH_MAX, WIDTH_MAX / columns.length);
  const names = strategiesOf(report);
  const styles = sweepStyles(report, theme);
  const { unit } = metricText(question.metric);
  const values = map.map((cell) => ({
    row: rows.length - 1 - rows.indexOf(valueText(cell.values[0])),
    column: columns.indexOf(valueText(cell.values[1])),
    letter: `${letterOf(report, cell.best)}${cell.best === null || cell.isClear ? "" : "?"}`,
    number: cell.value === null ? "" : formatPlain(cell.value.value, unit),
    colour: cell.best === null ? theme.grid : styles[names.indexOf(cell.best)]!.colour,
    strength: cell.best === null ? 1 : cell.isClear ? 0.45 : 0.14,
  }));
  const used = [...new Set(map.flatMap(({ best }) => best ?? []))].sort((a, b) => names.indexOf(a) - names.indexOf(b));
  const x = {
    field: "column",
    type: "ordinal",
    scale: { paddingInner: 0.03, paddingOuter: 0 },
    axis: {
      title: columnPath,
      labelExpr: labelByIndex(columns),
      labelAngle: 0,
      labelOverlap: "greedy",
      ticks: false,
      domain: false,
    },
  };
  const y = {
    field: "row",
    type: "ordinal",
    scale: { paddingInner: 0.04, paddingOuter: 0 },
    axis: { title: rowPath, labelExpr: labelByIndex([...rows].reverse()), ticks: false, domain: false },
  };
  const text = (field: string, dy: number, fontWeight: string) => textLayer({ x, y }, field, dy, fontWeight);
  const wide = width >= NUMBER_WIDTH;
  return {
    ...frame(chart, chart.heading(report), theme),
    data: { values },
    width: width * columns.length,
    height: CELL_HEIGHT * rows.length,
    layer: [
      {
        mark: { type: "rect" },
        encoding: {
          x,
          y,
          fill: { field: "colour", type: "nominal", scale: null },
          fillOpacity: { field: "strength", type: "quantitative", scale: null },
        },
      },
      text("letter", wide ? -7 : 0, "bold"),
      ...(wide ? [text("number", 8, "normal")] : []),
      ...used.map((name, i) => ({
        data: { values: [{}] },
        mark: { type: "text", align: "left", baseline: "top", text: `${letterOf(report, name)}  ${shortName(name)}` },
        encoding: { x: { value: width * columns.length + 16 }, y: { value: 4 + 18 * i } },
      })),
    ],
  } as TopLevelSpec;
}

function textLayer(at: object, field: string, dy: number, fontWeight: string) {
  return {
    mark: { type: "text", fontSize: 11, fontWeight, dy },
    encoding: { ...at, text: { field, type: "nominal" } },
  };
}

function mapTable(id: string, report: SweepReport, { cells }: BreakEvenMap): Table {
  const [{ question }] = report.answers;
  const { unit, name } = metricText(question.metric);
  return {
    id,
    caption: `${isLargerBetter(question.metric) ? "Largest" : "Least"} ${askedText(question)} at each point`,
    columns: [
      ...report.sweep.factors.map(({ path }) => leftColumn(printable(path), path)),
      leftColumn("Best strategy", "best"),
      rightColumn(`${name} (${unit.symbol})`, question.metric),
      leftColumn("Told apart from the next", "is_clear"),
    ],
    rows: cells.map((cell) => ({
      cells: [
        ...cell.values.map((value) => textCell(valueText(value))),
        textCell(cell.best ?? NOT_AVAILABLE),
        cell.value === null ? { text: NOT_AVAILABLE, value: null } : estimateCell(cell.value, unit),
        textCell(cell.best === null ? NOT_AVAILABLE : cell.isClear ? "yes" : "no"),
      ],
    })),
  };
}

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
