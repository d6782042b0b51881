/** The contract of a chart: a question, its finding, a picture as Vega-Lite, and the numbers behind it. */
import type { TopLevelSpec } from "vega-lite";
import type { RunResult } from "../../simulator/experiment/result.ts";
import type { ChartTheme } from "../base/theme.ts";
import type { Table } from "../tables/table.ts";

/**
 * One picture that answers one question. Everything is a pure function of the run record, or of another result R.
 * Layers that belong to one strategy are named by `layerName` of `parts/frame.ts`, so that a page can show or hide them.
 */
export interface Chart<R = RunResult> {
  /** Name in addresses and file names: lower case, words joined by hyphens. */
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

/** Text above a picture. */
export interface ChartHeading {
  readonly title: string;
  readonly subtitle: string;
}
