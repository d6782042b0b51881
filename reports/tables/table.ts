import type { ComparedMetric, Comparison, Estimate, RunResult } from "../../simulator/experiment/result.ts";
import { formatInterval, formatNumber, formatValue, type Unit } from "../base/text.ts";

/**
 * A table apart from its looks: the page, the summary and the CSV downloads are made from the same rows. `text` is for
 * people, `value` is the full number for other tools.
 */
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
  /** Third line: the change against the baseline, in words. */
  readonly change?: { readonly text: string; readonly tone: Tone };
}

/** A plain text cell. */
export function textCell(text: string): Cell {
  return { text, value: text };
}

export function leftColumn(label: string, key: string): Column {
  return { label, key, align: "left" };
}

export function rightColumn(label: string, key: string): Column {
  return { label, key, align: "right" };
}

/** Header and full values, for `toCsv`. */
export function csvRows(table: Table): (string | number | null)[][] {
  return [table.columns.map((column) => column.key), ...table.rows.map((row) => row.cells.map((cell) => cell.value))];
}

/** An estimate as a cell: value, interval below, full value (in the stored unit) for CSV. */
export function estimateCell(estimate: Estimate, unit: Unit, change?: Cell["change"]): Cell {
  const interval = formatInterval(estimate, unit);
  return {
    text: formatValue(estimate, unit),
    value: estimate.value,
    ...(interval === undefined ? {} : { detail: interval }),
    ...(change === undefined ? {} : { change }),
  };
}

export function comparisonOf(result: RunResult, strategy: string, metric: ComparedMetric): Comparison | undefined {
  return result.comparisons.find((one) => one.strategy === strategy && one.metric === metric);
}

/**
 * The change against the baseline in words: `better, −12 %`, `worse, +8 %`, `~ not shown`. A number appears only where
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

/** `−12 %`, `+8 %`; undefined where the baseline is zero or missing. */
export function relativePercent(comparison: Comparison): string | undefined {
  const { value } = comparison.relative;
  if (value === null || !Number.isFinite(value)) return undefined;
  const size = Math.abs(value);
  const decimals = size < 0.001 ? 2 : size < 0.02 ? 1 : 0;
  return `${value > 0 ? "+" : ""}${formatNumber(value * 100, decimals)} %`;
}

/**
 * CSV (RFC 4180) that a spreadsheet opens without running anything: text that begins like a formula gets a leading
 * apostrophe. Numbers stay numbers, negative ones too.
 * Source of the rule: OWASP, "CSV Injection".
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
