import type { StrategyValidation, ValidationResult } from "../../../simulator/validation/result.ts";
import { formatMs } from "../../format.ts";
import { leftColumn, rightColumn, type Table, textCell } from "../../tables/table.ts";
import type { ChartTheme } from "../../theme.ts";
import { type Chart, layerName } from "../chart.ts";
import type { Layer } from "../parts/base.ts";
import { tickOptions } from "../parts/hourly-p95.ts";
import { scaleSpec, scaleWords, valueScale } from "../parts/scales.ts";
import { conditionsOf, noCurve, type Panel, panelSpec, panelsOf, sideColours } from "./panels.ts";

/** Both empirical distributions over each other, for one strategy. */
export function distributionsChart(index: number): Chart<ValidationResult> {
  const strategyOf = (result: ValidationResult) => result.strategies[index]!;
  const chart: Chart<ValidationResult> = {
    id: `distributions-${index + 1}`,
    question: "Do simulated and measured latencies have the same distribution?",
    absence: (result) => noCurve(strategyOf(result)),
    heading: (result) => ({
      title: title(strategyOf(result)),
      subtitle: `${conditionsOf(result, strategyOf(result))}. Share of served requests that were at most so slow, from p1 to p99; broad and blue: simulated, thin and orange: measured.`,
    }),
    spec: (result, theme) =>
      panelSpec(panelsOf(strategyOf(result)), chart.question, chart.heading(result), theme, (panel) =>
        draw(panel, index, theme),
      ),
    table: (result) => curveTable(strategyOf(result), `distributions-${index + 1}`),
  };
  return chart;
}

function title(strategy: StrategyValidation): string {
  const median = strategy.total.quantities.find(({ id }) => id === "e2e.p50");
  return `${strategy.name}: half of the requests end within ${formatMs(median?.simulated ?? null)} simulated, ${formatMs(median?.measured ?? null)} measured`;
}

function draw({ metric, label, points, unit }: Panel, index: number, theme: ChartTheme) {
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
        axis: { title: `${label} latency (${unit.symbol}${scaleWords(x)})`, ...tickOptions(x) },
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
  const rows = panelsOf(strategy).flatMap(({ label, points, unit }) =>
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
