/** A projection of the bill as page, spreadsheet and text: a fan over the months, and what drives the total. */
import { printable } from "../../simulator/base/errors.ts";
import { type Decimal, formatCents, toNumber } from "../../simulator/bill/bill-line.ts";
import { type Projection, QUANTILES } from "../../simulator/bill/project.ts";
import { centsText } from "../advice/section.ts";
import { formatNumber, plural } from "../base/text.ts";
import { markup, tableHtml, wideHtml } from "../html/elements.ts";
import { pageHtml } from "../html/page.ts";
import { csvRows, leftColumn, rightColumn, type Table, textCell, toCsv } from "../tables/table.ts";
import { type TerminalOptions, terminalTable, wrap } from "../text/terminal.ts";
import { fanSvg } from "./fan.ts";
import { tornadoSvg } from "./tornado.ts";

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
    markup`<section class="chart"><h2>${price.name}</h2>${wideHtml(price.name, fanSvg(price.name, months))}</section>`,
)}
<section><h2>What drives the total</h2>${wideHtml("What drives the total", tornadoSvg(projection.tornado, toNumber(projection.scenarios[0]!.totalUsd[2]!)))}${tableHtml(tornadoTable(report))}</section>
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
  return `${plural(months.length, "month", "months")} of this usage cost between USD ${low} and USD ${high} with a probability of 80 % if nothing is changed and ${rests}; if growth ends now, between USD ${wholeUsd(withoutGrowthUsd[0]!)} and USD ${wholeUsd(withoutGrowthUsd.at(-1)!)}.`;
}

function wholeUsd(amount: Decimal): string {
  return formatNumber(toNumber(amount), 0);
}

function basis({ projection, file }: ProjectionReport): string {
  const { firstDay, lastDay, days } = projection;
  return `From ${plural(days, "day", "days")} of ${file}, ${firstDay} to ${lastDay}.`;
}

const MONTH_NAMES = "January February March April May June July August September October November December".split(" ");

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

function assumptions({ growth, weekdays, seasons }: Projection): readonly string[] {
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
    "Usage only: credits, taxes and commitments are left out.",
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
