/** Chart: price over list price by region and hour. */
import type { TopLevelSpec } from "vega-lite";
import type { RunResult } from "../../simulator/experiment/result.ts";
import { blockText, hourCount, hoursPerBlock, inBlocks } from "../base/hours.ts";
import { formatNumber } from "../base/text.ts";
import type { ChartTheme } from "../base/theme.ts";
import { leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";
import type { Chart } from "./chart.ts";
import {
  frame,
  hourStartMs,
  hourText,
  type Layer,
  LEGEND_BELOW,
  rowText,
  timeEncoding,
  timeEndEncoding,
} from "./parts/frame.ts";
import { labelByIndex } from "./parts/labels.ts";

/** With the names of regions it fits the width of a telephone. */
const WIDTH = 528;
const ROW_HEIGHT = 34;
/** With more hours the numbers would not fit their cells. */
const NUMBERS_HOURS_MAX = 24;
/** In narrower cells numbers are smaller. */
const WIDE_CELL_PX = 28;

/** Price over list price, region by hour: what a router could gain by moving work. */
export const priceHeatmap: Chart = {
  id: "price-heatmap",
  question: "When and where are prices high?",
  absence,
  heading: (result) => ({
    title: title(result),
    subtitle: `${result.scenario.name}: price over list price by region and ${hoursPerBlock(result) === 1 ? "UTC hour" : `${blockText(hoursPerBlock(result))} (means)`}; white is the list price.${listPriceText(result)}`,
  }),
  spec: (result, theme) => spec(result, theme),
  table: (result) => table(result),
};

/** A world without prices, in which no token costs anything; or a run without an hour in which one applies. */
function absence(result: RunResult): string | undefined {
  const isFree = result.prices.every((one) => one.inputUsdPerMTok === 0 && one.outputUsdPerMTok === 0);
  if (isFree) return "The run has no prices.";
  return cells(result).length === 0 ? "Nothing was sent, so there is no hour to show prices of." : undefined;
}

interface PriceCell {
  readonly row: number;
  readonly region: string;
  readonly hour: number;
  readonly factor: number;
}

function cells(result: RunResult): PriceCell[] {
  return result.prices.flatMap((one, row) =>
    one.factor.map((factor, hour) => ({ row, region: one.region, hour, factor })),
  );
}

/** The same over blocks of hours, which begin at `hour`, where the run is long: the mean of their prices. */
function blocks(result: RunResult): PriceCell[] {
  const hours = hoursPerBlock(result);
  if (hours === 1) return cells(result);
  return result.prices.flatMap(({ region, factor }, row) =>
    [...inBlocks(factor, hours, (_, hour) => hour)].map(([hour, members]) => ({
      row,
      region,
      hour,
      factor: members.reduce((sum, each) => sum + each, 0) / members.length,
    })),
  );
}

/**
 * Prices are inputs, not estimates: extremes may be named, those of what the picture and its table have. The means of
 * blocks may all be alike where prices change within each.
 */
function title(result: RunResult): string {
  const [least, most] = extremes(blocks(result));
  if (least === undefined || most === undefined) return "No prices";
  if (!isFlat(least, most)) {
    // Means of blocks swing less than the hours in them.
    const prices = hoursPerBlock(result) === 1 ? "Prices" : "Mean prices";
    return `${prices} swing from ${cellText(result, least)} to ${cellText(result, most)}`;
  }
  const [lowest, highest] = extremes(cells(result));
  const when = isFlat(lowest!, highest!) ? "all day" : `in the mean of each ${blockText(hoursPerBlock(result))}`;
  return Math.abs(most.factor - 1) < 1e-9
    ? `Every region charges its list price ${when}`
    : `Every region charges ${formatNumber(most.factor, 2)} times its list price ${when}`;
}

/** The first of the least and the first of the most; none of nothing. */
function extremes([first, ...rest]: readonly PriceCell[]): readonly PriceCell[] {
  if (first === undefined) return [];
  const least = rest.reduce((best, cell) => (cell.factor < best.factor ? cell : best), first);
  const most = rest.reduce((best, cell) => (cell.factor > best.factor ? cell : best), first);
  return [least, most];
}

function isFlat(least: PriceCell, most: PriceCell): boolean {
  return most.factor - least.factor < 1e-9;
}

function cellText(result: RunResult, cell: PriceCell): string {
  return `${formatNumber(cell.factor, 2)} times list price (${cell.region}, ${rowText(result, cell.hour)})`;
}

function listPriceText(result: RunResult): string {
  const usd = (value: number) => Number(value.toPrecision(6));
  const lists = new Set(result.prices.map((one) => `${usd(one.inputUsdPerMTok)} in, ${usd(one.outputUsdPerMTok)} out`));
  return lists.size === 1
    ? ` List price: ${[...lists][0]} USD per million tokens.`
    : " List prices differ by region, see the table.";
}

function spec(result: RunResult, theme: ChartTheme): TopLevelSpec {
  const all = blocks(result);
  const hours = hourCount(result);
  const perBlock = hoursPerBlock(result);
  const reach = all.reduce((most, cell) => Math.max(most, Math.abs(cell.factor - 1)), 0.05);
  const values = all.map((cell) => ({
    row: cell.row,
    from: hourStartMs(result, cell.hour),
    to: hourStartMs(result, Math.min(cell.hour + perBlock, hours)),
    centerPx: ((cell.hour + 0.5) / hours) * WIDTH,
    factor: cell.factor,
    text: formatNumber(cell.factor, 2),
  }));
  const x = timeEncoding(result, "from");
  const y = {
    field: "row",
    type: "ordinal" as const,
    scale: { paddingInner: 0.06, paddingOuter: 0 },
    axis: { title: null, labelExpr: labelByIndex(result.prices.map((one) => one.region)), ticks: false, domain: false },
  };
  const grid: Layer = {
    name: "cell",
    mark: { type: "rect", stroke: theme.background, strokeWidth: 1 },
    encoding: {
      x,
      x2: timeEndEncoding("to"),
      y,
      color: {
        field: "factor",
        type: "quantitative",
        scale: {
          domain: [1 - reach, 1 - reach / 2, 1, 1 + reach / 2, 1 + reach],
          range: [...theme.diverging],
          interpolate: "rgb",
          clamp: true,
        },
        legend: { title: "Price over list price", format: ".2f", ...LEGEND_BELOW },
      },
    },
  };
  const numbers: Layer = {
    name: "number",
    mark: { type: "text", fontSize: WIDTH / hours < WIDE_CELL_PX ? 9 : 11 },
    encoding: {
      x: { field: "centerPx", type: "quantitative", scale: null },
      y,
      text: { field: "text", type: "nominal" },
      color: { condition: { test: strongTest(reach, theme), value: theme.background }, value: theme.text },
    },
  };
  return {
    ...frame(priceHeatmap, priceHeatmap.heading(result), theme),
    width: WIDTH,
    height: ROW_HEIGHT * result.prices.length,
    data: { values },
    layer: hours <= NUMBERS_HOURS_MAX ? [grid, numbers] : [grid],
  } as TopLevelSpec;
}

/** Where the fill is strong enough that text in the background colour reads better on it. */
function strongTest(reach: number, theme: ChartTheme): string {
  return `abs(datum.factor - 1) > ${reach * (theme.name === "light" ? 0.72 : 0.78)}`;
}

function table(result: RunResult): Table {
  return {
    id: "price-heatmap",
    caption: `Price by region and ${blockText(hoursPerBlock(result))}`,
    columns: [
      leftColumn("Region", "region"),
      leftColumn(hoursPerBlock(result) === 1 ? "Hour begins" : "Begins", "starts_at"),
      rightColumn("Price over list price", "price_factor"),
      rightColumn("Input (USD per million tokens)", "input_usd_per_mtok"),
      rightColumn("Output (USD per million tokens)", "output_usd_per_mtok"),
    ],
    rows: blocks(result).map(({ row, region, hour, factor }) => {
      const { inputUsdPerMTok, outputUsdPerMTok } = result.prices[row]!;
      return {
        cells: [
          textCell(region),
          { text: hourText(result, hour), value: new Date(hourStartMs(result, hour)).toISOString() },
          { text: formatNumber(factor, 3), value: factor },
          { text: formatNumber(inputUsdPerMTok * factor, 3), value: inputUsdPerMTok * factor },
          { text: formatNumber(outputUsdPerMTok * factor, 3), value: outputUsdPerMTok * factor },
        ],
      };
    }),
  };
}
