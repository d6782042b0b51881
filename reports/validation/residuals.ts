/** Residuals of a validation: simulated against measured latency at every percentile, with the margins. */
import type { StrategyValidation, ValidationResult } from "../../simulator/validate/result.ts";
import type { ChartTheme } from "../base/theme.ts";
import type { Chart } from "../charts/chart.ts";
import { type Layer, layerName } from "../charts/parts/frame.ts";
import { type Curve, conditionsText, curvesOf, curvesSpec, curveTable, noCurve, sideColours } from "./distributions.ts";

/** Simulated against measured at every percentile, with the margins that were fixed before. For one strategy. */
export function residualsChart(index: number): Chart<ValidationResult> {
  const strategyOf = (result: ValidationResult) => result.strategies[index]!;
  const chart: Chart<ValidationResult> = {
    id: `residuals-${index + 1}`,
    question: "By how much is the simulator off, percentile by percentile?",
    absence: (result) => noCurve(strategyOf(result)),
    heading: (result) => ({
      title: title(strategyOf(result)),
      subtitle: `${conditionsText(result, strategyOf(result))}. Simulated over measured, less 1; band: pointwise 90 % intervals; bars: the judged intervals of p50, p95 and p99, which must stay between the red margins.`,
    }),
    spec: (result, theme) => {
      const strategy = strategyOf(result);
      const panels = curvesOf(strategy);
      const reach = reachOf(result, strategy);
      return curvesSpec(panels, chart.question, chart.heading(result), theme, (panel) =>
        draw(panel, { index, theme, strategy, reach }),
      );
    },
    table: (result) => curveTable(strategyOf(result), `residuals-${index + 1}`),
  };
  return chart;
}

function title(strategy: StrategyValidation): string {
  const judged = strategy.total.quantities.filter(({ unit, outcome }) => unit === "ms" && outcome !== "too few");
  const good = judged.filter(({ outcome }) => outcome === "equivalent").length;
  return `${strategy.name}: ${good} of ${judged.length} judged percentiles are within their margins for certain`;
}

/** Both panels share an axis, wide enough for the margins and for most of the bands. */
function reachOf({ margins }: ValidationResult, strategy: StrategyValidation): number {
  const ends = curvesOf(strategy).flatMap(({ points }) => points.map(({ residual }) => Math.abs(residual)));
  const judged = strategy.total.quantities
    .filter(({ unit }) => unit === "ms")
    .flatMap(({ low, high }) => [Math.abs(low ?? 0), Math.abs(high ?? 0)]);
  return Math.min(1, 1.25 * Math.max(margins.p50, margins.p95, margins.p99, ...ends, ...judged));
}

interface Context {
  readonly index: number;
  readonly theme: ChartTheme;
  readonly strategy: StrategyValidation;
  readonly reach: number;
}

/** Residual curve with its band, and the judged percentiles with intervals and margins. */
function draw({ metric, label, points }: Curve, { index, theme, strategy, reach }: Context) {
  const { simulated: colour, measured: bar } = sideColours(theme);
  const band = points.map(({ share, residual, low, high }) => ({
    share,
    residual: clipped(residual, reach),
    low: clipped(low, reach),
    high: clipped(high, reach),
  }));
  const judged = judgedValues(strategy, metric, reach);
  const y = (field: string) => ({ field, type: "quantitative" });
  const layer = [
    {
      name: `${metric}_zero`,
      data: { values: [{}] },
      mark: { type: "rule", color: theme.muted, strokeWidth: 1 },
      encoding: { y: { datum: 0 } },
    },
    {
      name: layerName(index, `${metric}_band`),
      data: { values: band },
      mark: { type: "area", color: colour, opacity: 0.2 },
      encoding: { y: y("low"), y2: { field: "high" } },
    },
    {
      name: layerName(index, `${metric}_residual`),
      data: { values: band },
      mark: { type: "line", color: colour, strokeWidth: 2 },
      encoding: { y: y("residual") },
    },
    ...["margin", "under"].map((field) => ({
      name: `${metric}_${field}`,
      data: { values: judged },
      mark: { type: "tick", color: theme.alarm, thickness: 2.5, size: 26, orient: "horizontal" },
      encoding: { y: y(field) },
    })),
    {
      name: layerName(index, `${metric}_interval`),
      data: { values: judged },
      mark: { type: "rule", color: bar, strokeWidth: 4 },
      encoding: { y: y("low"), y2: { field: "high" } },
    },
    {
      name: layerName(index, `${metric}_judged`),
      data: { values: judged },
      mark: { type: "point", filled: true, color: bar, size: 70 },
      encoding: { y: y("residual") },
    },
  ] as Layer[];
  return { layer, encoding: axes(label, reach) };
}

/** The percentiles that the validation judges: relative differences, their intervals and their margins. */
function judgedValues(strategy: StrategyValidation, metric: Curve["metric"], reach: number) {
  return strategy.total.quantities
    .filter(({ id, low, high }) => id.startsWith(`${metric}.`) && low !== null && high !== null)
    .map(({ id, margin, difference, low, high }) => ({
      share: Number(id.split(".p")[1]) / 100,
      residual: clipped(difference!, reach),
      low: clipped(low!, reach),
      high: clipped(high!, reach),
      margin: Math.min(reach, margin),
      under: -Math.min(reach, margin),
    }));
}

/** Kept within the axis, which ends at `reach` on both sides. */
function clipped(value: number, reach: number): number {
  return Math.max(-reach, Math.min(reach, value));
}

function axes(label: string, reach: number) {
  return {
    x: {
      field: "share",
      type: "quantitative",
      scale: { domain: [0, 1.02], nice: false },
      axis: {
        title: `Percentile of ${label}`,
        values: [0.01, 0.25, 0.5, 0.75, 0.95],
        labelExpr: "'p' + round(100 * datum.value)",
      },
    },
    y: {
      type: "quantitative",
      scale: { domain: [-reach, reach], nice: false },
      axis: { title: "Simulated against measured", format: "+.0%" },
    },
  };
}
