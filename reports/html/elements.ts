/** The elements of a page: escaped markup, tables with their CSV download, charts as figures, notes. */
import { raw, html as template } from "hono/html";
import { invariant } from "../../simulator/base/errors.ts";
import { THEMES } from "../base/theme.ts";
import type { Chart } from "../charts/chart.ts";
import { type Cell, csvRows, type Row, type Table, toCsv } from "../tables/table.ts";
import { renderThemes } from "./svg.ts";

export { raw };

/** A piece of HTML in which every value was escaped. */
export type Markup = ReturnType<typeof markup>;

/** Hono's escaping template; none of our values is a promise, so the answer is a string at once. */
export function markup(strings: TemplateStringsArray, ...values: unknown[]) {
  const piece = template(strings, ...values);
  invariant(!(piece instanceof Promise), "a report's markup is synchronous");
  return piece;
}

/** Longer tables scroll within their own frame on screen. */
const TALL_ROWS = 30;

/** A table that scrolls sideways by itself, also by keyboard, with its numbers as a CSV download. */
export function tableHtml(table: Table): Markup {
  return framed(table, markup` ${download(table)}`);
}

function framed(table: Table, link: Markup | ""): Markup {
  return markup`<p class="caption" id="caption-${table.id}">${table.caption}${link}</p>
<div class="table${table.rows.length > TALL_ROWS ? " tall" : ""}" role="region" tabindex="0" aria-labelledby="caption-${table.id}">
<table id="table-${table.id}" aria-labelledby="caption-${table.id}">
<thead><tr>${table.columns.map((column) => markup`<th scope="col" class="${column.align}">${column.label}</th>`)}</tr></thead>
<tbody>${table.rows.map((row) => rowHtml(table, row))}</tbody>
</table></div>`;
}

/** Columns by which the reader may filter rows, by their keys. */
const FACETS: ReadonlyMap<string, string> = new Map([
  ["class", "class"],
  ["region", "region"],
  ["starts_at", "hour"],
]);

function rowHtml(table: Table, row: Row): Markup {
  const strategy = row.strategyIndex === undefined ? "" : markup` data-strategy="${row.strategyIndex}"`;
  const facets = table.columns.map(({ key }, at) => {
    const facet = FACETS.get(key);
    return facet === undefined ? "" : markup` data-${raw(facet)}="${row.cells[at]?.text ?? ""}"`;
  });
  return markup`
<tr${strategy}${facets}>${row.cells.map((cell, at) => {
    const align = table.columns[at]?.align ?? "left";
    return at === 0
      ? markup`<th scope="row" class="${align}">${cellHtml(cell)}</th>`
      : markup`<td class="${align}">${cellHtml(cell)}</td>`;
  })}</tr>`;
}

function cellHtml(cell: Cell): Markup {
  const detail = cell.detail === undefined ? "" : markup`<small>${cell.detail}</small>`;
  const change =
    cell.change === undefined ? "" : markup`<small class="${cell.change.tone}">${cell.change.text}</small>`;
  return markup`${cell.text}${detail}${change}`;
}

function download(table: Table): Markup {
  return markup`<a class="csv" download="${table.id}.csv" href="${csvLink(table)}">Download CSV</a>`;
}

function csvLink(table: Table): string {
  return `data:text/csv;charset=utf-8,${encodeURIComponent(toCsv(csvRows(table)).toWellFormed())}`;
}

/** One chart: finding and conditions as text, the picture in both themes, its numbers folded below. */
export async function figureHtml<R>(chart: Chart<R>, result: R): Promise<Markup> {
  const absence = chart.absence(result);
  if (absence !== undefined) {
    return markup`<section class="chart" id="chart-${chart.id}"><h2>${chart.question}</h2><p class="subtitle">${absence}</p></section>`;
  }
  const { title, subtitle } = chart.heading(result);
  const drawn = await renderThemes(
    THEMES.map((theme) => ({
      spec: chart.spec(result, theme),
      options: { idPrefix: `${chart.id}-${theme.name}`, withoutHeading: true },
    })),
  );
  const pictures = drawn.map(
    (svg, at) =>
      markup`<div class="picture only-${THEMES[at]!.name}${isWide(svg) ? " wide" : ""}">${raw(inlined(svg))}</div>`,
  );
  return markup`<section class="chart" id="chart-${chart.id}">
<div class="whole"><p class="question">${chart.question}</p><h2>${title}</h2><p class="subtitle">${subtitle}</p>
<div class="scroll" role="region" tabindex="0" aria-label="${chart.question}">${pictures}</div></div>
${foldedTable("Numbers behind this chart", chart.table(result))}
</section>`;
}

/**
 * A picture that is drawn twice, for a page and for a telephone, of which either shows.
 *
 * @param draw at a width in px
 */
export function picturesHtml(draw: (width: number) => Markup): Markup {
  return markup`<div class="picture only-broad">${draw(WIDE_PX)}</div><div class="picture only-narrow">${draw(NARROW_PX)}</div>`;
}

/** Width of a picture on a telephone. */
export const NARROW_PX = 350;
/** A picture of this width would shrink to unreadable labels on a telephone: it scrolls instead. */
export const WIDE_PX = 720;

function isWide(svg: string): boolean {
  return Number(/ width="([\d.]+)"/.exec(svg)?.[1] ?? 0) > WIDE_PX;
}

/** Inside HTML an SVG needs no namespace, and the page's policy refuses style attributes. */
function inlined(svg: string): string {
  return svg.replace(/ xmlns="[^"]*"/g, "").replace(/ style="[^"]*"/g, "");
}

/** One entry of a description list; `warn` makes it stand out. */
export function item(name: string, value: string, warn = false): Markup {
  return markup`<div${warn ? markup` class="alarm"` : ""}><dt>${name}</dt><dd>${value}</dd></div>`;
}

/** The notes of a result as a section; nothing where there are none. */
export function notesSection({ notes }: { readonly notes: readonly string[] }): Markup | "" {
  if (notes.length === 0) return "";
  return markup`<section id="notes"><h2>Notes</h2><ul>${notes.map((note) => markup`<li>${note}</li>`)}</ul></section>`;
}

/** A table behind a line that opens it; its download stands beside that line. */
export function foldedTable(summary: string, table: Table): Markup {
  return markup`<div class="fold">${download(table)}<details><summary>${summary}</summary>${framed(table, "")}</details></div>`;
}
