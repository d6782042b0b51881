/** p95 latency by hour of the run: one chart of E2E latency, one of the time to the first token (TTFT). */
import type { TopLevelSpec } from "vega-lite";
import { HOUR_MS } from "../../simulator/base/time.ts";
import type { Estimate, HourGroup, RunResult } from "../../simulator/experiment/result.ts";
import { hourCount, hoursPerBlock, inBlocks } from "../base/hours.ts";
import { latencyView, withoutP95 } from "../base/latency-view.ts";
import {
  conditionText,
  formatCount,
  formatMs,
  latencyUnit,
  shownDifferences,
  shownText,
  type Unit,
} from "../base/text.ts";
import { type ChartTheme, type StrategyStyle, strategyStyles } from "../base/theme.ts";
import { preferredStrategy } from "../tables/quota-needs.ts";
import { estimateCell, leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";
import type { Chart } from "./chart.ts";
import {
  clippedEnds,
  frame,
  hourStartMs,
  hourText,
  type KnownScale,
  type Layer,
  layerName,
  scaleSpec,
  scaleText,
  tickOptions,
  timeEncoding,
  valueScale,
} from "./parts/frame.ts";
import { endLabels, paintOrder, plotWidth, sloLabels, sloRules, slosWithin } from "./parts/lines.ts";
import { perClass } from "./parts/per-class.ts";

/** p95 E2E latency by hour, against the objectives. */
export const p95OverDay: Chart = hourlyP95({
  id: "p95-over-day",
  question: "When is each strategy slow?",
  label: "p95 E2E latency",
  key: "e2e_p95_ms",
  latency: "e2eMs",
  metric: "e2eMsP95",
  slo: "sloE2eMs",
});

/** p95 time to the first token by hour, against the objectives. */
export const ttftOverDay: Chart = hourlyP95({
  id: "ttft-over-day",
  question: "How long until the first token, hour by hour?",
  label: "p95 TTFT",
  key: "ttft_p95_ms",
  latency: "ttftMs",
  metric: "ttftMsP95",
  slo: "sloTtftMs",
});

const HEIGHT = 300;

interface HourlyOptions {
  readonly id: string;
  readonly question: string;
  /** What is measured, e.g. `p95 E2E latency`. */
  readonly label: string;
  readonly key: string;
  readonly latency: "e2eMs" | "ttftMs";
  readonly metric: "e2eMsP95" | "ttftMsP95";
  readonly slo: "sloE2eMs" | "sloTtftMs";
}

/**
 * p95 of a latency for each hour of the run (beyond a week, for the slowest of each block), one line per strategy, interval bands for all but the thin grey lines; a
 * panel for each class where they are unlike.
 */
function hourlyP95(options: HourlyOptions): Chart {
  const chart: Chart = {
    id: options.id,
    question: options.question,
    absence: (result) =>
      values(result, options).length === 0
        ? withoutP95(result, "no latency to show")
        : hourCount(result) < 2
          ? "The run lasts one hour at most: its latency is that of the table of strategies."
          : undefined,
    heading: (result) => ({
      title: [swing(result, options), overall(result, options)].filter((part) => part !== "").join("; "),
      subtitle: `${conditionText(result)}. Served requests${result.classes.length > 1 ? " of all classes together" : ""} by hour of arrival${slowestText(result)}${bandText(result)}.`,
    }),
    spec: (result, theme) => spec(chart, options, result, theme),
    table: (result) => table(options, result),
  };
  return perClass(chart);
}

function slowestText(result: RunResult): string {
  const hours = hoursPerBlock(result);
  return hours === 1 ? "" : `, the slowest of each ${hours}`;
}

/** The hours of a strategy that are drawn: all of a week, beyond that the slowest of each block. */
function drawnHours(result: RunResult, index: number, options: HourlyOptions): readonly HourGroup[] {
  const { byHour } = result.strategies[index]!;
  const hours = hoursPerBlock(result);
  if (hours === 1) return byHour;
  const at = (hour: HourGroup) => estimateOf(hour, options).value ?? Number.NEGATIVE_INFINITY;
  return [...inBlocks(byHour, hours, ({ hour }) => hour).values()].map(([first, ...rest]) =>
    rest.reduce((slowest, hour) => (at(hour) > at(slowest) ? hour : slowest), first!),
  );
}

function estimateOf(hour: HourGroup, options: HourlyOptions): Estimate {
  return hour[options.latency].p95;
}

function values(result: RunResult, options: HourlyOptions): number[] {
  return result.strategies.flatMap((strategy) =>
    strategy.byHour.flatMap((hour) => {
      const { value } = estimateOf(hour, options);
      return value === null ? [] : [value];
    }),
  );
}

/**
 * The range of the strategy that the verdict is about, over the run, if the intervals of its extreme hours do not overlap.
 * The hours are those that are drawn and are rows of the table.
 */
function swing(result: RunResult, options: HourlyOptions): string {
  const strategy = preferredStrategy(result);
  const hours = drawnHours(result, result.strategies.indexOf(strategy), options).filter(
    (hour) => estimateOf(hour, options).value !== null,
  );
  const [first, ...rest] = hours;
  if (first === undefined) return `${options.label} by hour`;
  const at = (hour: HourGroup) => estimateOf(hour, options).value!;
  const worst = rest.reduce((best, hour) => (at(hour) > at(best) ? hour : best), first);
  const least = rest.reduce((best, hour) => (at(hour) < at(best) ? hour : best), first);
  const perBlock = hoursPerBlock(result);
  const subject = `${options.label} of ${strategy.name}${perBlock === 1 ? "" : `, the slowest hour of each ${perBlock},`}`;
  if (rest.length === 0) return `${subject} is ${formatMs(at(first))}`;
  const high = estimateOf(least, options).high;
  const low = estimateOf(worst, options).low;
  const range = `between ${formatMs(at(least))} (${hourText(result, least.hour)}) and ${formatMs(at(worst))} (${hourText(result, worst.hour)})`;
  if (high === null || low === null) return `${subject} was ${range}, one replication`;
  return high < low
    ? `${subject} swings ${range}`
    : `${subject} is not shown to change${perBlock === 1 ? " over the day" : ""}`;
}

/** Left to the charts of one class where the comparison over all classes would mix unlike objectives. */
function overall(result: RunResult, options: HourlyOptions): string {
  if (latencyView(result).className !== null) return "";
  const shown = shownDifferences(result, options.metric);
  return shown.total === 0 ? "" : `over the whole run it is ${shownText(shown)}`;
}

function bandText(result: RunResult): string {
  return result.replications.done < 2
    ? "; one replication, so no intervals"
    : "; bands are 95 % intervals (those of thin lines are in the table)";
}

function spec(chart: Chart, options: HourlyOptions, result: RunResult, theme: ChartTheme): TopLevelSpec {
  const styles = strategyStyles(result, theme);
  const unit = latencyUnit(values(result, options));
  const slos = slosWithin(result, options.slo, Math.max(...values(result, options)));
  const scale = valueScale(
    scaleValues(
      result,
      options,
      styles,
      unit,
      slos.map((slo) => slo.ms),
    ),
    true,
  );
  const x = timeEncoding(result, "at");
  const context: Context = { options, result, theme, styles, unit, scale };
  const bands = result.strategies.flatMap((_, index) => bandLayer(context, index));
  const lines = paintOrder(styles).flatMap((index) => lineLayers(context, index));
  const ends = result.strategies.map((strategy, index) => {
    const last = drawnHours(result, index, options).findLast((hour) => estimateOf(hour, options).value !== null);
    return {
      index,
      name: strategy.name,
      unstable: strategy.status === "unstable",
      value: last === undefined ? null : estimateOf(last, options).value! * unit.factor,
    };
  });
  const width = plotWidth(ends);
  return {
    ...frame(chart, chart.heading(result), theme),
    width,
    height: HEIGHT,
    layer: [
      ...sloRules(slos, unit, theme),
      ...bands,
      ...lines,
      ...sloLabels(slos, unit, theme),
      ...endLabels(ends, { scale, styles, width, height: HEIGHT, theme }),
    ],
    encoding: {
      x,
      y: {
        type: "quantitative",
        scale: scaleSpec(scale),
        axis: { title: `${options.label} (${unit.symbol}${scaleText(scale)})`, ...tickOptions(scale) },
      },
    },
  } as TopLevelSpec;
}

interface Context {
  readonly options: HourlyOptions;
  readonly result: RunResult;
  readonly theme: ChartTheme;
  readonly styles: readonly StrategyStyle[];
  readonly unit: Unit;
  readonly scale: KnownScale;
}

function scaleValues(
  result: RunResult,
  options: HourlyOptions,
  styles: readonly StrategyStyle[],
  unit: Unit,
  extraMs: readonly number[],
): number[] {
  const shown = values(result, options);
  const ends = result.strategies.flatMap((strategy, index) =>
    styles[index]?.role !== "other"
      ? strategy.byHour.flatMap((hour) => [estimateOf(hour, options).low, estimateOf(hour, options).high])
      : [],
  );
  return [...shown, ...clippedEnds(shown, ends), ...extraMs].map((ms) => ms * unit.factor);
}

function rows(context: Context, index: number) {
  const { result, options, unit } = context;
  const [floor, ceiling] = context.scale.domain;
  return drawnHours(result, index, options).map((hour) => {
    const { value, low, high } = estimateOf(hour, options);
    const shown = (ms: number | null) => (ms === null ? null : Math.min(ceiling, Math.max(floor, ms * unit.factor)));
    return {
      at: hourStartMs(result, hour.hour) + HOUR_MS / 2,
      value: shown(value),
      low: shown(low),
      high: shown(high),
    };
  });
}

function bandLayer(context: Context, index: number): Layer[] {
  const style = context.styles[index]!;
  const data = rows(context, index).filter((row) => row.low !== null);
  if (style.role === "other" || data.length < 2) return [];
  return [
    {
      name: layerName(index, "band"),
      data: { values: data },
      mark: { type: "area", color: style.colour, opacity: 0.18 },
      encoding: { y: { field: "low", type: "quantitative" }, y2: { field: "high" } },
    },
  ];
}

function lineLayers(context: Context, index: number): Layer[] {
  const style = context.styles[index]!;
  const data = rows(context, index);
  const known = data.filter((row) => row.value !== null);
  if (known.length === 0) return [];
  const y = { field: "value", type: "quantitative" as const };
  const point: Layer = {
    name: layerName(index, "point"),
    data: { values: known },
    mark: { type: "point", filled: true, color: style.colour, shape: style.shape, size: 60, opacity: 1 },
    encoding: { y },
  };
  if (known.length === 1) return [point];
  const line: Layer = {
    name: layerName(index, "line"),
    data: { values: data },
    mark: { type: "line", color: style.colour, strokeDash: [...style.dash], strokeWidth: style.width },
    encoding: { y },
  };
  return [line];
}

function table(options: HourlyOptions, result: RunResult): Table {
  const unit = latencyUnit(values(result, options));
  return {
    id: options.id,
    caption: `${options.label} by hour of arrival${slowestText(result)}`,
    columns: [
      leftColumn("Strategy", "strategy"),
      leftColumn("Hour begins", "starts_at"),
      rightColumn(`${options.label} (${unit.symbol})`, options.key),
      rightColumn("Served", "served"),
    ],
    rows: result.strategies.flatMap((strategy, strategyIndex) =>
      drawnHours(result, strategyIndex, options).map((hour) => ({
        strategyIndex,
        cells: [
          textCell(strategy.name),
          { text: hourText(result, hour.hour), value: hour.startsAt },
          estimateCell(estimateOf(hour, options), unit),
          { text: formatCount(hour[options.latency].count), value: hour[options.latency].count },
        ],
      })),
    ),
  };
}
