import type { StrategyValidation, ValidationResult } from "../../../simulator/validation/result.ts";
import type { ChartTheme } from "../../theme.ts";
import { type Chart, layerName } from "../chart.ts";
import type { Layer } from "../parts/base.ts";
import { tickOptions } from "../parts/hourly-p95.ts";
import { scaleSpec, scaleWords, valueScale } from "../parts/scales.ts";
import { curveTable } from "./distributions.ts";
import { conditionsOf, noCurve, type Panel, panelSpec, panelsOf, sideColours } from "./panels.ts";

/** Quantiles against quantiles: points on the line are percentiles at which both sides agree. For one strategy. */
export function quantilePairsChart(index: number): Chart<ValidationResult> {
  const strategyOf = (result: ValidationResult) => result.strategies[index]!;
  const chart: Chart<ValidationResult> = {
    id: `quantile-pairs-${index + 1}`,
    question: "Where do simulated and measured percentiles part?",
    absence: (result) => noCurve(strategyOf(result)),
    heading: (result) => ({
      title: title(strategyOf(result)),
      subtitle: `${conditionsOf(result, strategyOf(result))}. Q–Q plot, p1 to p99; on the line both agree, above it the simulator is slower; larger points are p50, p95 and p99.`,
    }),
    spec: (result, theme) =>
      panelSpec(panelsOf(strategyOf(result)), chart.question, chart.heading(result), theme, (panel) =>
        draw(panel, index, theme),
      ),
    table: (result) => curveTable(strategyOf(result), `quantile-pairs-${index + 1}`),
  };
  return chart;
}

function title(strategy: StrategyValidation): string {
  const worst = panelsOf(strategy).map(({ label, points }) => {
    const far = points.reduce((most, point) => (Math.abs(point.residual) > Math.abs(most.residual) ? point : most));
    return `${label} ${(100 * Math.abs(far.residual)).toFixed(1)} % at p${Math.round(far.share * 100)}`;
  });
  return `${strategy.name}: farthest apart are ${worst.join(" and ")}`;
}

const NAMED = [0.5, 0.95, 0.99];

function draw({ metric, label, points, unit }: Panel, index: number, theme: ChartTheme) {
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
    {
      name: layerName(index, `${metric}_names`),
      data: { values: values.filter(({ name }) => name !== "") },
      mark: { type: "text", align: "right", baseline: "middle", dx: -9, dy: -7, color: theme.text },
      encoding: { text: { field: "name", type: "nominal" } },
    },
  ] as Layer[];
  const axis = (side: string) => ({
    type: "quantitative",
    scale: scaleSpec(scale),
    axis: { title: `${side} ${label} (${unit.symbol}${scaleWords(scale)})`, ...tickOptions(scale) },
  });
  return {
    layer,
    encoding: {
      x: { field: "measured", ...axis("Measured") },
      y: { field: "simulated", ...axis("Simulated") },
    },
  };
}
