/** The page of a bill: what is spent, who could move, what it would save, the year ahead, and a line to sign on. */

import { DAY_MS } from "../../simulator/base/time.ts";
import { type Decimal, formatDecimal, sumOf, toNumber } from "../../simulator/bill/bill-line.ts";
import type { Projection } from "../../simulator/bill/project.ts";
import { type SpendGroup, usageLines } from "../../simulator/bill/spend.ts";
import { centsText } from "../advice/section.ts";
import { formatNumber } from "../base/text.ts";
import { foldedTable, type Markup, markup, picturesHtml, tableHtml } from "../html/elements.ts";
import { pageHtml } from "../html/page.ts";
import { leftColumn, rightColumn, type Table, textCell } from "../tables/table.ts";
import { certainty } from "./certainty.ts";
import { barsSvg, daysSvg, groupName } from "./charts.ts";
import { fanSvg, projectionGaps, projectionHeadline, projectionTable, tornadoSvg } from "./projection.ts";
import { bestRouting, type ReplayReport, replayText, savingsSvg, savingsTable } from "./savings.ts";
import { anomalyText, type BillReport, headline, PART_NAMES, workloadText } from "./text.ts";

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
  const isByDay = usageLines(report.bill).every(({ line }) => line.endMs - line.startMs <= DAY_MS);
  const sections: readonly (Markup | "")[] = [
    section("In short", markup`<ul>${inShort(page).map((text) => markup`<li>${text}</li>`)}</ul>`),
    section(
      isByDay ? "Day by day" : "Over time",
      markup`${picturesHtml((width) => daysSvg(days, { isByDay, width }))}${foldedTable(isByDay ? "Every day" : "Every period", groupTable("day", days))}`,
    ),
    ...report.groupings
      .filter(({ groups }) => groups.some(({ key }) => key !== undefined))
      .map(({ dimension, groups }) =>
        section(
          `By ${dimension.replace("tag:", "")}`,
          markup`${picturesHtml((width) => barsSvg(dimension, groups, width))}${tableHtml(groupTable(dimension, groups))}`,
        ),
      ),
    report.candidates.length === 0 ? "" : section("Who could be routed otherwise", tableHtml(candidateTable(report))),
    replay === undefined
      ? ""
      : section(
          "What routing would save",
          markup`<p>${replayText(replay)}</p>${picturesHtml((width) => savingsSvg(replay, width))}${tableHtml(savingsTable(replay))}`,
        ),
    projection === undefined ? "" : section("The months ahead", projected(projection, file)),
    section("The whole bill", tableHtml(partTable(report, total))),
    report.features.length === 0
      ? ""
      : section("Bedrock, no tokens", tableHtml(groupTable("feature", report.features))),
    report.anomalies.length === 0
      ? ""
      : section(
          "What stands out",
          markup`<ul>${report.anomalies.map((each) => markup`<li>${anomalyText(each)}</li>`)}</ul>`,
        ),
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
    ...(projection === undefined ? [] : [[projectionHeadline(projection), ...projectionGaps(projection)].join(" ")]),
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
  return markup`<p>${[projectionHeadline(projection), ...projectionGaps(projection)].join(" ")}</p>${picturesHtml((width) => fanSvg("If nothing is changed", flat!.months, width))}
${others.map(({ price, months }) => markup`<p class="caption">Under the routing ${price.name}:</p>${picturesHtml((width) => fanSvg(price.name, months, width))}`)}
${picturesHtml((width) => tornadoSvg(projection.tornado, middle, width))}
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
      cells: [textCell(groupName(key)), money(costUsd), { text: formatNumber(lines, 0), value: lines }],
    })),
  };
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
      rightColumn("as batch, USD", "batch_saving_usd"),
    ],
    rows: candidates.map(({ group, model, costUsd, tokens, workload, options }) => {
      const millions = toNumber(tokens) / 1e6;
      const best = options.find(({ name }) => name !== "batch");
      const batch = options.find(({ name }) => name === "batch");
      return {
        cells: [
          textCell(groupName(group)),
          textCell(model),
          money(costUsd),
          { text: formatNumber(millions, millions < 10 ? 1 : 0), value: millions },
          ...(isKnown ? [textCell(workloadText(workload))] : []),
          textCell(best?.name ?? (workload === undefined ? "none listed" : "none")),
          ...[best, batch].map((way) => (way === undefined ? { text: "", value: null } : money(way.savingUsd))),
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
