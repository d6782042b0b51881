import type { Config, TopLevelSpec } from "vega-lite";
import type { ChartTheme } from "../../theme.ts";
import type { Chart, ChartHeading } from "../chart.ts";
import { breakLines } from "./labels.ts";

type LayeredSpec = Extract<TopLevelSpec, { readonly layer: unknown }>;
/** A layer of a layered spec. */
export type Layer = LayeredSpec["layer"][number];
/** A part of a concatenated spec. */
export type Panel = Extract<TopLevelSpec, { readonly vconcat: unknown }>["vconcat"][number];

/** Fonts with metrics like Arial's, which the text widths of `render-svg` are estimated for. */
const FONT = "Helvetica Neue, Arial, Liberation Sans, sans-serif";
const TITLE_CHARACTERS_PER_LINE = 110;

/** What every spec shares: ground, title and subtitle, alt text, fonts and axis colours. */
export function frame(chart: Pick<Chart, "question">, heading: ChartHeading, theme: ChartTheme) {
  return {
    background: theme.ground,
    padding: 6,
    description: `${chart.question} ${heading.title}. ${heading.subtitle}`,
    title: {
      text: breakLines(heading.title, TITLE_CHARACTERS_PER_LINE),
      subtitle: breakLines(heading.subtitle, TITLE_CHARACTERS_PER_LINE),
    },
    config: config(theme),
  };
}

function config(theme: ChartTheme): Config {
  return {
    font: FONT,
    title: {
      anchor: "start",
      frame: "group",
      color: theme.text,
      subtitleColor: theme.muted,
      fontSize: 15,
      subtitleFontSize: 12,
      fontWeight: 600,
      offset: 14,
      subtitlePadding: 4,
    },
    axis: {
      labelColor: theme.text,
      titleColor: theme.muted,
      labelFontSize: 12,
      titleFontSize: 12,
      titleFontWeight: "normal",
      titlePadding: 8,
      gridColor: theme.grid,
      domainColor: theme.muted,
      tickColor: theme.muted,
      labelLimit: 0,
      labelPadding: 4,
    },
    legend: {
      labelColor: theme.text,
      titleColor: theme.muted,
      labelFontSize: 12,
      titleFontSize: 12,
      titleFontWeight: "normal",
      titleLimit: 0,
      labelLimit: 0,
    },
    header: { labelColor: theme.text, titleColor: theme.muted, labelFontSize: 12 },
    text: { color: theme.text, fontSize: 12 },
    view: { stroke: null },
    mark: { aria: false },
  };
}
