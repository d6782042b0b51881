/** Chart: share of attempts answered 429 by region and hour, a panel per strategy. */
import type { TopLevelSpec } from "vega-lite";
import type { RegionHourCell, RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import { blockText, hourCount, hoursPerBlock, inBlocks } from "../base/hours.ts";
import { conditionText, formatCount, formatShare } from "../base/text.ts";
import type { ChartTheme } from "../base/theme.ts";
import { leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";
import type { Chart } from "./chart.ts";
import {
  frame,
  hourStartMs,
  hourText,
  LEGEND_BELOW,
  layerName,
  type Panel,
  rowText,
  timeEncoding,
  timeEndEncoding,
} from "./parts/frame.ts";
import { labelByIndex, shortName } from "./parts/labels.ts";

const COLUMNS = 2;
/** With the names of regions two of them fit the width of a telephone. */
const PANEL_WIDTH = 235;
const ROW_HEIGHT = 17;

/** Share of attempts answered 429, region by hour, one panel per strategy on one colour scale. */
export const throttlingHeatmap: Chart = {
  id: "throttling-heatmap",
  question: "When and where are requests throttled?",
  absence: (result) => (cells(result).length === 0 ? "No attempt was made, so none was throttled." : undefined),
  heading: (result) => ({
    title: title(result),
    subtitle: `${conditionText(result)}, sums over replications. Attempts answered 429 by region and ${hoursPerBlock(result) === 1 ? "UTC hour" : blockText(hoursPerBlock(result))}; one colour scale for all strategies; empty: no attempt.`,
  }),
  spec: (result, theme) => spec(result, theme),
  table: (result) => table(result),
};

/** Fewer attempts than this say nothing about a share. */
const ATTEMPTS_MIN = 10;

interface NamedCell {
  readonly strategy: StrategyResult;
  readonly strategyIndex: number;
  readonly cell: RegionHourCell;
  readonly share: number;
}

function cells(result: RunResult): NamedCell[] {
  return result.strategies.flatMap((strategy, strategyIndex) =>
    strategy.byRegionHour
      .filter((cell) => cell.attempts > 0)
      .map((cell) => ({ strategy, strategyIndex, cell, share: cell.attemptsThrottled / cell.attempts })),
  );
}

/** The same over blocks of hours, which begin at `hour`, where the run is long. */
function blocks(result: RunResult): NamedCell[] {
  const hours = hoursPerBlock(result);
  if (hours === 1) return cells(result);
  return result.strategies.flatMap((strategy, strategyIndex) =>
    result.regions.flatMap((region) => {
      const own = strategy.byRegionHour.filter((cell) => cell.region === region && cell.attempts > 0);
      return [...inBlocks(own, hours, ({ hour }) => hour)].map(([hour, members]) => {
        const sum = (field: "attempts" | "attemptsThrottled" | "attemptsUnavailable" | "served") =>
          members.reduce((total, member) => total + member[field], 0);
        const attempts = sum("attempts");
        const attemptsThrottled = sum("attemptsThrottled");
        const counts = { attemptsUnavailable: sum("attemptsUnavailable"), served: sum("served") };
        const cell = { region, hour, attempts, attemptsThrottled, ...counts };
        return { strategy, strategyIndex, cell, share: attemptsThrottled / attempts };
      });
    }),
  );
}

/** The heaviest of what the picture and its table have: where they have blocks, no single hour of one. */
function title(result: RunResult): string {
  const all = blocks(result);
  if (all.every(({ cell }) => cell.attemptsThrottled === 0)) return "No attempt was throttled";
  const known = all.filter(({ cell }) => cell.attempts >= ATTEMPTS_MIN);
  const [first, ...rest] = known.length === 0 ? all : known;
  const worst = rest.reduce((best, one) => (one.share > best.share ? one : best), first!);
  const { cell } = worst;
  return `The heaviest throttling was ${formatShare(worst.share)} of ${formatCount(cell.attempts)} attempts: ${worst.strategy.name}, ${cell.region}, ${rowText(result, cell.hour)}`;
}

function spec(result: RunResult, theme: ChartTheme): TopLevelSpec {
  const all = blocks(result);
  const top = all.reduce((most, { share }) => Math.max(most, share), 0.01);
  const panels = result.strategies.map((_, index) =>
    panel(result, theme, { index, top, shown: all.filter(({ strategyIndex }) => strategyIndex === index) }),
  );
  return {
    ...frame(throttlingHeatmap, throttlingHeatmap.heading(result), theme),
    columns: COLUMNS,
    spacing: { row: 14, column: 18 },
    align: "each",
    concat: panels,
    resolve: { scale: { color: "shared" } },
  } as TopLevelSpec;
}

interface Shown {
  readonly index: number;
  readonly top: number;
  readonly shown: readonly NamedCell[];
}

function panel(result: RunResult, theme: ChartTheme, { index, top, shown }: Shown): Panel {
  const strategy = result.strategies[index]!;
  const hours = hoursPerBlock(result);
  const rowOf = new Map(result.regions.map((region, row) => [region, row]));
  const values = shown
    .filter(({ cell }) => rowOf.has(cell.region))
    .map(({ cell, share }) => ({
      row: rowOf.get(cell.region)!,
      from: hourStartMs(result, cell.hour),
      to: hourStartMs(result, Math.min(cell.hour + hours, hourCount(result))),
      share,
    }));
  const time = timeEncoding(result, "from");
  const lowest = index + COLUMNS >= result.strategies.length;
  const leftmost = index % COLUMNS === 0;
  const rows = result.regions.map((_, row) => row);
  return {
    name: layerName(index, "cell"),
    title: { text: shortName(strategy.name, 34), fontSize: 12, fontWeight: 600, offset: 4, frame: "group" },
    width: PANEL_WIDTH,
    height: ROW_HEIGHT * result.regions.length,
    view: { stroke: theme.grid },
    data: { values },
    mark: { type: "rect", stroke: theme.background, strokeWidth: 0.5 },
    encoding: {
      x: {
        ...time,
        axis: {
          ...time.axis,
          tickCount: 4,
          domain: false,
          labels: lowest,
          ticks: lowest,
          title: lowest ? time.axis.title : null,
        },
      },
      x2: timeEndEncoding("to"),
      y: {
        field: "row",
        type: "ordinal",
        scale: { domain: rows },
        axis: {
          title: null,
          labels: leftmost,
          labelExpr: labelByIndex(result.regions),
          ticks: false,
          domain: false,
          labelFontSize: 11,
        },
      },
      color: {
        field: "share",
        type: "quantitative",
        scale: {
          domain: theme.sequential.map((_, at) => (top * at) / (theme.sequential.length - 1)),
          range: [...theme.sequential],
          interpolate: "rgb",
          clamp: true,
        },
        legend: { title: "Throttled attempts", format: ".0%", ...LEGEND_BELOW },
      },
    },
  } as Panel;
}

function table(result: RunResult): Table {
  return {
    id: "throttling-heatmap",
    caption: `Attempts by region and ${blockText(hoursPerBlock(result))}, sums over replications`,
    columns: [
      leftColumn("Strategy", "strategy"),
      leftColumn("Region", "region"),
      leftColumn(hoursPerBlock(result) === 1 ? "Hour begins" : "Begins", "starts_at"),
      rightColumn("Attempts", "attempts"),
      rightColumn("Throttled, 429", "attempts_throttled"),
      rightColumn("Throttled (%)", "throttled_attempt_share"),
      rightColumn("Refused, 503", "attempts_unavailable"),
    ],
    rows: blocks(result).map(({ strategy, strategyIndex, cell, share }) => ({
      strategyIndex,
      cells: [
        textCell(strategy.name),
        textCell(cell.region),
        { text: hourText(result, cell.hour), value: new Date(hourStartMs(result, cell.hour)).toISOString() },
        { text: formatCount(cell.attempts), value: cell.attempts },
        { text: formatCount(cell.attemptsThrottled), value: cell.attemptsThrottled },
        { text: formatShare(share), value: share },
        { text: formatCount(cell.attemptsUnavailable), value: cell.attemptsUnavailable },
      ],
    })),
  };
}
