import type { Chart } from "./chart.ts";

/** All charts, in the order of the page. A new chart is one file and one line here. */
export const CHARTS: readonly Chart[] = [];
