/** Tables without their formatting: columns, rows and cells, and CSV. Page, Markdown and downloads use the same. */

import { relativeDecimals } from "../../simulator/experiment/phrases.ts";
import type { ComparedMetric, Comparison, Estimate, RunResult } from "../../simulator/experiment/result.ts";
import { hundredthsText } from "../../simulator/experiment/shares.ts";
import { formatInterval, formatNumber, formatValue, SHARE, type Unit } from "../base/text.ts";

/** A table as data. A cell's `text` is for people, its `value` is the full number for other tools. */
export interface Table {
  readonly id: string;
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

export interface Column {
  /** Header with its unit, e.g. `p95 E2E (s)`. */
  readonly label: string;
  /** Header in CSV files: the field's name with its unit, e.g. `e2e_p95_ms`. */
  readonly key: string;
  readonly align: "left" | "right";
}

export interface Row {
  /** Index of the strategy that the row is about, where it is about one. */
  readonly strategyIndex?: number;
  readonly cells: readonly Cell[];
}

type Tone = "better" | "worse" | "neutral" | "warning";

export interface Cell {
  readonly text: string;
  readonly value: string | number | null;
  /** Second line: an interval, a count. */
  readonly detail?: string;
  /** Third line: the change against the baseline, as text. */
  readonly change?: { readonly text: string; readonly tone: Tone };
}

/** A plain text cell. */
export function textCell(text: string): Cell {
  return { text, value: text };
}

/** A column of text, aligned left. */
export function leftColumn(label: string, key: string): Column {
  return { label, key, align: "left" };
}

/** A column of numbers, aligned right. */
export function rightColumn(label: string, key: string): Column {
  return { label, key, align: "right" };
}

/**
 * Header and full values of a table, for `toCsv`.
 *
 * @param table any of the tables
 * @returns the keys of the columns, then a line a row; null where there is no value
 */
export function csvRows(table: Table): (string | number | null)[][] {
  return [table.columns.map((column) => column.key), ...table.rows.map((row) => row.cells.map((cell) => cell.value))];
}

/**
 * An estimate as a cell: rounded value, interval below, full value for CSV.
 *
 * @param estimate  in the unit it is stored in (ms, shares, USD)
 * @param unit      unit to show it in
 * @param change    what to say of the difference from the baseline, if anything
 */
export function estimateCell(estimate: Estimate, unit: Unit, change?: Cell["change"]): Cell {
  const interval = formatInterval(estimate, unit);
  return {
    text: formatValue(estimate, unit),
    value: estimate.value,
    ...(interval === undefined ? {} : { detail: interval }),
    ...(change === undefined ? {} : { change }),
  };
}

/**
 * A share as a cell, in hundredths, as the verdict prints it; its interval ends at 0 and at 100.
 *
 * @param target  the share that was asked for, null where none was
 */
export function shareCell(share: Estimate, target: number | null = null, change?: Cell["change"]): Cell {
  return { ...estimateCell(share, SHARE, change), text: hundredthsText(share, { target }) };
}

/** The comparison of a strategy with the baseline on a metric; undefined for the baseline itself. */
export function comparisonOf(result: RunResult, strategy: string, metric: ComparedMetric): Comparison | undefined {
  return result.comparisons.find((one) => one.strategy === strategy && one.metric === metric);
}

/**
 * The change against the baseline as text: `better, −12 %`, `worse, +8.3 %`, `~ not shown`. A number appears only where
 * the simultaneous interval shows a difference. Undefined for the baseline itself.
 */
export function changeOf(comparison: Comparison | undefined): Cell["change"] {
  if (comparison === undefined) return undefined;
  const tones: Record<Comparison["verdict"], Tone> = {
    better: "better",
    worse: "worse",
    "not shown": "neutral",
    "not comparable": "warning",
  };
  return { text: changeText(comparison), tone: tones[comparison.verdict] };
}

function changeText(comparison: Comparison): string {
  if (comparison.verdict === "not shown") return "~ not shown";
  if (comparison.verdict === "not comparable") return "not comparable";
  const size = relativePercent(comparison);
  return size === undefined ? comparison.verdict : `${comparison.verdict}, ${size}`;
}

/** `−12 %`, `+8.3 %`, as the verdict has it; undefined where the baseline is zero or missing. */
export function relativePercent(comparison: Comparison): string | undefined {
  const { value } = comparison.relative;
  if (value === null || !Number.isFinite(value)) return undefined;
  return `${value > 0 ? "+" : ""}${formatNumber(value * 100, relativeDecimals(value))} %`;
}

/**
 * CSV (RFC 4180) that a spreadsheet opens without running anything: text that begins like a formula gets a leading
 * apostrophe. Numbers stay numbers, negative ones too.
 *
 * @param rows  header first; null and numbers that are not finite become empty cells
 * @returns     lines ended by CR LF
 * Source of the rule: OWASP, "CSV Injection".
 * @example toCsv([["name", "p95_ms"], ["=cmd()", 4213.7]]) // => "name,p95_ms\r\n'=cmd(),4213.7\r\n"
 */
export function toCsv(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
}

const FORMULA_START = /^[=+\-@\t\r]/;
const PLAIN_NUMBER = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** One cell, quoted where it must be; null is an empty cell. */
export function csvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  const safe = FORMULA_START.test(value) && !PLAIN_NUMBER.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
