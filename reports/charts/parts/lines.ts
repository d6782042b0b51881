/** What line charts share: names at the ends of lines, lines for objectives (SLO), and the order of painting. */

import { printable } from "../../../simulator/base/errors.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { formatLimitMs, formatList, type Unit } from "../../base/text.ts";
import type { ChartTheme, StrategyStyle } from "../../base/theme.ts";
import { type KnownScale, type Layer, layerName } from "./frame.ts";
import { shortName } from "./labels.ts";

const LABEL_GAP_PX = 15;
const LEADER_PX = 14;
const LABEL_OFFSET_PX = 12 + LEADER_PX * 1.6;

/** A picture of this width shrinks to a telephone's and can still be read; wider ones scroll. */
const PICTURE_PX = 660;
const AXIS_PX = 56;
const CHARACTER_PX = 6.9;

/** Width of a plot that leaves room for its axis and for the names beside its lines. */
export function plotWidth(ends: readonly Pick<LineEnd, "name" | "unstable">[]): number {
  const longest = Math.max(0, ...ends.map((end) => labelText(end).length));
  return Math.round(PICTURE_PX - AXIS_PX - LABEL_OFFSET_PX - longest * CHARACTER_PX);
}

function labelText({ name, unstable }: Pick<LineEnd, "name" | "unstable">): string {
  return `${shortName(name)}${unstable ? " (unstable)" : ""}`;
}

/** Where a line ends, and whose it is. */
export interface LineEnd {
  readonly index: number;
  readonly name: string;
  readonly unstable: boolean;
  /** Value at the line's end in the axis unit; null when there is no line. */
  readonly value: number | null;
}

/** The plot that the names stand beside; sizes in px. */
export interface EndLabelPlace {
  readonly scale: KnownScale;
  readonly styles: readonly StrategyStyle[];
  readonly width: number;
  readonly height: number;
  readonly theme: ChartTheme;
}

/** Names at the right edge instead of a legend, moved apart where they would collide, with a short sample of the line. */
export function endLabels(ends: readonly LineEnd[], place: EndLabelPlace): Layer[] {
  const drawn = ends.filter((end): end is LineEnd & { value: number } => end.value !== null);
  const wanted = drawn.map((end) => place.height - place.scale.px(end.value, place.height));
  const placed = spreadLabels(wanted, LABEL_GAP_PX);
  return drawn.flatMap((end, at) => {
    const style = place.styles[end.index]!;
    const y = { value: placed[at]! };
    return [
      {
        name: layerName(end.index, "leader"),
        data: { values: [{}] },
        mark: {
          type: "rule",
          color: style.colour,
          strokeDash: [...style.dash],
          strokeWidth: style.width,
          clip: false,
        },
        encoding: {
          x: { value: place.width + 6 },
          x2: { value: place.width + 6 + LEADER_PX * 1.6 },
          y,
        },
      },
      {
        name: layerName(end.index, "label"),
        data: { values: [{}] },
        mark: {
          type: "text",
          text: labelText(end),
          align: "left",
          baseline: "middle",
          color: style.role === "other" ? place.theme.muted : style.colour,
          fontWeight: style.role === "other" ? "normal" : "bold",
        },
        encoding: { x: { value: place.width + LABEL_OFFSET_PX }, y },
      },
    ] satisfies Layer[];
  });
}

/** A latency objective and its label. */
export interface Slo {
  readonly ms: number;
  readonly text: string;
}

/** An objective this many times beyond the largest value would only squeeze the data. */
const FAR_FACTOR = 2.5;

/** The distinct objectives of the classes that lie near the data, each with the classes it is for. */
export function slosWithin(result: RunResult, field: "sloE2eMs" | "sloTtftMs", largestMs: number): Slo[] {
  const classesBySlo = new Map<number, string[]>();
  for (const one of result.classes) {
    const ms = one[field];
    if (ms === null || ms > largestMs * FAR_FACTOR) continue;
    classesBySlo.set(ms, [...(classesBySlo.get(ms) ?? []), printable(one.name)]);
  }
  return [...classesBySlo]
    .sort(([a], [b]) => a - b)
    .map(([ms, names]) => ({
      ms,
      text: `SLO ${formatLimitMs(ms)} (${names.length > 3 ? `${names.length} classes` : formatList(names)})`,
    }));
}

/** A line per objective, across the plot; belongs below the data. */
export function sloRules(slos: readonly Slo[], unit: Unit, theme: ChartTheme): Layer[] {
  return slos.map((slo) => ({
    data: { values: [{}] },
    mark: { type: "rule", color: theme.alarm, strokeWidth: 1, strokeDash: [1, 2] },
    encoding: { x: { value: 0 }, x2: { value: "width" }, y: heightOf(slo, unit) },
  }));
}

/** Its name, above the data, with a halo in the background colour so that it stays readable across lines. */
export function sloLabels(slos: readonly Slo[], unit: Unit, theme: ChartTheme): Layer[] {
  return slos.flatMap((slo): Layer[] => {
    const label = { type: "text" as const, text: slo.text, align: "left" as const, baseline: "bottom" as const };
    const place = { dy: -3, dx: 4, fontSize: 11 };
    const encoding = { x: { value: 0 }, y: heightOf(slo, unit) };
    const halo = { stroke: theme.background, strokeWidth: 4, strokeJoin: "round" as const };
    return [
      { data: { values: [{}] }, mark: { ...label, ...place, ...halo, color: theme.background }, encoding },
      { data: { values: [{}] }, mark: { ...label, ...place, color: theme.alarm }, encoding },
    ];
  });
}

function heightOf(slo: Slo, unit: Unit) {
  return { datum: slo.ms * unit.factor, type: "quantitative" as const };
}

/** Grey lines first, coloured ones next, the baseline last: on top. */
export function paintOrder(styles: readonly StrategyStyle[]): number[] {
  const rank = { other: 0, highlight: 1, baseline: 2 };
  return styles.map((_, index) => index).sort((a, b) => rank[styles[a]!.role] - rank[styles[b]!.role] || a - b);
}

/**
 * Moves label positions (px) apart so that neighbours keep `gapPx`, as little as possible: neighbours that collide
 * merge into a block centred on their mean. Order is kept; ties keep their input order.
 */
export function spreadLabels(positionsPx: readonly number[], gapPx: number): number[] {
  const order = positionsPx.map((_, index) => index).sort((a, b) => positionsPx[a]! - positionsPx[b]! || a - b);
  const blocks: { center: number; members: number[] }[] = [];
  for (const index of order) {
    let block = { center: positionsPx[index]!, members: [index] };
    for (let last = blocks.at(-1); last !== undefined && overlaps(last, block, gapPx); last = blocks.at(-1)) {
      const size = last.members.length + block.members.length;
      const center = (last.center * last.members.length + block.center * block.members.length) / size;
      block = { center, members: [...last.members, ...block.members] };
      blocks.pop();
    }
    blocks.push(block);
  }
  const spread = [...positionsPx];
  for (const block of blocks) {
    block.members.forEach((index, at) => {
      spread[index] = block.center + (at - (block.members.length - 1) / 2) * gapPx;
    });
  }
  return spread;
}

function overlaps(upper: Block, lower: Block, gapPx: number): boolean {
  const bottom = upper.center + ((upper.members.length - 1) / 2) * gapPx;
  const top = lower.center - ((lower.members.length - 1) / 2) * gapPx;
  return top - bottom < gapPx;
}

interface Block {
  readonly center: number;
  readonly members: readonly number[];
}
