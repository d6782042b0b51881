/** Pictures of a bill: its largest groups as bars, and its days as columns; each for a page and for a telephone. */
import { DAY_MS } from "../../simulator/base/time.ts";
import { toNumber } from "../../simulator/bill/bill-line.ts";
import type { SpendDimension, SpendGroup } from "../../simulator/bill/spend.ts";
import { formatNumber } from "../base/text.ts";
import { type Markup, markup, WIDE_PX } from "../html/elements.ts";

const BAR = 20;
const BARS_SHOWN = 12;
/** Of a name beside its bar, in characters. */
const NAME_MAX = 30;

/** As tables and pictures name a group. */
export function groupName(key: string | undefined): string {
  return key === undefined ? "(not said)" : key === "" ? "(untagged)" : key;
}

/** The largest groups as bars from zero; on a narrow page names stand above their bars. */
export function barsSvg(dimension: SpendDimension, groups: readonly SpendGroup[], width = WIDE_PX): Markup {
  const isNarrow = width < WIDE_PX;
  const shown = groups
    .slice(0, BARS_SHOWN)
    .map(({ key, costUsd }) => ({ name: groupName(key), usd: toNumber(costUsd) }));
  const top = Math.max(1e-9, ...shown.map(({ usd }) => usd));
  const row = isNarrow ? BAR + 24 : BAR + 6;
  const left = isNarrow ? 0 : 200;
  const room = width - left - (isNarrow ? 80 : 100);
  const label = shown.map(({ name, usd }) => `${name} USD ${usd.toFixed(0)}`).join("; ");
  return markup`<svg viewBox="0 0 ${width} ${shown.length * row + 6}" width="100%" role="img" aria-label="Spend by ${dimension}: ${label}" font-family="sans-serif" font-size="11" fill="currentColor">
${shown.map(({ name, usd }, i) => {
  const y = 4 + i * row + (isNarrow ? 16 : 0);
  const size = Math.max(0, (usd / top) * room);
  const named = isNarrow
    ? markup`<text x="0" y="${y - 5}">${name.slice(0, 2 * NAME_MAX)}</text>`
    : markup`<text x="${left - 10}" y="${y + 14}" text-anchor="end">${name.slice(0, NAME_MAX)}</text>`;
  return markup`${named}
<rect x="${left}" y="${y}" width="${size.toFixed(1)}" height="${BAR}" fill="#3b6fb6" fill-opacity="0.75"/>
<text x="${(left + 6 + size).toFixed(1)}" y="${y + 14}">${formatNumber(usd, 2)}</text>`;
})}
</svg>`;
}

interface DaysOptions {
  /** Else groups are periods of other lengths, each by its first day. */
  readonly isByDay: boolean;
  readonly width?: number;
}

/** A column for each day, in order; days without usage are gaps. */
export function daysSvg(groups: readonly SpendGroup[], { isByDay, width = WIDE_PX }: DaysOptions): Markup {
  const usd = new Map(
    groups.flatMap(({ key, costUsd }) => (key === undefined ? [] : [[key, toNumber(costUsd)] as const])),
  );
  const keys = isByDay ? everyDay([...usd.keys()]) : [...usd.keys()].sort();
  const top = Math.max(1e-9, ...usd.values());
  const left = 60;
  const step = (width - left - 10) / Math.max(1, keys.length);
  const labels = Math.max(1, Math.floor((width - left) / 80));
  const label = `${usd.size} ${isByDay ? "days" : "periods"}, USD ${top.toFixed(0)} on the dearest`;
  return markup`<svg viewBox="0 0 ${width} 190" width="100%" role="img" aria-label="Spend by day: ${label}" font-family="sans-serif" font-size="11" fill="currentColor">
<line x1="${left}" x2="${width - 10}" y1="160" y2="160" stroke="currentColor" stroke-opacity="0.4"/>
<text x="${left - 6}" y="14" text-anchor="end">${formatNumber(top, 0)}</text><text x="${left - 6}" y="164" text-anchor="end">0</text>
${keys.map((key, i) => {
  const size = Math.max(0, ((usd.get(key) ?? 0) / top) * 150);
  const x = left + i * step;
  const mark =
    i % Math.max(1, Math.ceil(keys.length / labels)) === 0
      ? markup`<text x="${x.toFixed(1)}" y="178">${isByDay ? key.slice(5) : key.slice(0, 7)}</text>`
      : "";
  return markup`<rect x="${x.toFixed(1)}" y="${(160 - size).toFixed(1)}" width="${Math.max(0.5, step - 1).toFixed(1)}" height="${size.toFixed(1)}" fill="#3b6fb6" fill-opacity="0.75"/>${mark}`;
})}
</svg><p class="subtitle">USD of usage ${isByDay ? "by day, UTC" : "by period, each at its first day, UTC"}.</p>`;
}

/** The days between the first and the last, those that are not named among them. */
function everyDay(keys: readonly string[]): readonly string[] {
  const days = keys.map((key) => Date.parse(`${key}T00:00:00Z`) / DAY_MS).sort((a, b) => a - b);
  const first = days[0] ?? 0;
  const count = days.length === 0 ? 0 : days.at(-1)! - first + 1;
  return Array.from({ length: count }, (_, i) => new Date((first + i) * DAY_MS).toISOString().slice(0, 10));
}
