/** The page of a bill: what is spent, who could move, what it would save, the year ahead, and a line to sign on. */

import { type Decimal, formatDecimal, sumOf, toNumber } from "../../simulator/bill/bill-line.ts";
import type { Projection } from "../../simulator/bill/project.ts";
import { type SpendDimension, type SpendGroup, usageLines } from "../../simulator/bill/spend.ts";
import { centsText } from "../advice/section.ts";
import { formatNumber } from "../base/text.ts";
import { foldedTable, type Markup, markup, tableHtml, wideHtml } from "../html/elements.ts";
import { pageHtml } from "../html/page.ts";
import { leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";
import { fanSvg, projectionGaps, projectionHeadline, projectionTable, tornadoSvg } from "./projection.ts";
import { bestRouting, type ReplayReport, replayText, savingsSvg, savingsTable } from "./savings.ts";
import { type BillReport, certainty, headline, PART_NAMES, workloadText } from "./text.ts";

export interface BillPage {
  readonly report: BillReport;
  /** Spend by day: of the teams where the bill tells them. */
  readonly byDay: readonly SpendGroup[];
  readonly replay: ReplayReport | undefined;
  /** Undefined where the bill is too short for a trend. */
  readonly projection: Projection | undefined;
  /** Name of the bill's file. */
  readonly file: string;
}

/** One page that loads nothing and prints. */
export function renderBillHtml(page: BillPage): string {
  const { report, replay, projection, file } = page;
  const days = page.byDay.toSorted((a, b) => ((a.key ?? "") < (b.key ?? "") ? -1 : 1));
  const total = sumOf(report.parts.map(({ costUsd }) => costUsd));
  const sections: readonly (Markup | "")[] = [
    section("In short", markup`<ul>${inShort(page).map((text) => markup`<li>${text}</li>`)}</ul>`),
    section(
      "Day by day",
      markup`${wideHtml("Day by day", daysSvg(days))}${foldedTable("Every day", groupTable("day", days))}`,
    ),
    ...report.groupings
      .filter(({ groups }) => groups.some(({ key }) => key !== undefined))
      .map(({ dimension, groups }) =>
        section(
          `By ${dimension.replace("tag:", "")}`,
          markup`${wideHtml(dimension, barsSvg(dimension, groups))}${tableHtml(groupTable(dimension, groups))}`,
        ),
      ),
    report.candidates.length === 0 ? "" : section("Who could be routed otherwise", tableHtml(candidateTable(report))),
    replay === undefined
      ? ""
      : section(
          "What routing would save",
          markup`<p>${replayText(replay)}</p>${wideHtml("Saving by team", savingsSvg(replay))}${tableHtml(savingsTable(replay))}`,
        ),
    projection === undefined ? "" : section("The months ahead", projected(projection, file)),
    section("The whole bill", tableHtml(partTable(report, total))),
    report.features.length === 0
      ? ""
      : section("Bedrock, no tokens", tableHtml(groupTable("feature", report.features))),
    report.remarks.length === 0 ? "" : section("Not attributed, or odd", tableHtml(remarkTable(report))),
    section(
      "How sure these figures are",
      markup`<ul>${certainty(report).map((text) => markup`<li>${text}</li>`)}</ul>`,
    ),
    section("Signed off", markup`<p>Name, date: ______________________________</p>`),
  ];
  return String(
    pageHtml({
      title: `Bill of ${file}`,
      heading: "What is billed, and what to do about it",
      description: `From ${file}: ${report.bill.export.costBasis} costs, ${report.bill.lines.length.toLocaleString("en-US")} lines.`,
      strategies: [],
      main: markup`${sections}`,
      footer: "Made by meridian bill.",
    }),
  );
}

/** The answers, each with its range, before what they rest on. */
function inShort({ report, replay, projection }: BillPage): readonly string[] {
  const best = replay === undefined ? undefined : bestRouting(replay);
  return [
    headline(report, sumOf(usageLines(report.bill).map(({ line }) => line.costUsd))),
    // Who signs the page has not seen what the terminal said of the export.
    ...report.bill.export.notes.map((note) => `Of the export: ${note}.`),
    ...(best === undefined ? [] : [best]),
    ...(projection === undefined ? [] : [projectionHeadline(projection)]),
    ...(report.remarks.length === 0
      ? []
      : [
          `USD ${centsText(sumOf(report.remarks.map(({ costUsd }) => costUsd)))} is not attributed or odd, and counted in the total.`,
        ]),
  ];
}

function section(title: string, body: Markup | string): Markup {
  return markup`<section><h2>${title}</h2>${body}</section>`;
}

function projected(projection: Projection, file: string): Markup {
  const [flat] = projection.scenarios;
  const middle = toNumber(flat!.totalUsd[2]!);
  const others = projection.scenarios.slice(1);
  return markup`<p>${[projectionHeadline(projection), ...projectionGaps(projection)].join(" ")}</p>${wideHtml("The months ahead", fanSvg("If nothing is changed", flat!.months))}
${others.map(({ price, months }) => markup`<p class="caption">Under the routing ${price.name}:</p>${wideHtml(price.name, fanSvg(price.name, months))}`)}
${wideHtml("What drives the total", tornadoSvg(projection.tornado, middle))}
${tableHtml(projectionTable({ projection, file }))}`;
}

function money(value: Decimal) {
  return { text: centsText(value), value: formatDecimal(value) };
}

function groupTable(dimension: string, groups: readonly SpendGroup[]): Table {
  return {
    id: `by-${dimension.replace(/[^a-z]/gi, "-")}`,
    caption: "USD of usage.",
    columns: [
      leftColumn(dimension.replace("tag:", ""), "key"),
      rightColumn("USD", "usd"),
      rightColumn("lines", "lines"),
    ],
    rows: groups.map(({ key, costUsd, lines }) => ({
      cells: [textCell(nameOf(key)), money(costUsd), { text: formatNumber(lines, 0), value: lines }],
    })),
  };
}

function nameOf(key: string | undefined): string {
  return key === undefined ? "(not said)" : key === "" ? "(untagged)" : key;
}

function candidateTable({ candidates }: BillReport): Table {
  const isKnown = candidates.some(({ workload }) => workload !== undefined);
  return {
    id: "candidates",
    caption: "At most saved by list price, before quotas, latency and cache losses.",
    columns: [
      leftColumn("team", "team"),
      leftColumn("model", "model"),
      rightColumn("USD", "usd"),
      rightColumn("million tokens", "mtok"),
      ...(isKnown ? [leftColumn("can live with", "workload")] : []),
      leftColumn("cheapest way", "option"),
      rightColumn("saves, USD", "saving_usd"),
    ],
    rows: candidates.map(({ group, model, costUsd, tokens, workload, options }) => {
      const millions = toNumber(tokens) / 1e6;
      const best = options.find(({ name }) => name !== "batch");
      return {
        cells: [
          textCell(nameOf(group)),
          textCell(model),
          money(costUsd),
          { text: formatNumber(millions, millions < 10 ? 1 : 0), value: millions },
          ...(isKnown ? [textCell(workloadText(workload))] : []),
          textCell(best?.name ?? (workload === undefined ? "none listed" : "none")),
          best === undefined ? { text: "", value: null } : money(best.savingUsd),
        ],
      };
    }),
  };
}

function partTable({ parts }: BillReport, total: Decimal): Table {
  return {
    id: "parts",
    caption: "Parts of the bill; they sum to the lines of the file to the last digit.",
    columns: [leftColumn("part", "part"), rightColumn("USD", "usd"), rightColumn("lines", "lines")],
    rows: [
      ...parts.map(({ kind, spend, costUsd, lines }) => ({
        cells: [textCell(`${kind}, ${PART_NAMES[spend]}`), money(costUsd), { text: String(lines), value: lines }],
      })),
      { cells: [textCell("total"), money(total), textCell("")] },
    ],
  };
}

function remarkTable({ remarks }: BillReport): Table {
  return {
    id: "remarks",
    caption: "Counted in the total.",
    columns: [leftColumn("what", "remark"), leftColumn("service", "service"), rightColumn("USD", "usd")],
    rows: remarks.map(({ remark, service, costUsd }) => ({
      cells: [textCell(remark), textCell(service ?? ""), money(costUsd)],
    })),
  };
}

const WIDTH = 720;
const BAR = 20;
const BARS_SHOWN = 12;

/** The largest groups as bars from zero. */
function barsSvg(dimension: SpendDimension, groups: readonly SpendGroup[]): Markup {
  const shown = groups.slice(0, BARS_SHOWN).map(({ key, costUsd }) => ({ name: nameOf(key), usd: toNumber(costUsd) }));
  const top = Math.max(1e-9, ...shown.map(({ usd }) => usd));
  const height = shown.length * (BAR + 6) + 6;
  const label = shown.map(({ name, usd }) => `${name} USD ${usd.toFixed(0)}`).join("; ");
  return markup`<svg viewBox="0 0 ${WIDTH} ${height}" width="100%" role="img" aria-label="Spend by ${dimension}: ${label}" font-family="sans-serif" font-size="11" fill="currentColor">
${shown.map(({ name, usd }, i) => {
  const y = 4 + i * (BAR + 6);
  return markup`<text x="190" y="${y + 14}" text-anchor="end">${name.slice(0, 30)}</text>
<rect x="200" y="${y}" width="${Math.max(0, (usd / top) * 420).toFixed(1)}" height="${BAR}" fill="#3b6fb6" fill-opacity="0.75"/>
<text x="${(206 + Math.max(0, (usd / top) * 420)).toFixed(1)}" y="${y + 14}">${formatNumber(usd, 2)}</text>`;
})}
</svg>`;
}

/** A column for each day, in order. */
function daysSvg(groups: readonly SpendGroup[]): Markup {
  const days = groups.flatMap(({ key, costUsd }) => (key === undefined ? [] : [{ key, usd: toNumber(costUsd) }]));
  const top = Math.max(1e-9, ...days.map(({ usd }) => usd));
  const width = (WIDTH - 70) / Math.max(1, days.length);
  const label = `${days.length} days, USD ${top.toFixed(0)} on the dearest`;
  return markup`<svg viewBox="0 0 ${WIDTH} 190" width="100%" role="img" aria-label="Spend by day: ${label}" font-family="sans-serif" font-size="11" fill="currentColor">
<line x1="60" x2="${WIDTH - 10}" y1="160" y2="160" stroke="currentColor" stroke-opacity="0.4"/>
<text x="54" y="14" text-anchor="end">${formatNumber(top, 0)}</text><text x="54" y="164" text-anchor="end">0</text>
${days.map(({ key, usd }, i) => {
  const size = Math.max(0, (usd / top) * 150);
  const x = 60 + i * width;
  const mark =
    i % Math.max(1, Math.ceil(days.length / 8)) === 0
      ? markup`<text x="${x.toFixed(1)}" y="178">${key.slice(5)}</text>`
      : "";
  return markup`<rect x="${x.toFixed(1)}" y="${(160 - size).toFixed(1)}" width="${Math.max(0.5, width - 1).toFixed(1)}" height="${size.toFixed(1)}" fill="#3b6fb6" fill-opacity="0.75"/>${mark}`;
})}
</svg><p class="subtitle">USD of usage by day, UTC.</p>`;
}
