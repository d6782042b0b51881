/** What every chart is drawn in: title, fonts and colours, scales whose pixels are known, and the time axis. */
import type { Config, TopLevelSpec } from "vega-lite";
import { HOUR_MS } from "../../../simulator/base/time.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { blockText, hourCount, hoursPerBlock } from "../../base/hours.ts";
import type { ChartTheme } from "../../base/theme.ts";
import { breakLines } from "./labels.ts";

type LayeredSpec = Extract<TopLevelSpec, { readonly layer: unknown }>;
/** A layer of a layered spec. */
export type Layer = LayeredSpec["layer"][number];
/** A part of a concatenated spec. */
export type Panel = Extract<TopLevelSpec, { readonly vconcat: unknown }>["vconcat"][number];

/**
 * The name of a layer of one strategy, which becomes an SVG class. A name may be used once per spec: Vega would
 * silently give two layers of one name the same scales.
 *
 * @param strategyIndex  place of the strategy in the result
 * @param part           what the layer draws, e.g. `line`
 * @example layerName(2, "line") // => "strategy_2_line"
 */
export function layerName(strategyIndex: number, part: string): string {
  return `strategy_${strategyIndex}_${part}`;
}

/** Fonts with metrics like Arial's, which the text widths of `html/svg.ts` are estimated for. */
const FONT = "Helvetica Neue, Arial, Liberation Sans, sans-serif";
const TITLE_CHARACTERS_PER_LINE = 110;

/** The part of a spec that all charts have alike. */
interface Frame {
  readonly background: string;
  readonly padding: number;
  readonly description: string;
  readonly title: { readonly text: string[]; readonly subtitle: string[] };
  readonly config: Config;
}

/** What every spec shares: background, title and subtitle, alt text, fonts and axis colours. */
export function frame(
  { question }: { readonly question: string },
  heading: { readonly title: string; readonly subtitle: string },
  theme: ChartTheme,
): Frame {
  return {
    background: theme.background,
    padding: 6,
    description: `${question} ${heading.title}. ${heading.subtitle}`,
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

/** A legend of colours below the plot, where it takes none of its width. */
export const LEGEND_BELOW = { orient: "bottom", direction: "horizontal", gradientLength: 200 } as const;

/** A scale whose pixels we know before Vega draws it, so that labels can be placed beside marks. */
export interface KnownScale {
  readonly type: "linear" | "log";
  readonly domain: readonly [number, number];
  /** Pixels from the low end for a value, on an axis of this length. */
  readonly px: (value: number, lengthPx: number) => number;
}

/** Above this ratio of largest to smallest, small values cannot be told apart on a linear axis. */
const LOG_RATIO = 12;

/**
 * Log where the positive values span more than a factor of 12, else linear. A linear scale starts at zero when
 * `fromZero` is set; otherwise it leaves a tenth of the span free on both sides.
 */
export function valueScale(values: readonly number[], fromZero: boolean): KnownScale {
  const known = values.filter((value) => Number.isFinite(value));
  if (known.length === 0) return linear(0, 1);
  const low = Math.min(...known);
  const high = Math.max(...known);
  if (low > 0 && high / low > LOG_RATIO) return logarithmic(low * 0.9, high * 1.12);
  const span = high - low || Math.abs(high) || 1;
  return fromZero && low >= 0 ? linear(0, high * 1.08 || 1) : linear(low - span * 0.1, high + span * 0.1);
}

/** An interval may widen an axis by this factor at most: with two or three replications it can be far wider than the data. */
const INTERVAL_REACH = 1.5;

/** The ends of intervals, drawn no further than that beyond the smallest and largest of the (positive) values. */
export function clippedEnds(values: readonly number[], ends: readonly (number | null)[]): number[] {
  const high = Math.max(...values) * INTERVAL_REACH;
  const low = Math.min(...values) / INTERVAL_REACH;
  return ends.filter((end) => end !== null).map((end) => Math.min(high, Math.max(low, end)));
}

/** A log scale from `low` to `high`, both positive. */
export function logarithmic(low: number, high: number): KnownScale {
  const ratio = Math.log(high / low);
  return { type: "log", domain: [low, high], px: (value, lengthPx) => (Math.log(value / low) / ratio) * lengthPx };
}

/** A linear scale from `low` to `high`. */
export function linear(low: number, high: number): KnownScale {
  return { type: "linear", domain: [low, high], px: (value, lengthPx) => ((value - low) / (high - low)) * lengthPx };
}

/** `, log scale` for axis titles. */
export function scaleText(scale: KnownScale): string {
  return scale.type === "log" ? ", log scale" : "";
}

/** The scale in Vega-Lite's terms. */
export function scaleSpec(scale: KnownScale) {
  const shared = { type: scale.type, domain: [...scale.domain], nice: false };
  return scale.type === "linear" ? { ...shared, zero: false } : shared;
}

/** Ticks at 1, 2 and 5 times powers of ten within the domain; undefined for a linear scale. */
export function ticksOf(scale: KnownScale): number[] | undefined {
  if (scale.type === "linear") return undefined;
  const [low, high] = scale.domain;
  const steps = high / low > 3000 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.ceil(Math.log10(high)); exponent += 1) {
    for (const step of steps) {
      const tick = Number(`${step}e${exponent}`);
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return ticks;
}

/** Options of an axis over the scale: its own ticks on a log axis, about six elsewhere. */
export function tickOptions(scale: KnownScale) {
  const ticks = ticksOf(scale);
  return ticks === undefined ? { tickCount: 6 } : { values: ticks };
}

/** UTC instant, ms, at which an hour of the run begins. */
export function hourStartMs(result: RunResult, hour: number): number {
  return Date.parse(result.startsAt) + hour * HOUR_MS;
}

/** `15:00 UTC`, with the day when the run is longer than one. */
export function hourText(result: RunResult, hour: number): string {
  const iso = new Date(hourStartMs(result, hour)).toISOString();
  const day = hourCount(result) > 24 ? `${iso.slice(0, 10)} ` : "";
  return `${day}${iso.slice(11, 16)} UTC`;
}

/** What begins at this hour and is one row of a table: the hour, or `block of 6 hours from 2026-05-04 06:00 UTC`. */
export function rowText(result: RunResult, hour: number): string {
  const hours = hoursPerBlock(result);
  return hours === 1 ? hourText(result, hour) : `${blockText(hours)} from ${hourText(result, hour)}`;
}

/** An x encoding over the run: UTC, 24-hour labels. `domain` covers whole hours. */
export function timeEncoding(result: RunResult, field: string) {
  const hours = hourCount(result);
  const long = hours > 36;
  return {
    field,
    type: "temporal" as const,
    scale: { type: "utc" as const, domain: [hourStartMs(result, 0), hourStartMs(result, hours)], nice: false as const },
    axis: {
      title: long ? "Time (UTC)" : "Hour of day (UTC)",
      format: long ? "%d %b %H:%M" : "%H:%M",
      grid: false,
      labelOverlap: "parity" as const,
      tickCount: long ? 8 : Math.min(hours, 12),
    },
  };
}

/** The end of a cell that `timeEncoding` begins; Vega-Lite reads the domain of both ends by their types. */
export function timeEndEncoding(field: string) {
  return { field, type: "temporal" as const };
}
