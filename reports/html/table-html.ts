import { toCsv } from "../csv.ts";
import { type Cell, csvRows, type Row, type Table } from "../tables/table.ts";
import { type Markup, markup } from "./markup.ts";

/** Longer tables scroll within their own frame on screen. */
const TALL_ROWS = 30;

/** A table that scrolls sideways by itself, reachable by keyboard, with its numbers as a CSV download. */
export function tableHtml(table: Table): Markup {
  return markup`<p class="caption" id="caption-${table.id}">${table.caption} <a class="csv" download="${table.id}.csv" href="${csvLink(table)}">Download CSV</a></p>
<div class="table${table.rows.length > TALL_ROWS ? " tall" : ""}" role="region" tabindex="0" aria-labelledby="caption-${table.id}">
<table id="table-${table.id}" aria-labelledby="caption-${table.id}">
<thead><tr>${table.columns.map((column) => markup`<th scope="col" class="${column.align}">${column.label}</th>`)}</tr></thead>
<tbody>${table.rows.map((row) => rowHtml(table, row))}</tbody>
</table></div>`;
}

function rowHtml(table: Table, row: Row): Markup {
  const strategy = row.strategyIndex === undefined ? "" : markup` data-strategy="${row.strategyIndex}"`;
  return markup`
<tr${strategy}>${row.cells.map((cell, at) => {
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

function csvLink(table: Table): string {
  return `data:text/csv;charset=utf-8,${encodeURIComponent(toCsv(csvRows(table)).toWellFormed())}`;
}
