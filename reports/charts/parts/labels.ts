/** Names on charts: shortened, broken into lines, and placed beside points where there is room. */
import { printable } from "../../../simulator/base/errors.ts";

/**
 * Long names lose their middle: what tells two variants of a strategy apart is often at the end.
 *
 * @example shortName("cheapest-within-4s", 11) // => "cheap…in-4s"
 */
export function shortName(name: string, lengthMax = 24): string {
  const clean = printable(name);
  if (clean.length <= lengthMax) return clean;
  const tail = Math.floor((lengthMax - 1) / 2);
  return `${clean.slice(0, lengthMax - 1 - tail)}…${clean.slice(clean.length - tail)}`;
}

/** A Vega expression that prints `names[datum.value]`; the names are only ever string literals in it. */
export function labelByIndex(names: readonly string[]): string {
  return `${JSON.stringify(names.map((name) => shortName(name)))}[datum.value]`;
}

/**
 * Breaks text at spaces into lines of at most `lengthMax` characters, at least a word each.
 *
 * @example breakLines("to be or not", 6) // => ["to be", "or not"]
 */
export function breakLines(text: string, lengthMax: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of printable(text).split(" ")) {
    if (line !== "" && line.length + 1 + word.length > lengthMax) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** Where the name of a point goes, px from the top left corner of the plot. */
export interface PointLabel {
  readonly x: number;
  readonly y: number;
  readonly align: "left" | "right" | "center";
  /** Where the label is so far from its point that a line has to join them. */
  readonly leader?: { readonly from: Spot; readonly to: Spot };
}

interface Spot {
  readonly x: number;
  readonly y: number;
}

const CHARACTER_WIDTH_PX = 6.6;
const LABEL_HEIGHT_PX = 14;

/**
 * Places one label beside each point (px) so that labels neither cover each other nor a point nor leave the plot, if a
 * free place exists: beside the point and clear of the `obstacles` (intervals, lines), further off and clear of them
 * with a line to the point, beside it across an obstacle; else to the right.
 */
export function placeLabels(
  points: readonly { readonly x: number; readonly y: number; readonly text: string }[],
  plot: { readonly width: number; readonly height: number; readonly obstacles?: readonly Box[] },
): PointLabel[] {
  const taken: Box[] = points.map(({ x, y }) => ({ left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 }));
  const obstacles = plot.obstacles ?? [];
  return points.map((point, index) => {
    const width = point.text.length * CHARACTER_WIDTH_PX;
    const places = candidates(point, width);
    const isFree = (box: Box) => {
      const inside = box.left >= 0 && box.right <= plot.width && box.top >= 0 && box.bottom <= plot.height;
      return inside && taken.every((other, at) => at === index || !touches(box, other));
    };
    const isClear = ({ box }: Place) => isFree(box) && obstacles.every((other) => !touches(box, other));
    const chosen =
      places.find(isClear) ??
      farCandidates(point, width).find(isClear) ??
      places.find(({ box }) => isFree(box)) ??
      places[0]!;
    taken.push(chosen.box);
    return chosen.label;
  });
}

/** A rectangle in px, y downwards. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

interface Place {
  readonly label: PointLabel;
  readonly box: Box;
}

/** Places in rings around the point, nearest first, each joined to it by a line. */
function farCandidates(point: Spot, width: number): Place[] {
  const places: Place[] = [];
  for (const away of [44, 60, 80, 104, 132, 164]) {
    for (const [dx, dy] of [
      [0.7, -0.7],
      [0.7, 0.7],
      [-0.7, -0.7],
      [-0.7, 0.7],
      [0.95, -0.3],
      [0.95, 0.3],
      [-0.95, -0.3],
      [-0.95, 0.3],
      [0.3, -0.95],
      [0.3, 0.95],
      [-0.3, -0.95],
      [-0.3, 0.95],
    ] as const) {
      const to = { x: point.x + dx * away, y: point.y + dy * away };
      const align = dx > 0 ? ("left" as const) : ("right" as const);
      const x = to.x + (dx > 0 ? 3 : -3);
      places.push(placeAt({ x, y: to.y, align, leader: { from: { x: point.x, y: point.y }, to } }, width));
    }
  }
  return places;
}

function candidates(point: Spot, width: number): Place[] {
  const offsets = [0, -13, 13, -20, 20, -32, 32];
  const sideways = offsets.flatMap((dy) => [
    { x: point.x + 10, y: point.y + dy, align: "left" as const },
    { x: point.x - 10, y: point.y + dy, align: "right" as const },
  ]);
  const stacked = [-15, 15, -28, 28].map((dy) => ({ x: point.x, y: point.y + dy, align: "center" as const }));
  return [...sideways.slice(0, 2), ...stacked.slice(0, 2), ...sideways.slice(2), ...stacked.slice(2)].map((label) =>
    placeAt(label, width),
  );
}

function placeAt(label: PointLabel, width: number): Place {
  const left = label.align === "left" ? label.x : label.align === "right" ? label.x - width : label.x - width / 2;
  const half = LABEL_HEIGHT_PX / 2;
  return { label, box: { left, right: left + width, top: label.y - half, bottom: label.y + half } };
}

function touches(one: Box, other: Box): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}
