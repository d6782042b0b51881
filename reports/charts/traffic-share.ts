/** Chart: share of requests by region that ran them, for each strategy. */
import type { TopLevelSpec } from "vega-lite";
import type { RunResult } from "../../simulator/experiment/result.ts";
import { conditionText, formatCount, formatNumber, formatShare } from "../base/text.ts";
import type { ChartTheme } from "../base/theme.ts";
import { preferredStrategy } from "../tables/quota-needs.ts";
import { leftColumn, rightColumn, shareCell, type Table, textCell } from "../tables/table.ts";
import type { Chart } from "./chart.ts";
import { frame, type Layer, LEGEND_BELOW, layerName } from "./parts/frame.ts";
import { labelByIndex } from "./parts/labels.ts";

/** With the names of strategies it fits the width of a telephone. */
const WIDTH = 470;
const CHARACTER_PX = 6.5;
const ROW_HEIGHT = 30;

/** Where each strategy sent its requests: share by region that ran them. */
export const trafficShare: Chart = {
  id: "traffic-share",
  question: "Where did the requests go?",
  absence: (result) => (shares(result).length === 0 ? "No request was sent." : undefined),
  heading: (result) => ({
    title: title(result),
    subtitle: `${conditionText(result)}. Percent of each strategy's requests by region that ran them (unserved: region of the last attempt); intervals in the table.`,
  }),
  spec: (result, theme) => spec(result, theme),
  table: (result) => table(result),
};

interface Share {
  readonly strategyIndex: number;
  readonly column: number;
  readonly region: string;
  readonly share: number;
}

function shares(result: RunResult): Share[] {
  return result.strategies.flatMap((strategy, strategyIndex) =>
    strategy.byRegion.flatMap((group) => {
      const column = result.regions.indexOf(group.name);
      const share = group.trafficShare.value;
      return column < 0 || share === null ? [] : [{ strategyIndex, column, region: group.name, share }];
    }),
  );
}

/** Where the strategy that the verdict is about sent most, and the span of the busiest region's share: recorded shares, not a ranking. */
function title(result: RunResult): string {
  const largest = result.strategies.flatMap((strategy, strategyIndex) => {
    const own = shares(result).filter((one) => one.strategyIndex === strategyIndex);
    const [first, ...rest] = own;
    return first === undefined
      ? []
      : [{ strategy, most: rest.reduce((best, one) => (one.share > best.share ? one : best), first) }];
  });
  const about = largest.find((one) => one.strategy === preferredStrategy(result)) ?? largest[0];
  if (about === undefined) return "No request was sent";
  const finding = `${about.strategy.name} sent ${formatShare(about.most.share)} of its requests to ${about.most.region}`;
  const others = largest.filter((one) => one !== about).map((one) => one.most.share);
  if (others.length === 0) return finding;
  const low = formatShare(Math.min(...others));
  const high = formatShare(Math.max(...others));
  return `${finding}; the other strategies sent ${low === high ? low : `${low} to ${high}`} to their busiest region`;
}

/** Names that do not fit their columns stand aslant. */
function labelAngle(regions: RunResult["regions"]): number {
  const longest = Math.max(0, ...regions.map((region) => region.length));
  return longest * CHARACTER_PX > WIDTH / regions.length ? -40 : 0;
}

function spec(result: RunResult, theme: ChartTheme): TopLevelSpec {
  const all = shares(result);
  const x = {
    field: "column",
    type: "ordinal" as const,
    scale: { domain: result.regions.map((_, at) => at), paddingInner: 0.02 },
    axis: {
      title: null,
      labelExpr: labelByIndex(result.regions),
      labelAngle: labelAngle(result.regions),
      ticks: false,
      domain: false,
      orient: "top" as const,
    },
  };
  const y = {
    field: "row",
    type: "ordinal" as const,
    scale: { domain: result.strategies.map((_, at) => at), paddingInner: 0.06 },
    axis: {
      title: null,
      labelExpr: labelByIndex(result.strategies.map((one) => one.name)),
      ticks: false,
      domain: false,
    },
  };
  const layers = result.strategies.flatMap((_, index) =>
    rowLayers(
      all.filter((one) => one.strategyIndex === index),
      index,
      { x, y, theme },
    ),
  );
  return {
    ...frame(trafficShare, trafficShare.heading(result), theme),
    width: WIDTH,
    height: ROW_HEIGHT * result.strategies.length,
    layer: layers,
  } as TopLevelSpec;
}

/** The cells of one strategy, and the numbers on them in per cent. */
function rowLayers(
  row: readonly Share[],
  index: number,
  { x, y, theme }: { readonly x: object; readonly y: object; readonly theme: ChartTheme },
): Layer[] {
  if (row.length === 0) return [];
  const values = row.map((one) => ({
    row: index,
    column: one.column,
    share: one.share,
    text: formatNumber(one.share * 100, one.share > 0 && one.share < 0.095 ? 1 : 0),
  }));
  const color = {
    field: "share",
    type: "quantitative",
    scale: {
      domain: theme.sequential.map((_, at) => at / (theme.sequential.length - 1)),
      range: [...theme.sequential],
      interpolate: "rgb",
    },
    legend: { title: "Share of requests", format: ".0%", ...LEGEND_BELOW },
  };
  const numberColor = { condition: { test: "datum.share > 0.55", value: theme.background }, value: theme.text };
  return [
    { name: layerName(index, "cell"), data: { values }, mark: { type: "rect" }, encoding: { x, y, color } },
    {
      name: layerName(index, "number"),
      data: { values },
      mark: { type: "text" },
      encoding: { x, y, text: { field: "text", type: "nominal" }, color: numberColor },
    },
  ] as Layer[];
}

function table(result: RunResult): Table {
  return {
    id: "traffic-share",
    caption: "Requests by region that ran them",
    columns: [
      leftColumn("Strategy", "strategy"),
      leftColumn("Region", "region"),
      rightColumn("Share (%)", "traffic_share"),
      rightColumn("Requests", "sent"),
    ],
    rows: result.strategies.flatMap((strategy, strategyIndex) =>
      strategy.byRegion.map((group) => ({
        strategyIndex,
        cells: [
          textCell(strategy.name),
          textCell(group.name),
          shareCell(group.trafficShare),
          { text: formatCount(group.counts.sent), value: group.counts.sent },
        ],
      })),
    ),
  };
}
