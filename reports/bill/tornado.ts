/** A tornado: what moves a total, the strongest driver on top, each as a bar from its low to its high. */

import { toNumber } from "../../simulator/bill/bill-line.ts";
import type { Projection } from "../../simulator/bill/project.ts";
import { type Markup, markup } from "../html/elements.ts";

const WIDTH = 720;
const ROW = 34;
const LEFT = 170;
const RIGHT = 80;
const TOP = 26;

/**
 * A bar for each driver, the widest on top, around a dashed line at the middle; its ends are written beside it.
 *
 * @param drivers at least one, each with the total at its low and at its high
 * @param middle  the total with every driver in the middle, USD
 */
export function tornadoSvg(drivers: Projection["tornado"], middle: number): Markup {
  const bars = drivers
    .map(({ driver, lowUsd, highUsd }) => ({ driver, low: toNumber(lowUsd), high: toNumber(highUsd) }))
    .toSorted((a, b) => b.high - b.low - (a.high - a.low));
  const low = Math.min(middle, ...bars.map((bar) => bar.low));
  const high = Math.max(middle, ...bars.map((bar) => bar.high));
  const span = high - low || 1;
  const x = (usd: number) => LEFT + 40 + ((usd - low) / span) * (WIDTH - LEFT - RIGHT - 40);
  const height = TOP + bars.length * ROW + 8;
  const label = bars.map((bar) => `${bar.driver} from USD ${whole(bar.low)} to ${whole(bar.high)}`).join("; ");
  return markup`<svg viewBox="0 0 ${WIDTH} ${height}" width="100%" role="img" aria-label="What drives the total: ${label}" font-family="sans-serif" font-size="11" fill="currentColor">
<line x1="${x(middle)}" x2="${x(middle)}" y1="${TOP - 6}" y2="${height - 4}" stroke="currentColor" stroke-dasharray="4 3"/>
<text x="${x(middle)}" y="12" text-anchor="middle">USD ${whole(middle)}</text>
${bars.map(
  (bar, i) => markup`<text x="${LEFT - 34}" y="${TOP + i * ROW + 15}" text-anchor="end">${bar.driver}</text>
<rect x="${x(bar.low)}" y="${TOP + i * ROW}" width="${Math.max(1, x(bar.high) - x(bar.low))}" height="22" fill="#3b6fb6" fill-opacity="0.6"/>
<text x="${x(bar.low) - 5}" y="${TOP + i * ROW + 15}" text-anchor="end">${whole(bar.low)}</text>
<text x="${x(bar.high) + 5}" y="${TOP + i * ROW + 15}">${whole(bar.high)}</text>`,
)}
</svg><p class="subtitle">USD of the whole time: one driver at a time at its 10 % and 90 % quantile, the others in the middle (dashed).</p>`;
}

function whole(usd: number): string {
  return Math.round(usd).toLocaleString("en-US");
}
