import type { TopLevelSpec } from "vega-lite";
import type { CurvePoint, StrategyValidation, ValidationResult } from "../../../simulator/validation/result.ts";
import { latencyUnit, type Unit } from "../../format.ts";
import type { ChartTheme } from "../../theme.ts";
import type { ChartHeading } from "../chart.ts";
import { frame, type Layer } from "../parts/base.ts";

/** One latency of one strategy: its curve over percentiles, and how it is called. */
export interface Panel {
  readonly metric: "e2e" | "ttft";
  readonly label: string;
  readonly points: readonly CurvePoint[];
  readonly unit: Unit;
}

export const PANEL_WIDTH = 410;
export const PANEL_HEIGHT = 300;

/** E2E and, where answers stream, the time to the first token. */
export function panelsOf({ e2eCurve, ttftCurve }: StrategyValidation): readonly Panel[] {
  const panel = (metric: Panel["metric"], points: readonly CurvePoint[]): Panel => ({
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

/** Panels beside each other under one heading. */
export function panelSpec(
  panels: readonly Panel[],
  question: string,
  heading: ChartHeading,
  theme: ChartTheme,
  draw: (panel: Panel) => { readonly layer: readonly Layer[]; readonly encoding?: object },
): TopLevelSpec {
  return {
    ...frame({ question }, heading, theme),
    spacing: 40,
    hconcat: panels.map((panel) => ({ width: PANEL_WIDTH, height: PANEL_HEIGHT, ...draw(panel) })),
  } as TopLevelSpec;
}

export function noCurve(strategy: StrategyValidation): string | undefined {
  return panelsOf(strategy).length === 0 ? "Too few requests were served for a distribution." : undefined;
}

/** What every picture of a validation holds under. */
export function conditionsOf(result: ValidationResult, strategy: StrategyValidation): string {
  const served = strategy.total.quantities.find(({ id }) => id === "e2e.p50")?.count ?? 0;
  return `${strategy.name}, ${served} served requests of ${result.requests} on both sides, the same schedule; ${result.place}`;
}
