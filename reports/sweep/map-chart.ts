/** Maps over two factors: the best strategy of each point, its value, and whether the next best is told apart. */
import type { TopLevelSpec } from "vega-lite";
import { printable } from "../../simulator/base/errors.ts";
import { type BreakEvenMap, isLargerBetter, type MapCell } from "../../simulator/sweep/analysis.ts";
import { formatPlain, NOT_AVAILABLE } from "../base/text.ts";
import type { ChartTheme } from "../base/theme.ts";
import type { Chart } from "../charts/chart.ts";
import { frame } from "../charts/parts/frame.ts";
import { labelByIndex, shortName } from "../charts/parts/labels.ts";
import { estimateCell, leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";
import { strategiesOf, sweepStyles } from "./curve-chart.ts";
import { askedText, mapTitle, metricText, othersText, type SweepReport, sweepVerdict } from "./words.ts";

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
