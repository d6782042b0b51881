import type { TopLevelSpec } from "vega-lite";
import type { RunResult } from "../../simulator/experiment/result.ts";
import type { ChartTheme } from "../base/theme.ts";
import type { Table } from "../tables/table.ts";

/**
 * One picture that answers one question. Everything is a pure function of the run record, or of another result R. A
 * layer that belongs to one strategy is named by `layerName`, so that a page can show or hide it.
 */
export interface Chart<R = RunResult> {
  readonly id: string;
  readonly question: string;
  /** Why there is nothing to draw for this run; undefined when there is. */
  readonly absence: (result: R) => string | undefined;
  /** The finding with its numbers, and the conditions it holds under. */
  readonly heading: (result: R) => ChartHeading;
  /** Self-contained Vega-Lite, heading and alt text included. Only called where `absence` is undefined. */
  readonly spec: (result: R, theme: ChartTheme) => TopLevelSpec;
  /** The numbers that the picture shows. */
  readonly table: (result: R) => Table;
}

export interface ChartHeading {
  readonly title: string;
  readonly subtitle: string;
}

/**
 * Marks of the strategy with this index carry this name as an SVG class prefix. A name may be used once per spec: Vega
 * would silently give two layers of one name the same scales.
 */
export function layerName(strategyIndex: number, part: string): string {
  return `strategy_${strategyIndex}_${part}`;
}
