/** A metric over one factor: a line of each strategy with its interval, the objective, where it is crossed, the knee. */
import type { TopLevelSpec } from "vega-lite";
import { printable } from "../../simulator/base/errors.ts";
import type { Curve, SweepAnswer } from "../../simulator/sweep/analysis.ts";
import type { SweepFile } from "../../simulator/sweep/job.ts";
import { isLatency } from "../../simulator/sweep/points.ts";
import { latencyUnit, type Unit } from "../base/text.ts";
import { type ChartTheme, type StrategyStyle, stylesOf } from "../base/theme.ts";
import type { Chart } from "../charts/chart.ts";
import {
  clippedEnds,
  frame,
  type KnownScale,
  type Layer,
  layerName,
  linear,
  logarithmic,
  scaleSpec,
  scaleText,
  tickOptions,
  valueScale,
} from "../charts/parts/frame.ts";
import { endLabels, paintOrder, plotWidth, sloLabels, sloRules } from "../charts/parts/lines.ts";
import { estimateCell, leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";
import {
  askedText,
  axisOf,
  axisText,
  courseText,
  curveSentence,
  MARKS,
  metricText,
  objectiveText,
  type SweepReport,
} from "./words.ts";

const HEIGHT = 340;

/** @param id of the chart and its table; a class's name may be anything, so it is no part of it */
export function curveChart(id: string, { question, analysis }: SweepAnswer): Chart<SweepReport> {
  const { curves } = analysis;
  const asked = askedText(question);
  const chart: Chart<SweepReport> = {
    id,
    question:
      question.objective === null ? `How does ${asked} go?` : `Where does ${asked} cross ${objectiveText(question)}?`,
    absence: () =>
      drawable(curves).length === 0
        ? "The metric does not exist at any point, or all of them are unstable."
        : undefined,
    heading: ({ sweep }) => ({
      title: titleOf(curves, question, sweep),
      subtitle: subtitleOf({ question, analysis }),
    }),
    spec: (report, theme) => curveSpec(chart, report, { question, analysis }, theme),
    table: (report) => curveTable(id, report, { question, analysis }),
  };
  return chart;
}

function titleOf(curves: readonly Curve[], question: SweepAnswer["question"], sweep: SweepFile): string {
  const named = curves.find(({ strategy }) => strategy === sweep.baseline) ?? curves[0]!;
  const axis = axisOf(sweep);
  const judged = question.objective === null ? named : (bestOf(curves) ?? named);
  if (judged.crossing !== null) return curveSentence(judged, question, axis).replace(/\.$/, "");
  return `${printable(judged.strategy)}: ${askedText(question)} ${courseText(judged, question, axis)}`;
}

function subtitleOf({ question, analysis }: SweepAnswer): string {
  const { curves } = analysis;
  const hasGone = drawable(curves).length < curves.reduce((sum, { points }) => sum + points.length, 0);
  const beyond = isLatency(question.metric)
    ? "more requests fail than the percentile leaves out, too few are served for it, or the backlog grows without bound"
    : "the backlog grows without bound, or nothing was served";
  return [
    "Bands are 95 % intervals of the mean over replications.",
    ...(curves.some(({ crossing }) => (crossing?.load ?? null) !== null)
      ? ["A bar on the objective is where 95 % place the crossing."]
      : []),
    ...(curves.some(({ knee }) => knee !== null)
      ? ["Rings are knees: the most throughput for its latency (Kleinrock's power)."]
      : []),
    ...(hasGone ? [`Triangles at the top: ${beyond}.`] : []),
  ].join(" ");
}

/** The curve that stays within the objective longest. */
function bestOf(curves: readonly Curve[]): Curve | undefined {
  const within = curves.find(({ crossing }) => crossing?.side === "within");
  const rising = curves.filter(({ crossing }) => crossing?.side === "rises");
  return within ?? [...rising].sort((a, b) => b.crossing!.load! - a.crossing!.load!)[0];
}

function drawable(curves: readonly Curve[]) {
  return curves.flatMap(({ points }) =>
    points.filter(({ estimate, isUnstable }) => estimate.value !== null && !isUnstable),
  );
}

/** Strategies in the order of the results, the same on every chart of the page, and four of them in colour. */
export function sweepStyles(report: SweepReport, theme: ChartTheme): readonly StrategyStyle[] {
  const names = strategiesOf(report);
  const others = names.filter((name) => name !== report.sweep.baseline);
  return stylesOf({ names, baseline: report.sweep.baseline, highlighted: new Set(others.slice(0, 4)) }, theme);
}

/** Names of the strategies in the order of the results. */
export function strategiesOf({ rows }: Pick<SweepReport, "rows">): readonly string[] {
  return [...new Set(rows.map(({ strategy }) => strategy))];
}

interface Context {
  readonly unit: Unit;
  readonly x: KnownScale;
  readonly y: KnownScale;
  readonly styles: readonly StrategyStyle[];
  readonly theme: ChartTheme;
}

function curveSpec(
  chart: Chart<SweepReport>,
  report: SweepReport,
  { question, analysis: { curves } }: SweepAnswer,
  theme: ChartTheme,
): TopLevelSpec {
  const names = strategiesOf(report);
  const styles = sweepStyles(report, theme);
  const values = drawable(curves).map(({ estimate }) => estimate.value!);
  const unit = isLatency(question.metric) ? latencyUnit(values) : metricText(question.metric).unit;
  const ends = clippedEnds(
    values,
    drawable(curves).flatMap(({ estimate }) => [estimate.low, estimate.high]),
  );
  const factor = report.sweep.factors[0]!;
  const loads = curves.flatMap(({ points }) => points.map(({ load }) => load));
  const slos = limitOf(question, Math.max(...values));
  const context: Context = {
    unit,
    x: xScale(loads, factor.kind === "range" && factor.scale === "log"),
    y: valueScale(
      [...values, ...ends, ...slos.map(({ ms }) => ms)].map((value) => value * unit.factor),
      true,
    ),
    styles,
    theme,
  };
  const lineEnds = endsOf(curves, names, unit);
  const width = plotWidth(lineEnds);
  const order = paintOrder(styles);
  const byStrategy = order.flatMap((index) => {
    const curve = curves.find(({ strategy }) => strategy === names[index]);
    return curve === undefined ? [] : curveLayers(curve, index, context);
  });
  const marks =
    slos.length === 0
      ? []
      : order.flatMap((index) => crossingLayers(curves, names[index]!, index, slos[0]!.ms, context));
  return {
    ...frame(chart, chart.heading(report), theme),
    width,
    height: HEIGHT,
    layer: [
      ...sloRules(slos, unit, theme),
      ...byStrategy,
      ...marks,
      ...sloLabels(slos, unit, theme),
      ...endLabels(lineEnds, { scale: context.y, styles, width, height: HEIGHT, theme }),
    ],
    encoding: {
      x: {
        type: "quantitative",
        scale: scaleSpec(context.x),
        axis: {
          title: `${printable(factor.path)}${"unit" in factor && factor.unit !== "" ? ` (${factor.unit})` : ""}${scaleText(context.x)}`,
          ...tickOptions(context.x),
          grid: false,
        },
      },
      y: {
        type: "quantitative",
        scale: scaleSpec(context.y),
        axis: {
          title: `${metricText(question.metric).name} (${unit.symbol}${scaleText(context.y)})`,
          ...tickOptions(context.y),
        },
      },
    },
  } as TopLevelSpec;
}

/** A little room at both ends, for marks. */
function xScale(loads: readonly number[], isLog: boolean): KnownScale {
  const [low, high] = [Math.min(...loads), Math.max(...loads)];
  if (isLog && low > 0) return logarithmic(low / (high / low) ** ROOM, high * (high / low) ** ROOM);
  const room = ROOM * (high - low || 1);
  return linear(low - room, high + room);
}

const ROOM = 0.02;

/** The objective, where it lies near the data. */
function limitOf(question: SweepAnswer["question"], largest: number) {
  const { objective } = question;
  if (objective === null || objective > largest * 2.5) return [];
  return [{ ms: objective, text: `objective ${objectiveText(question)}` }];
}

function endsOf(curves: readonly Curve[], names: readonly string[], unit: Unit) {
  return curves.map((curve) => {
    const known = curve.points.filter(({ estimate, isUnstable }) => estimate.value !== null && !isUnstable);
    const value = known.at(-1)?.estimate.value ?? null;
    return {
      index: names.indexOf(curve.strategy),
      name: curve.strategy,
      unstable: false,
      value: value === null ? null : value * unit.factor,
    };
  });
}

/** Band, line and points of one strategy; loads without a value as triangles at the top. */
function curveLayers(curve: Curve, index: number, { unit, y, styles, theme }: Context): Layer[] {
  const style = styles[index]!;
  const clip = (value: number) => Math.min(y.domain[1], Math.max(y.domain[0], value));
  const known = curve.points.filter(({ estimate, isUnstable }) => estimate.value !== null && !isUnstable);
  const gone = curve.points.filter((point) => !known.includes(point));
  const values = known.map(({ load, estimate: { value, low, high } }) => ({
    load,
    value: value! * unit.factor,
    low: clip((low ?? value!) * unit.factor),
    high: clip((high ?? value!) * unit.factor),
  }));
  const x = { field: "load", type: "quantitative" };
  const at = { x, y: { field: "value", type: "quantitative" } };
  const point = { type: "point", filled: true, opacity: 1, color: style.colour, shape: style.shape, size: 28 };
  return [
    {
      name: layerName(index, "band"),
      data: { values },
      mark: { type: "area", color: style.colour, opacity: 0.14 },
      encoding: { x, y: { field: "low", type: "quantitative" }, y2: { field: "high" } },
    },
    {
      name: layerName(index, "line"),
      data: { values },
      mark: { type: "line", color: style.colour, strokeDash: [...style.dash], strokeWidth: style.width },
      encoding: at,
    },
    { name: layerName(index, "points"), data: { values }, mark: point, encoding: at },
    {
      name: layerName(index, "knee"),
      data: { values: values.filter(({ load }) => load === curve.knee?.load) },
      mark: {
        type: "point",
        shape: "circle",
        size: 170,
        opacity: 1,
        filled: false,
        color: style.colour,
        strokeWidth: 2,
      },
      encoding: at,
    },
    {
      name: layerName(index, "gone"),
      data: { values: gone.map(({ load }) => ({ load })) },
      mark: {
        type: "point",
        opacity: 1,
        shape: "triangle-up",
        size: 50,
        stroke: style.colour,
        strokeWidth: 1.5,
        fill: theme.background,
        yOffset: index * 4,
      },
      encoding: { x, y: { value: 0 } },
    },
  ] as Layer[];
}

/** A bar on the objective over the interval of the crossing; a ring round the knee. */
function crossingLayers(
  curves: readonly Curve[],
  name: string,
  index: number,
  limitMs: number,
  context: Context,
): Layer[] {
  const curve = curves.find(({ strategy }) => strategy === name);
  const { styles, theme, unit, x } = context;
  const style = styles[index]!;
  if (curve?.crossing === undefined || curve.crossing === null || style.role === "other") return [];
  const { load, low, high } = curve.crossing;
  const y = { datum: limitMs * unit.factor, type: "quantitative" };
  if (load === null) return [];
  const data = { values: [{ load, low: low ?? x.domain[0], high: high ?? x.domain[1] }] };
  return [
    {
      name: layerName(index, "interval"),
      data,
      mark: { type: "rule", color: style.colour, strokeWidth: 4, opacity: 0.7 },
      encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" }, y },
    },
    {
      name: layerName(index, "crossing"),
      data,
      mark: {
        type: "point",
        shape: style.shape,
        size: 90,
        opacity: 1,
        stroke: style.colour,
        strokeWidth: 2,
        fill: theme.background,
      },
      encoding: { x: { field: "load", type: "quantitative" }, y },
    },
  ] as Layer[];
}

function curveTable(id: string, report: SweepReport, { question, analysis: { curves } }: SweepAnswer): Table {
  const { unit, name } = metricText(question.metric);
  const names = strategiesOf(report);
  return {
    id,
    caption: `${name} by ${printable(report.sweep.factors[0]!.path)}. ${MARKS}`,
    columns: [
      leftColumn("Strategy", "strategy"),
      rightColumn(printable(report.sweep.factors[0]!.path), "value"),
      rightColumn(`${name} (${unit.symbol})`, question.metric),
      leftColumn("State", "state"),
    ],
    rows: curves.flatMap(({ strategy, points, knee }) =>
      points.map(({ load, estimate, isUnstable }) => ({
        strategyIndex: names.indexOf(strategy),
        cells: [
          textCell(strategy),
          { text: axisText(load, axisOf(report.sweep)), value: load },
          isUnstable ? { text: "unstable", value: null } : estimateCell(estimate, unit),
          textCell(isUnstable ? "unstable" : knee?.load === load ? "knee" : ""),
        ],
      })),
    ),
  };
}
