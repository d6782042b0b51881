/** Chart: E2E latency by percentile, to compare tails. */
import type { TopLevelSpec } from "vega-lite";
import type { RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import { FAILED_SHARE_MARGIN } from "../../simulator/experiment/standing.ts";
import { conditionText, formatCount, formatMs, latencyUnit } from "../base/text.ts";
import { type ChartTheme, strategyStyles } from "../base/theme.ts";
import { preferredStrategy } from "../tables/quota-needs.ts";
import { estimateCell, leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";
import type { Chart } from "./chart.ts";
import { frame, type Layer, layerName, scaleSpec, scaleText, tickOptions, valueScale } from "./parts/frame.ts";
import { endLabels, paintOrder, plotWidth, sloLabels, sloRules, slosWithin } from "./parts/lines.ts";
import { perClass } from "./parts/per-class.ts";

const HEIGHT = 300;
/** A percentile with fewer samples above it is not drawn: it would be mostly noise. */
const SAMPLES_ABOVE_MIN = 10;
/** The fastest 5 % would take a third of the picture on a log axis and answer no question about tails. */
const SHARE_MIN = 0.05;
const TICKS = [2, 10, 20, 100, 1000, 10_000, 100_000, 1_000_000];

/** Latency by percentile, the axis stretched towards the tail (as HdrHistogram draws it). */
export const latencyPercentiles: Chart = perClass({
  id: "latency-percentiles",
  question: "How heavy is the tail of E2E latency?",
  absence: (result) =>
    result.strategies.every((strategy) => tail(strategy).length === 0)
      ? "Too few requests were served for a distribution."
      : undefined,
  heading: (result) => ({
    title: title(result),
    subtitle: `${conditionText(result)}, served requests of all replications${result.classes.length > 1 ? " and classes" : ""} pooled. Percentile axis stretched towards the tail; lines stop where fewer than ${SAMPLES_ABOVE_MIN} requests remain above; intervals of p50, p95 and p99 in the table.`,
  }),
  spec: (result, theme) => spec(result, theme),
  table: (result) => table(result),
});

interface TailPoint {
  /** 1 / (1 - share): 2 at the median, 100 at p99. */
  readonly oneIn: number;
  readonly ms: number;
}

function tail(strategy: StrategyResult): TailPoint[] {
  const count = strategy.total.e2eMs.count;
  return strategy.e2eDistribution
    .filter(
      (point) =>
        point.share >= SHARE_MIN && point.share < 1 && point.ms > 0 && count * (1 - point.share) >= SAMPLES_ABOVE_MIN,
    )
    .map((point) => ({ oneIn: 1 / (1 - point.share), ms: point.ms }));
}

/** Describes the strategy that the verdict is about, alone: pooled tails carry no interval that could rank strategies. */
function title(result: RunResult): string {
  const { name, total } = preferredStrategy(result);
  const { p50, p99 } = total.e2eMs;
  if (p50.value === null) return `${name} served no request`;
  // Failed requests have no latency: without them half is not half of all.
  const what = (total.failedShare.value ?? 0) > FAILED_SHARE_MARGIN ? "served requests" : "requests";
  if (p99.value === null) return `Half of the ${what} of ${name} end within ${formatMs(p50.value)}`;
  const factor = p99.value / p50.value;
  return `Half of the ${what} of ${name} end within ${formatMs(p50.value)}, 99 % within ${formatMs(p99.value)}: ${factor.toFixed(factor < 10 ? 1 : 0)} times as long`;
}

function spec(result: RunResult, theme: ChartTheme): TopLevelSpec {
  const tails = result.strategies.map(tail);
  const all = tails.flat();
  const unit = latencyUnit(all.map((point) => point.ms));
  const styles = strategyStyles(result, theme);
  const slos = slosWithin(result, "sloE2eMs", Math.max(...all.map((point) => point.ms)));
  const y = valueScale(
    [...all, ...slos].map(({ ms }) => ms * unit.factor),
    true,
  );
  const oneInMax = Math.max(2, ...all.map((point) => point.oneIn));
  const lines = paintOrder(styles).flatMap((index): Layer[] => {
    const style = styles[index]!;
    const values = tails[index]!.map((point) => ({ oneIn: point.oneIn, value: point.ms * unit.factor }));
    if (values.length === 0) return [];
    return [
      {
        name: layerName(index, "line"),
        data: { values },
        mark: { type: "line", color: style.colour, strokeDash: [...style.dash], strokeWidth: style.width },
        encoding: { y: { field: "value", type: "quantitative" } },
      },
    ];
  });
  const ends = result.strategies.map((strategy, index) => {
    const last = tails[index]!.at(-1);
    return {
      index,
      name: strategy.name,
      unstable: strategy.status === "unstable",
      value: last === undefined ? null : last.ms * unit.factor,
    };
  });
  const width = plotWidth(ends);
  return {
    ...frame(latencyPercentiles, latencyPercentiles.heading(result), theme),
    width,
    height: HEIGHT,
    layer: [
      ...sloRules(slos, unit, theme),
      ...lines,
      ...sloLabels(slos, unit, theme),
      ...endLabels(ends, { scale: y, styles, width, height: HEIGHT, theme }),
    ],
    encoding: {
      x: {
        field: "oneIn",
        type: "quantitative",
        scale: { type: "log", domain: [1 / (1 - SHARE_MIN), oneInMax], nice: false },
        axis: {
          title: "Percentile of served requests",
          values: TICKS.filter((tick) => tick <= oneInMax),
          labelExpr: "'p' + format(100 - 100 / datum.value, '.7~r')",
        },
      },
      y: {
        type: "quantitative",
        scale: scaleSpec(y),
        axis: { title: `E2E latency (${unit.symbol}${scaleText(y)})`, ...tickOptions(y) },
      },
    },
  } as TopLevelSpec;
}

function table(result: RunResult): Table {
  const unit = latencyUnit(result.strategies.map((strategy) => strategy.total.e2eMs.p95.value));
  return {
    id: "latency-percentiles",
    caption: "E2E latency of served requests; percentiles are means over replications",
    columns: [
      leftColumn("Strategy", "strategy"),
      rightColumn("Served", "served"),
      rightColumn(`mean (${unit.symbol})`, "e2e_mean_ms"),
      rightColumn(`p50 (${unit.symbol})`, "e2e_p50_ms"),
      rightColumn(`p95 (${unit.symbol})`, "e2e_p95_ms"),
      rightColumn(`p99 (${unit.symbol})`, "e2e_p99_ms"),
      rightColumn("largest", "e2e_max_ms"),
    ],
    rows: result.strategies.map((strategy, strategyIndex) => {
      const { e2eMs } = strategy.total;
      return {
        strategyIndex,
        cells: [
          textCell(strategy.name),
          { text: formatCount(e2eMs.count), value: e2eMs.count },
          estimateCell(e2eMs.mean, unit),
          estimateCell(e2eMs.p50, unit),
          estimateCell(e2eMs.p95, unit),
          estimateCell(e2eMs.p99, unit),
          { text: formatMs(e2eMs.max), value: e2eMs.max },
        ],
      };
    }),
  };
}
