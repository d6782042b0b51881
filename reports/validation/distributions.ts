/** Distributions of a validation: both cumulative curves, and quantiles against quantiles (Q–Q plot). */
import type { TopLevelSpec } from "vega-lite";
import type { CurvePoint, StrategyValidation, ValidationResult } from "../../simulator/validate/result.ts";
import { formatMs, latencyUnit, type Unit } from "../base/text.ts";
import type { ChartTheme } from "../base/theme.ts";
import type { Chart, ChartHeading } from "../charts/chart.ts";
import { frame, type Layer, layerName, scaleSpec, scaleText, tickOptions, valueScale } from "../charts/parts/frame.ts";
import { leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";

/** Both empirical distributions over each other, for one strategy. */
export function distributionsChart(index: number): Chart<ValidationResult> {
  const strategyOf = (result: ValidationResult) => result.strategies[index]!;
  const chart: Chart<ValidationResult> = {
    id: `distributions-${index + 1}`,
    question: "Do simulated and measured latencies have the same distribution?",
    absence: (result) => noCurve(strategyOf(result)),
    heading: (result) => ({
      title: distributionTitle(strategyOf(result)),
      subtitle: `${conditionsText(result, strategyOf(result))}. Share of served requests that were at most so slow, from p1 to p99; broad and blue: simulated, thin and orange: measured.`,
    }),
    spec: (result, theme) =>
      curvesSpec(curvesOf(strategyOf(result)), chart.question, chart.heading(result), theme, (panel) =>
        distributionLayers(panel, index, theme),
      ),
    table: (result) => curveTable(strategyOf(result), `distributions-${index + 1}`),
  };
  return chart;
}

function distributionTitle(strategy: StrategyValidation): string {
  const median = strategy.total.quantities.find(({ id }) => id === "e2e.p50");
  return `${strategy.name}: half of the requests end within ${formatMs(median?.simulated ?? null)} simulated, ${formatMs(median?.measured ?? null)} measured`;
}

function distributionLayers({ metric, label, points, unit }: Curve, index: number, theme: ChartTheme) {
  const colours = sideColours(theme);
  const of = (key: "simulatedMs" | "measuredMs") =>
    points.map((point) => ({ ms: point[key] * unit.factor, share: point.share }));
  const [simulated, measured] = [of("simulatedMs"), of("measuredMs")];
  const x = valueScale(
    [...simulated, ...measured].map(({ ms }) => ms),
    true,
  );
  const line = (side: "simulated" | "measured", values: readonly object[], look: object): Layer =>
    ({
      name: layerName(index, `${metric}_${side}`),
      data: { values },
      mark: { type: "line", color: colours[side], ...look },
      encoding: { order: { field: "share", type: "quantitative" } },
    }) as Layer;
  return {
    layer: [
      line("simulated", simulated, { strokeWidth: 7, opacity: 0.4 }),
      line("measured", measured, { strokeWidth: 2, strokeDash: [6, 2] }),
    ],
    encoding: {
      x: {
        field: "ms",
        type: "quantitative",
        scale: scaleSpec(x),
        axis: { title: `${label} latency (${unit.symbol}${scaleText(x)})`, ...tickOptions(x) },
      },
      y: {
        field: "share",
        type: "quantitative",
        scale: { domain: [0, 1] },
        axis: { title: "Share of served requests", format: ".0%" },
      },
    },
  };
}

/** Every fifth percentile and the ends, with the residual and its interval. */
export function curveTable(strategy: StrategyValidation, id: string): Table {
  const rows = curvesOf(strategy).flatMap(({ label, points, unit }) =>
    points
      .filter(({ share }) => Math.round(share * 100) % 5 === 0 || share <= 0.01 || share >= 0.98)
      .map(({ share, simulatedMs, measuredMs, residual, low, high }) => ({
        cells: [
          textCell(`${label} p${Math.round(share * 100)}`),
          {
            text: `${(simulatedMs * unit.factor).toFixed(unit.factor === 1 ? 1 : 3)} ${unit.symbol}`,
            value: simulatedMs,
          },
          {
            text: `${(measuredMs * unit.factor).toFixed(unit.factor === 1 ? 1 : 3)} ${unit.symbol}`,
            value: measuredMs,
          },
          { text: percent(residual), value: residual },
          { text: percent(low), value: low },
          { text: percent(high), value: high },
        ],
      })),
  );
  return {
    id,
    caption: `${strategy.name}: latency by percentile, and simulated against measured with its pointwise 90 % interval`,
    columns: [
      leftColumn("Percentile", "percentile"),
      rightColumn("Simulated", "simulated_ms"),
      rightColumn("Measured", "measured_ms"),
      rightColumn("Difference", "difference_share"),
      rightColumn("from", "difference_low"),
      rightColumn("to", "difference_high"),
    ],
    rows,
  };
}

function percent(share: number): string {
  const text = (100 * Math.abs(share)).toFixed(2);
  return `${share < 0 && Number(text) !== 0 ? "−" : ""}${text} %`;
}

/** Quantiles against quantiles: points on the line are percentiles at which both sides agree. For one strategy. */
export function quantilePairsChart(index: number): Chart<ValidationResult> {
  const strategyOf = (result: ValidationResult) => result.strategies[index]!;
  const chart: Chart<ValidationResult> = {
    id: `quantile-pairs-${index + 1}`,
    question: "Where do simulated and measured percentiles part?",
    absence: (result) => noCurve(strategyOf(result)),
    heading: (result) => ({
      title: pairsTitle(strategyOf(result)),
      subtitle: `${conditionsText(result, strategyOf(result))}. Q–Q plot, p1 to p99; on the line both agree, above it the simulator is slower; larger points are p50, p95 and p99.`,
    }),
    spec: (result, theme) =>
      curvesSpec(curvesOf(strategyOf(result)), chart.question, chart.heading(result), theme, (panel) =>
        pairLayers(panel, index, theme),
      ),
    table: (result) => curveTable(strategyOf(result), `quantile-pairs-${index + 1}`),
  };
  return chart;
}

function pairsTitle(strategy: StrategyValidation): string {
  const worst = curvesOf(strategy).map(({ label, points }) => {
    const far = points.reduce((most, point) => (Math.abs(point.residual) > Math.abs(most.residual) ? point : most));
    return `${label} ${(100 * Math.abs(far.residual)).toFixed(1)} % at p${Math.round(far.share * 100)}`;
  });
  return `${strategy.name}: farthest apart are ${worst.join(" and ")}`;
}

const NAMED = [0.5, 0.95, 0.99];

function pairLayers({ metric, label, points, unit }: Curve, index: number, theme: ChartTheme) {
  const values = points.map(({ share, simulatedMs, measuredMs }) => ({
    simulated: simulatedMs * unit.factor,
    measured: measuredMs * unit.factor,
    size: NAMED.includes(share) ? 110 : 22,
    name: NAMED.includes(share) ? `p${Math.round(share * 100)}` : "",
  }));
  const scale = valueScale(
    values.flatMap(({ simulated, measured }) => [simulated, measured]),
    true,
  );
  const [low, high] = scale.domain;
  const colour = sideColours(theme).simulated;
  const nameLayer = (percentile: string, place: object) => ({
    name: layerName(index, `${metric}_${percentile}`),
    data: { values: values.filter(({ name }) => name === percentile) },
    mark: { type: "text", baseline: "middle", color: theme.text, ...place },
    encoding: { text: { field: "name", type: "nominal" } },
  });
  const layer = [
    {
      name: `${metric}_agreement`,
      data: { values: [low, high].map((end) => ({ simulated: end, measured: end })) },
      mark: { type: "line", color: theme.muted, strokeDash: [4, 3], strokeWidth: 1.25 },
    },
    {
      name: layerName(index, `${metric}_pairs`),
      data: { values },
      mark: { type: "point", filled: true, color: colour, opacity: 0.75 },
      encoding: { size: { field: "size", type: "quantitative", scale: null, legend: null } },
    },
    // p95 and p99 are often close: one name stands below its point, the other above.
    nameLayer("p50", { align: "right", dx: -9, dy: -7 }),
    nameLayer("p95", { align: "center", dy: 17 }),
    nameLayer("p99", { align: "center", dy: -15 }),
  ] as Layer[];
  const axis = (side: string) => ({
    type: "quantitative",
    scale: scaleSpec(scale),
    axis: { title: `${side} ${label} (${unit.symbol}${scaleText(scale)})`, ...tickOptions(scale) },
  });
  return {
    layer,
    encoding: {
      x: { field: "measured", ...axis("Measured") },
      y: { field: "simulated", ...axis("Simulated") },
    },
  };
}

/** One latency of one strategy: its quantiles on both sides, with name and unit. */
export interface Curve {
  readonly metric: "e2e" | "ttft";
  readonly label: string;
  readonly points: readonly CurvePoint[];
  readonly unit: Unit;
}

/** Of two panels, so that with their axes they fit a telephone. */
const PANEL_WIDTH = 265;
const PANEL_HEIGHT = 240;

/** E2E and, where answers stream, the time to the first token. */
export function curvesOf({ e2eCurve, ttftCurve }: StrategyValidation): readonly Curve[] {
  const panel = (metric: Curve["metric"], points: readonly CurvePoint[]): Curve => ({
    metric,
    label: metric.toUpperCase(),
    points,
    unit: latencyUnit(points.flatMap((point) => [point.simulatedMs, point.measuredMs])),
  });
  return [panel("e2e", e2eCurve), panel("ttft", ttftCurve)].filter(({ points }) => points.length > 0);
}

/** Colours of the two sides, the same in every picture. */
export function sideColours(theme: ChartTheme): { readonly simulated: string; readonly measured: string } {
  return { simulated: theme.hues[0]!, measured: theme.hues[1]! };
}

/** One panel per curve, side by side under one heading. */
export function curvesSpec(
  panels: readonly Curve[],
  question: string,
  heading: ChartHeading,
  theme: ChartTheme,
  draw: (panel: Curve) => { readonly layer: readonly Layer[]; readonly encoding?: object },
): TopLevelSpec {
  return {
    ...frame({ question }, heading, theme),
    spacing: 30,
    hconcat: panels.map((panel) => ({ width: PANEL_WIDTH, height: PANEL_HEIGHT, ...draw(panel) })),
  } as TopLevelSpec;
}

/** Why a strategy has no curve to draw; undefined when it has one. */
export function noCurve(strategy: StrategyValidation): string | undefined {
  return curvesOf(strategy).length === 0 ? "Too few requests were served for a distribution." : undefined;
}

/** The conditions of every picture of a validation. */
export function conditionsText(result: ValidationResult, strategy: StrategyValidation): string {
  const served = strategy.total.quantities.find(({ id }) => id === "e2e.p50")?.count ?? 0;
  return `${strategy.name}, ${served} served requests of ${result.requests} on both sides, the same schedule; ${result.place}`;
}
