/** A fan over months: bands between quantiles, darker towards the median, with the amounts at both ends. */

import { toNumber } from "../../simulator/bill/bill-line.ts";
import type { ProjectedMonth } from "../../simulator/bill/project.ts";
import { type Markup, markup } from "../html/elements.ts";

const WIDTH = 720;
const HEIGHT = 260;
const LEFT = 70;
const RIGHT = 20;
const BOTTOM = 30;
const TOP = 12;

/**
 * @param name   what the picture is of, read aloud to those who do not see it
 * @param months at least one, each with five quantiles
 */
export function fanSvg(name: string, months: readonly ProjectedMonth[]): Markup {
  const values = months.map(({ usd }) => usd.map(toNumber));
  const top = ceilingOf(Math.max(...values.flat()));
  const x = (i: number) => LEFT + (months.length === 1 ? 0.5 : i / (months.length - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (usd: number) => HEIGHT - BOTTOM - (usd / top) * (HEIGHT - BOTTOM - TOP);
  const at = (i: number, q: number) => `${x(i).toFixed(1)},${y(values[i]![q]!).toFixed(1)}`;
  const band = (low: number, high: number) =>
    [...[...values.keys()].map((i) => at(i, low)), ...[...values.keys()].reverse().map((i) => at(i, high))].join(" ");
  const median = [...values.keys()].map((i) => at(i, 2)).join(" ");
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => share * top);
  const last = values.at(-1)!;
  const label = `${name}: in ${months.at(-1)!.month} between USD ${Math.round(last[0]!)} and ${Math.round(last[4]!)}, median ${Math.round(last[2]!)}`;
  return markup`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="100%" role="img" aria-label="${label}" font-family="sans-serif" font-size="11" fill="currentColor">
${ticks.map(
  (
    usd,
  ) => markup`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(usd)}" y2="${y(usd)}" stroke="currentColor" stroke-opacity="0.15"/>
<text x="${LEFT - 6}" y="${y(usd) + 4}" text-anchor="end">${usdLabel(usd)}</text>`,
)}
<polygon points="${band(0, 4)}" fill="#3b6fb6" fill-opacity="0.25"/>
<polygon points="${band(1, 3)}" fill="#3b6fb6" fill-opacity="0.35"/>
<polyline points="${median}" fill="none" stroke="#3b6fb6" stroke-width="2"/>
${months.map(({ month }, i) => (i % Math.ceil(months.length / 6) === 0 ? markup`<text x="${x(i)}" y="${HEIGHT - 10}" text-anchor="middle">${month}</text>` : ""))}
</svg><p class="subtitle">USD a month: the median, half of the probability in the dark band, 80 % in both.</p>`;
}

/** The next 1, 2 or 5 times a power of ten. */
function ceilingOf(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((digit) => digit * power).find((round) => round >= value)!;
}

function usdLabel(usd: number): string {
  return usd >= 10_000 ? `${Math.round(usd / 1000)}k` : String(Number(usd.toPrecision(3)));
}
