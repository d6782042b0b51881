/**
 * A projection of the bill as page, spreadsheet and text: a fan over the months (bands between quantiles, darker towards the
 * median), and a tornado of what drives the total, the strongest driver on top.
 */
import { printable } from "../../simulator/base/errors.ts";
import { type Decimal, formatCents, toNumber } from "../../simulator/bill/bill-line.ts";
import { type ProjectedMonth, type Projection, QUANTILES } from "../../simulator/bill/project.ts";
import { centsText } from "../advice/section.ts";
import { formatNumber, plural } from "../base/text.ts";
import { type Markup, markup, picturesHtml, tableHtml, WIDE_PX } from "../html/elements.ts";
import { pageHtml } from "../html/page.ts";
import { csvRows, leftColumn, rightColumn, type Table, textCell, toCsv } from "../tables/table.ts";
import { type TerminalOptions, terminalTable, wrap } from "../text/terminal.ts";

/** What is projected, for the heads of all three forms. */
export interface ProjectionReport {
  readonly projection: Projection;
  /** Name of the bill's file. */
  readonly file: string;
}

/** Months by price scenario, with the total last; amounts to the cent. */
export function projectionTable({ projection }: ProjectionReport): Table {
  const cells = (usd: readonly Decimal[]) =>
    usd.map((amount) => ({ text: centsText(amount), value: formatCents(amount) }));
  return {
    id: "projection",
    caption:
      "USD by month and quantile: with a probability of 10 % the spend is below the first, of 90 % below the last.",
    columns: [
      leftColumn("prices", "prices"),
      leftColumn("month", "month"),
      ...QUANTILES.map((q) => rightColumn(`${100 * q} %`, `usd_p${100 * q}`)),
    ],
    rows: projection.scenarios.flatMap(({ price, months, totalUsd }) => [
      ...months.map(({ month, usd }) => ({ cells: [textCell(price.name), textCell(month), ...cells(usd)] })),
      { cells: [textCell(price.name), textCell("total"), ...cells(totalUsd)] },
    ]),
  };
}

function tornadoTable({ projection }: ProjectionReport): Table {
  return {
    id: "drivers",
    caption: "Total when one driver is at its 10 % or 90 % quantile, or at the lowest and highest price scenario.",
    columns: [leftColumn("driver", "driver"), rightColumn("low, USD", "low_usd"), rightColumn("high, USD", "high_usd")],
    rows: projection.tornado.map(({ driver, lowUsd, highUsd }) => ({
      cells: [driver, centsText(lowUsd), centsText(highUsd)].map(textCell),
    })),
  };
}

/** For a spreadsheet: cells that begin like a formula are made text. */
export function renderProjectionCsv(report: ProjectionReport): string {
  return toCsv(csvRows(projectionTable(report)));
}

/** One page that loads nothing and prints. */
export function renderProjectionHtml(report: ProjectionReport): string {
  const { projection, file } = report;
  const page = pageHtml({
    title: `Projection of ${file}`,
    heading: "What the next months may cost",
    description: `${projectionHeadline(projection)} ${basis(report)}`,
    strategies: [],
    main: markup`
${projection.scenarios.map(
  ({ price, months }) =>
    markup`<section class="chart"><h2>${price.name}</h2>${picturesHtml((width) => fanSvg(price.name, months, width))}</section>`,
)}
<section><h2>What drives the total</h2>${picturesHtml((width) => tornadoSvg(projection.tornado, toNumber(projection.scenarios[0]!.totalUsd[2]!), width))}${tableHtml(tornadoTable(report))}</section>
<section><h2>Every month</h2>${tableHtml(projectionTable(report))}</section>
<section><h2>What this rests on</h2><ul>${assumptions(projection).map((text) => markup`<li>${text}</li>`)}</ul></section>
<section><h2>Signed off</h2><p>Name, date: ______________________________</p></section>`,
    footer: "Made by meridian project.",
  });
  return String(page);
}

/** The total of each price scenario, the drivers, and what it rests on. */
export function renderProjectionText(report: ProjectionReport, options: TerminalOptions): string {
  const { projection } = report;
  const right = QUANTILES.map(() => "right" as const);
  return [
    ...wrap(printable(`${projectionHeadline(projection)} ${basis(report)}`), options.width),
    "",
    ...terminalTable(
      [
        ["total, USD", ...QUANTILES.map((q) => `${100 * q} %`)],
        ...projection.scenarios.map(({ price, totalUsd }) => [printable(price.name), ...totalUsd.map(centsText)]),
      ],
      { aligns: ["left", ...right], gap: 1, widths: [22, ...QUANTILES.map(() => 12)] },
    ),
    "",
    ...terminalTable(
      [
        ["driver", "low, USD", "high, USD"],
        ...projection.tornado.map(({ driver, lowUsd, highUsd }) => [driver, centsText(lowUsd), centsText(highUsd)]),
      ],
      { aligns: ["left", "right", "right"], gap: 2, widths: [22, 16, 16] },
    ),
    "",
    ...assumptions(projection).flatMap((text) => wrap(`- ${text}`, options.width)),
  ].join("\n");
}

/** The range of the total, the growth that it rests on, and what it would be without. */
export function projectionHeadline({ scenarios, growth, withoutGrowthUsd }: Projection): string {
  const { months, totalUsd } = scenarios[0]!;
  const [low, high] = [totalUsd[0]!, totalUsd.at(-1)!].map(wholeUsd);
  const span = growth.quantiles.map((share) => `${(100 * share).toFixed(1)} %`);
  const rests =
    growth.source === "given"
      ? `growth is ${span[0]} to ${span[2]} a month`
      : `the bill's trend of ${span[1]} a month (${span[0]} to ${span[2]}) lasts`;
  return `${plural(months.length, "month", "months")} of this usage from ${monthName(months[0]!.month)} on cost between USD ${low} and USD ${high} with a probability of 80 % if nothing is changed and ${rests}; if growth ends now, between USD ${wholeUsd(withoutGrowthUsd[0]!)} and USD ${wholeUsd(withoutGrowthUsd.at(-1)!)}.`;
}

function wholeUsd(amount: Decimal): string {
  return formatNumber(toNumber(amount), 0);
}

function basis({ projection, file }: ProjectionReport): string {
  const { firstDay, lastDay, days } = projection;
  return [
    `From ${plural(days, "day", "days")} of ${file}, ${firstDay} to ${lastDay}.`,
    ...projectionGaps(projection),
  ].join(" ");
}

/** Which days of the bill the projection leaves out, or takes for days without spend; nothing where there are none. */
export function projectionGaps({ gaps }: Projection): readonly string[] {
  const { estimatedDays, cutDays, emptyDays, ifMissing } = gaps;
  return [
    ...(estimatedDays === 0
      ? []
      : [`${plural(estimatedDays, "day", "days")} whose amounts may still change ${isAre(estimatedDays)} left out.`]),
    ...(cutDays.length === 0
      ? []
      : [
          `Left out for so little spend that ${cutDays.length === 1 ? "it looks like a part of a day" : "they look like parts of days"}: ${cutDays.join(", ")}.`,
        ]),
    ...(emptyDays === 0
      ? []
      : [
          `${plural(emptyDays, "day", "days")} between ${emptyDays === 1 ? "has" : "have"} no spend, and the months ahead have as many in proportion; if the export only lacks them, the months cost ${(100 * (ifMissing - 1)).toFixed(0)} % more.`,
        ]),
  ];
}

function isAre(count: number): string {
  return count === 1 ? "is" : "are";
}

const MONTH_NAMES = "January February March April May June July August September October November December".split(" ");

/** `October 2026` of `2026-10`. */
function monthName(month: string): string {
  return `${MONTH_NAMES[Number(month.slice(5)) - 1]} ${month.slice(0, 4)}`;
}

function seasonText({ factors, source }: Projection["seasons"]): string {
  if (source === "none")
    return "Seasons of the year: none; a bill of less than two years tells none. Give your own: --season 12=-30%.";
  const changed = factors.flatMap((factor, month) =>
    Math.abs(factor - 1) < 0.005
      ? []
      : [`${MONTH_NAMES[month]} ${factor < 1 ? "" : "+"}${(100 * (factor - 1)).toFixed(0)} %`],
  );
  return `Seasons of the year, ${source === "given" ? "as given" : "from the bill's two years or more"}: ${changed.join(", ")}.`;
}

function assumptions({ growth, weekdays, seasons, otherUsageUsd }: Projection): readonly string[] {
  const [low, middle, high] = growth.quantiles.map((share) => `${(100 * share).toFixed(1)} %`);
  const where = growth.source === "given" ? "as given" : "by the trend of the bill, which may not last";
  const [least, most] = [Math.min(...weekdays), Math.max(...weekdays)];
  return [
    `Growth a month: ${middle} (${low} to ${high}, 10 to 90 % quantile), ${where}.`,
    least === most
      ? "Weekdays: no difference."
      : `Weekdays: from ${(100 * least).toFixed(0)} % to ${(100 * most).toFixed(0)} % of the mean day.`,
    seasonText(seasons),
    "Months move together: the quantiles of the total are the sums of those of the months, so the fan is wide rather than narrow.",
    "All are estimates: a log-linear trend with weekdays by least squares, its errors widened for the correlation of days; a given growth or season counts as said. Nothing is known of what neither the bill nor the options say.",
    `Usage only: credits, taxes and commitments are left out${otherUsageUsd === 0n ? "" : `, and so is other usage of Bedrock, USD ${centsText(otherUsageUsd)} on the bill (provisioned and reserved capacity, guardrails ...)`}.`,
  ];
}

/** For scripts: amounts as decimals in texts, to the cent. */
export function projectionJson(projection: Projection): Record<string, unknown> {
  return JSON.parse(
    JSON.stringify({ quantiles: QUANTILES, ...projection }, (_, value) =>
      typeof value === "bigint" ? formatCents(value) : value,
    ),
  );
}

const FAN_HEIGHT = 260;
const FAN_LEFT = 70;
const FAN_RIGHT = 20;
const FAN_BOTTOM = 30;
const FAN_TOP = 12;

/**
 * @param name   what the picture is of, read aloud to those who do not see it
 * @param months at least one, each with five quantiles
 * @param width  of the picture, px
 */
export function fanSvg(name: string, months: readonly ProjectedMonth[], width = WIDE_PX): Markup {
  const values = months.map(({ usd }) => usd.map(toNumber));
  const top = ceilingOf(Math.max(...values.flat()));
  const x = (i: number) =>
    FAN_LEFT + (months.length === 1 ? 0.5 : i / (months.length - 1)) * (width - FAN_LEFT - FAN_RIGHT);
  const y = (usd: number) => FAN_HEIGHT - FAN_BOTTOM - (usd / top) * (FAN_HEIGHT - FAN_BOTTOM - FAN_TOP);
  const at = (i: number, q: number) => `${x(i).toFixed(1)},${y(values[i]![q]!).toFixed(1)}`;
  const band = (low: number, high: number) =>
    [...[...values.keys()].map((i) => at(i, low)), ...[...values.keys()].reverse().map((i) => at(i, high))].join(" ");
  const median = [...values.keys()].map((i) => at(i, 2)).join(" ");
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => share * top);
  const last = values.at(-1)!;
  const label = `${name}: in ${months.at(-1)!.month} between USD ${Math.round(last[0]!)} and ${Math.round(last[4]!)}, median ${Math.round(last[2]!)}`;
  return markup`<svg viewBox="0 0 ${width} ${FAN_HEIGHT}" width="100%" role="img" aria-label="${label}" font-family="sans-serif" font-size="11" fill="currentColor">
${ticks.map(
  (
    usd,
  ) => markup`<line x1="${FAN_LEFT}" x2="${width - FAN_RIGHT}" y1="${y(usd)}" y2="${y(usd)}" stroke="currentColor" stroke-opacity="0.15"/>
<text x="${FAN_LEFT - 6}" y="${y(usd) + 4}" text-anchor="end">${usdLabel(usd)}</text>`,
)}
<polygon points="${band(0, 4)}" fill="#3b6fb6" fill-opacity="0.25"/>
<polygon points="${band(1, 3)}" fill="#3b6fb6" fill-opacity="0.35"/>
<polyline points="${median}" fill="none" stroke="#3b6fb6" stroke-width="2"/>
${months.map(({ month }, i) => (i % Math.ceil(months.length / Math.floor(width / 100)) === 0 ? markup`<text x="${x(i)}" y="${FAN_HEIGHT - 10}" text-anchor="middle">${month}</text>` : ""))}
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

const TORNADO_ROW = 34;
const TORNADO_LEFT = 170;
const TORNADO_RIGHT = 80;
const TORNADO_TOP = 26;

/**
 * A bar for each driver, the widest on top, around a dashed line at the middle; its ends are written beside it.
 *
 * @param drivers at least one, each with the total at its low and at its high
 * @param middle  the total with every driver in the middle, USD
 * @param width   of the picture, px; on a narrow one names and ends stand above their bars
 */
export function tornadoSvg(drivers: Projection["tornado"], middle: number, width = WIDE_PX): Markup {
  const bars = drivers
    .map(({ driver, lowUsd, highUsd }) => ({ driver, low: toNumber(lowUsd), high: toNumber(highUsd) }))
    .toSorted((a, b) => b.high - b.low - (a.high - a.low));
  const low = Math.min(middle, ...bars.map((bar) => bar.low));
  const high = Math.max(middle, ...bars.map((bar) => bar.high));
  const span = high - low || 1;
  const isNarrow = width < WIDE_PX;
  const left = isNarrow ? 4 : TORNADO_LEFT + 40;
  const x = (usd: number) => left + ((usd - low) / span) * (width - left - (isNarrow ? 4 : TORNADO_RIGHT));
  const row = isNarrow ? TORNADO_ROW + 16 : TORNADO_ROW;
  const height = TORNADO_TOP + bars.length * row + 8;
  // The total is written at its line, and stays within the picture.
  const at = Math.min(width - 50, Math.max(50, x(middle)));
  const label = bars.map((bar) => `${bar.driver} from USD ${whole(bar.low)} to ${whole(bar.high)}`).join("; ");
  return markup`<svg viewBox="0 0 ${width} ${height}" width="100%" role="img" aria-label="What drives the total: ${label}" font-family="sans-serif" font-size="11" fill="currentColor">
<line x1="${x(middle)}" x2="${x(middle)}" y1="${TORNADO_TOP - 6}" y2="${height - 4}" stroke="currentColor" stroke-dasharray="4 3"/>
<text x="${at}" y="12" text-anchor="middle">USD ${whole(middle)}</text>
${bars.map((bar, i) => tornadoBar(bar, { x, y: TORNADO_TOP + i * row, isNarrow }))}
</svg><p class="subtitle">USD of the whole time: one driver at a time at its 10 % and 90 % quantile, the others in the middle (dashed).</p>`;
}

interface TornadoPlace {
  readonly x: (usd: number) => number;
  readonly y: number;
  readonly isNarrow: boolean;
}

function tornadoBar(
  { driver, low, high }: { readonly driver: string; readonly low: number; readonly high: number },
  { x, y, isNarrow }: TornadoPlace,
): Markup {
  const top = isNarrow ? y + 16 : y;
  const rect = markup`<rect x="${x(low)}" y="${top}" width="${Math.max(1, x(high) - x(low))}" height="22" fill="#3b6fb6" fill-opacity="0.6"/>`;
  if (isNarrow)
    return markup`<text x="4" y="${y + 11}">${driver}: ${whole(low)} to ${whole(high)}</text>
${rect}`;
  return markup`<text x="${TORNADO_LEFT - 34}" y="${y + 15}" text-anchor="end">${driver}</text>
${rect}
<text x="${x(low) - 5}" y="${y + 15}" text-anchor="end">${whole(low)}</text>
<text x="${x(high) + 5}" y="${y + 15}">${whole(high)}</text>`;
}

function whole(usd: number): string {
  return Math.round(usd).toLocaleString("en-US");
}
