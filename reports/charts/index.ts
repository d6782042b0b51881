/** The registry of charts: what a report shows, and in which order. */
import type { Chart } from "./chart.ts";
import { classLatency } from "./class-latency.ts";
import { differenceForest } from "./difference-forest.ts";
import { frontier } from "./frontier.ts";
import { p95OverDay, ttftOverDay } from "./hourly.ts";
import { latencyPercentiles } from "./latency-percentiles.ts";
import { priceHeatmap } from "./price-heatmap.ts";
import { throttlingHeatmap } from "./throttling-heatmap.ts";
import { trafficShare } from "./traffic-share.ts";
/** All charts, in the order of the page. A new chart is one file and one line here. */
export const CHARTS: readonly Chart[] = [
  frontier,
  classLatency,
  differenceForest,
  p95OverDay,
  ttftOverDay,
  latencyPercentiles,
  priceHeatmap,
  throttlingHeatmap,
  trafficShare,
];
