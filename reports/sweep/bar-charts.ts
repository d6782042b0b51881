/** Which factor matters: bars of one factor at a time (tornado), and shares of the variance (Sobol indices). */
import type { TopLevelSpec } from "vega-lite";
import { printable } from "../../simulator/base/errors.ts";
import { formatNumber, formatPlain, NOT_AVAILABLE } from "../base/text.ts";
import type { ChartTheme } from "../base/theme.ts";
import type { Chart } from "../charts/chart.ts";
import { frame, type Layer, layerName } from "../charts/parts/frame.ts";
import { shortName } from "../charts/parts/labels.ts";
import { leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";
import { strategiesOf, sweepStyles } from "./curve-chart.ts";
import { askedText, metricText, type SweepReport, sweepVerdict } from "./words.ts";

const WIDTH = 620;
const ROW_HEIGHT = 24;
/** Rows of a picture; all are in the table. */
const ROWS_MAX = 40;

export const tornadoChart: Chart<SweepReport> = {
  id: "tornado",
  question: "Which factor alone moves the metric most?",
  absence: (report) =>
    bars(report).length === 0 ? "The metric does not exist at both ends of any factor." : undefined,
  heading: (report) => ({
    title: sweepVerdict(report).replace(/\.$/, ""),
    subtitle: `From each factor's low end (hollow) to its high end (filled), the others as they are; the line is the scenario as it is. Largest first.`,
  }),
  spec: (report, theme) => tornadoSpec(report, theme),
  table: (report) => tornadoTable(report),
};

export const sobolChart: Chart<SweepReport> = {
  id: "sobol-indices",
  question: "Which factors make the variance?",
  absence: (report) => (shares(report).length === 0 ? "The metric does not vary, or is missing." : undefined),
  heading: (report) => ({
    title: sweepVerdict(report).replace(/\.$/, ""),
    subtitle: `Sobol indices of ${askedText(report.answers[0].question)}: share of the variance that a factor makes alone (filled) and with all others (hollow), 95 % by bootstrap.`,
  }),
  spec: (report, theme) => sobolSpec(report, theme),
  table: (report) => sobolTable(report),
};

interface Bar {
  readonly index: number;
  readonly label: string;
  readonly base: number;
  readonly low: number;
  readonly high: number;
}

function bars(report: SweepReport): readonly Bar[] {
  const [{ question, analysis }] = report.answers;
  const names = strategiesOf(report);
  const { factor } = metricText(question.metric).unit;
  return analysis.tornado
    .flatMap(({ strategy, path, base, low, high }): readonly Bar[] => {
      if (base === null || low === null || high === null) return [];
      const label = `${shortName(strategy, 20)}: ${shortName(path, 34)}`;
      return [{ index: names.indexOf(strategy), label, base: base * factor, low: low * factor, high: high * factor }];
    })
    .slice(0, ROWS_MAX);
}

/** A y axis of rows with their labels. */
function rowAxis(labels: readonly string[]) {
  return {
    field: "row",
    type: "ordinal",
    scale: { domain: labels.map((_, i) => i) },
    axis: {
      title: null,
      labelExpr: `${JSON.stringify(labels)}[datum.value]`,
      labelLimit: 400,
      ticks: false,
      domain: false,
      grid: true,
    },
  };
}

function tornadoSpec(report: SweepReport, theme: ChartTheme): TopLevelSpec {
  const rows = bars(report);
  const styles = sweepStyles(report, theme);
  const { name, unit } = metricText(report.answers[0].question.metric);
  const y = rowAxis(rows.map(({ label }) => label));
  const x = (field: string) => ({
    field,
    type: "quantitative",
    scale: { zero: false },
    axis: { title: `${name} (${unit.symbol})`, grid: false },
  });
  return {
    ...frame(tornadoChart, tornadoChart.heading(report), theme),
    width: WIDTH,
    height: ROW_HEIGHT * rows.length,
    layer: rows.flatMap((bar, row): Layer[] => {
      const { colour } = styles[bar.index]!;
      const data = { values: [{ ...bar, row }] };
      const end = { type: "point", size: 70, opacity: 1, stroke: colour, strokeWidth: 2, shape: "circle" };
      const part = (name: string) => layerName(bar.index, `${name}${row}`);
      return [
        {
          name: part("bar"),
          data,
          mark: { type: "rule", color: colour, strokeWidth: 7, opacity: 0.35 },
          encoding: { x: x("low"), x2: { field: "high" }, y },
        },
        {
          name: part("base"),
          data,
          mark: { type: "tick", color: theme.text, thickness: 2, size: 18 },
          encoding: { x: x("base"), y },
        },
        { name: part("low"), data, mark: { ...end, fill: theme.background }, encoding: { x: x("low"), y } },
        { name: part("high"), data, mark: { ...end, fill: colour }, encoding: { x: x("high"), y } },
      ] as Layer[];
    }),
  } as TopLevelSpec;
}

function tornadoTable(report: SweepReport): Table {
  const [{ question, analysis }] = report.answers;
  const { unit, name } = metricText(question.metric);
  const names = strategiesOf(report);
  return {
    id: "tornado",
    caption: `${name} (${unit.symbol}) with one factor at a time at its ends`,
    columns: [
      leftColumn("Strategy", "strategy"),
      leftColumn("Factor", "factor"),
      rightColumn("As it is", "base"),
      rightColumn("At its low end", "low"),
      rightColumn("At its high end", "high"),
    ],
    rows: analysis.tornado.map(({ strategy, path, base, low, high }) => ({
      strategyIndex: names.indexOf(strategy),
      cells: [
        textCell(strategy),
        textCell(printable(path)),
        ...[base, low, high].map((value) => ({ text: formatPlain(value, unit), value })),
      ],
    })),
  };
}

function shares(report: SweepReport) {
  const [{ analysis }] = report.answers;
  const names = strategiesOf(report);
  return analysis.sensitivity
    .flatMap(({ strategy, indices }) =>
      (indices ?? []).map(({ first, total }, at) => ({
        index: names.indexOf(strategy),
        label: `${shortName(strategy, 20)}: ${shortName(report.sweep.factors[at]!.path, 34)}`,
        first,
        total,
      })),
    )
    .slice(0, ROWS_MAX);
}

function sobolSpec(report: SweepReport, theme: ChartTheme): TopLevelSpec {
  const rows = shares(report);
  const styles = sweepStyles(report, theme);
  const y = rowAxis(rows.map(({ label }) => label));
  const x = (field: string) => ({
    field,
    type: "quantitative",
    axis: { title: "Share of the variance", format: "%", grid: false, tickCount: 6 },
  });
  return {
    ...frame(sobolChart, sobolChart.heading(report), theme),
    width: WIDTH,
    height: (ROW_HEIGHT + 8) * rows.length,
    layer: rows.flatMap(({ index, first, total }, row) => {
      const { colour } = styles[index]!;
      return (["total", "first"] as const).flatMap((kind): Layer[] => {
        const { value, low, high } = kind === "first" ? first : total;
        const data = { values: [{ value, low, high, row }] };
        const part = (name: string) => layerName(index, `${kind}${name}${row}`);
        const yOffset = kind === "first" ? -5 : 5;
        return [
          {
            name: part("bar"),
            data,
            mark: { type: "rule", color: colour, strokeWidth: 2, yOffset },
            encoding: { x: x("low"), x2: { field: "high" }, y },
          },
          {
            name: part("point"),
            data,
            mark: {
              type: "point",
              size: 60,
              opacity: 1,
              stroke: colour,
              strokeWidth: 2,
              fill: kind === "first" ? colour : theme.background,
              yOffset,
            },
            encoding: { x: x("value"), y },
          },
        ] as Layer[];
      });
    }),
  } as TopLevelSpec;
}

function sobolTable(report: SweepReport): Table {
  const [{ question, analysis }] = report.answers;
  const names = strategiesOf(report);
  const cell = (index: { value: number; low: number; high: number } | undefined) =>
    index === undefined
      ? { text: NOT_AVAILABLE, value: null }
      : {
          text: formatNumber(index.value, 2),
          value: index.value,
          detail: `${formatNumber(index.low, 2)} to ${formatNumber(index.high, 2)}`,
        };
  return {
    id: "sobol-indices",
    caption: `Share of the variance of ${askedText(question)} that a factor makes`,
    columns: [
      leftColumn("Strategy", "strategy"),
      leftColumn("Factor", "factor"),
      rightColumn("Alone", "first_order"),
      rightColumn("With others", "total"),
    ],
    rows: analysis.sensitivity.flatMap(({ strategy, indices }) =>
      report.sweep.factors.map(({ path }, at) => ({
        strategyIndex: names.indexOf(strategy),
        cells: [textCell(strategy), textCell(printable(path)), cell(indices?.[at]?.first), cell(indices?.[at]?.total)],
      })),
    ),
  };
}
