/**
 * Reports: what a result says, as a page, as Markdown, in a terminal, as CSV and as pictures. Pure functions of
 * `result.json` (or of `validation.json`): the same result gives the same bytes, and nothing is read or written.
 *
 * @example
 * import { readFile, writeFile } from "node:fs/promises";
 * import { csvRows, type RunResult, renderHtml, renderTerminal, strategyTable, toCsv } from "meridian/reports";
 *
 * const result: RunResult = JSON.parse(await readFile("result.json", "utf8"));
 * await writeFile("report.html", await renderHtml(result));
 * await writeFile("strategies.csv", toCsv(csvRows(strategyTable(result))));
 * console.log(renderTerminal(result, { colour: false, width: 100 }));
 */

// What reports are made from.
export type { RunResult } from "../simulator/experiment/result.ts";
export type { ValidationResult } from "../simulator/validate/result.ts";
// Charts: the registry, the contract, the themes, and how to draw one.
export { type ChartTheme, DARK, LIGHT } from "./base/theme.ts";
export type { Chart, ChartHeading } from "./charts/chart.ts";
export { CHARTS } from "./charts/index.ts";
// Reports of a run, whole.
export { renderHtml } from "./html/report.ts";
export { renderSvg, type SvgOptions } from "./html/svg.ts";
export type { Explorable, NotExplorable } from "./live/panel.ts";
// Tables as data, and CSV.
export { classTable, regionTable, savingTable, strategyTable } from "./tables/strategies.ts";
export { type Cell, type Column, csvRows, type Row, type Table, toCsv } from "./tables/table.ts";
export { tagTable } from "./tables/tags.ts";
export { renderMarkdown } from "./text/markdown.ts";
export { renderTerminal, type TerminalOptions } from "./text/terminal.ts";
// Recorded traffic, described.
export { renderTrafficHtml, type TrafficOrigin, trafficText } from "./traffic/report.ts";
// Reports of a validation, whole.
export { renderValidationHtml, renderValidationMarkdown, renderValidationTerminal } from "./validation/report.ts";
