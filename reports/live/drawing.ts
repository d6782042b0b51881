/** The few marks that live pictures are made of, as SVG text: no chart library, so that a picture takes a millisecond. */
import { printable } from "../../simulator/base/errors.ts";
import type { StrategyStyle } from "../base/theme.ts";
import { type KnownScale, ticksOf } from "../charts/parts/frame.ts";

/** A piece of SVG in which every text was escaped. */
export type Mark = string;

/** The picture around its marks. @param label its alt text; sizes in px */
export function picture(
  label: string,
  size: { readonly width: number; readonly height: number },
  marks: readonly Mark[],
) {
  const { width, height } = size;
  return `<svg role="img" aria-label="${escaped(label)}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-size="12">${marks.join("")}</svg>`;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A straight line. */
export function line(
  from: Point,
  to: Point,
  look: { colour: string; width?: number; dash?: readonly number[]; opacity?: number },
): Mark {
  const { colour, width = 1, dash = [], opacity = 1 } = look;
  const dashes = dash.length === 0 ? "" : ` stroke-dasharray="${dash.join(" ")}"`;
  return `<path d="M${px(from.x)} ${px(from.y)}L${px(to.x)} ${px(to.y)}" stroke="${colour}" stroke-width="${width}" opacity="${opacity}" fill="none"${dashes}/>`;
}

/** A line through points. */
export function path(points: readonly Point[], colour: string, dash: readonly number[]): Mark {
  const d = points.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${px(x)} ${px(y)}`).join("");
  return `<path d="${d}" stroke="${colour}" fill="none" stroke-dasharray="${dash.join(" ")}"/>`;
}

export function text(at: Point, words: string, look: { colour: string; anchor?: string; weight?: number }): Mark {
  const { colour, anchor = "start", weight = 400 } = look;
  return `<text x="${px(at.x)}" y="${px(at.y)}" fill="${colour}" text-anchor="${anchor}" font-weight="${weight}" dominant-baseline="middle">${escaped(words)}</text>`;
}

/** The mark of a strategy: its shape as the charts of a report have it. `hollow`: not what counts. */
export function symbol(
  { x, y }: Point,
  style: StrategyStyle,
  look: { readonly size: number; readonly hollow?: boolean; readonly opacity?: number; readonly ground: string },
): Mark {
  const { size, hollow = false, opacity = 1, ground } = look;
  const fill = hollow ? ground : style.colour;
  return `<path d="${outline(style.shape, size)}" transform="translate(${px(x)} ${px(y)})" fill="${fill}" stroke="${style.colour}" stroke-width="1.5" opacity="${opacity}"/>`;
}

function outline(shape: string, r: number): string {
  const polygon = (...points: readonly (readonly [number, number])[]) =>
    `${points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${px(x * r)} ${px(y * r)}`).join("")}Z`;
  const shapes: Readonly<Record<string, string>> = {
    square: polygon([-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]),
    diamond: polygon([0, -1.25], [1.1, 0], [0, 1.25], [-1.1, 0]),
    cross: polygon(...CROSS),
    "triangle-up": polygon([0, -1.1], [1.1, 0.9], [-1.1, 0.9]),
    "triangle-down": polygon([0, 1.1], [1.1, -0.9], [-1.1, -0.9]),
    "triangle-right": polygon([1.1, 0], [-0.9, 1.1], [-0.9, -1.1]),
    "triangle-left": polygon([-1.1, 0], [0.9, 1.1], [0.9, -1.1]),
  };
  return shapes[shape] ?? `M${px(-r)} 0A${px(r)} ${px(r)} 0 1 0 ${px(r)} 0A${px(r)} ${px(r)} 0 1 0 ${px(-r)} 0Z`;
}

const CROSS: readonly (readonly [number, number])[] = [
  ...([
    [-0.4, -1.1],
    [0.4, -1.1],
    [0.4, -0.4],
    [1.1, -0.4],
    [1.1, 0.4],
    [0.4, 0.4],
  ] as const),
  ...([
    [0.4, 1.1],
    [-0.4, 1.1],
    [-0.4, 0.4],
    [-1.1, 0.4],
    [-1.1, -0.4],
    [-0.4, -0.4],
  ] as const),
];

/** Ticks of a scale with their labels: powers on a log axis, about five round steps elsewhere. */
export function ticks(scale: KnownScale): readonly number[] {
  const own = ticksOf(scale);
  if (own !== undefined && own.length > 1) return own;
  const [low, high] = scale.domain;
  const raw = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first;
  return Array.from({ length: count + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(words: string): string {
  return printable(words)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
