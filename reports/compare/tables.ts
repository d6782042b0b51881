/** Tables of a comparison of runs: every compared metric, and what the runs differ in. */
import type { ComparedRow, ComparisonResult, RowVerdict, RunPairing } from "../../simulator/compare/result.ts";
import { changeText, METRIC_NAMES } from "../../simulator/compare/verdict-text.ts";
import { BILL_USD, formatValue, latencyUnit, SHARE, type Unit } from "../base/text.ts";
import { type Cell, estimateCell, leftColumn, type Row, rightColumn, type Table, textCell } from "../tables/table.ts";

/** Letter of a run in tables and pictures: A for the baseline run. */
export function letterOf(result: Pick<ComparisonResult, "runs">, label: string): string {
  const at = result.runs.findIndex((run) => run.label === label);
  return at < 26 ? String.fromCharCode(65 + at) : `R${at + 1}`;
}

/** Rows that something can be said of: those that are the same on both sides are counted, not listed. */
export function listedRows(result: ComparisonResult, label: string): readonly ComparedRow[] {
  return result.rows.filter((row) => row.run === label && row.verdict !== "same");
}

/** `12 more are the same on both sides`, or nothing. */
export function sameText(result: ComparisonResult, label: string): string {
  const same = result.rows.filter((row) => row.run === label && row.verdict === "same").length;
  return same === 0 ? "" : `${same} ${same === 1 ? "figure is" : "figures are"} the same on both sides.`;
}

/** One row a metric, group and strategy: A, the other run, and the change with its interval. */
export function comparisonTable(result: ComparisonResult, pairing: RunPairing): Table {
  const letter = letterOf(result, pairing.label);
  return {
    id: `comparison-${letter.toLowerCase()}`,
    caption: `${pairing.label} (${letter}) against ${result.runs[0]!.label} (A): ${pairing.method}; 95 % intervals of each change, called better or worse after Holm's correction over ${result.tests} differences`,
    columns: [
      leftColumn("Metric", "metric"),
      leftColumn("Strategy", "strategy"),
      leftColumn("Group", "group"),
      rightColumn("A", "a"),
      rightColumn(letter, "b"),
      rightColumn("Change", "change"),
      leftColumn("Shown", "verdict"),
      rightColumn("n", "n"),
    ],
    rows: listedRows(result, pairing.label).map((row): Row => {
      const unit = unitOf(row);
      return {
        cells: [
          { text: `${METRIC_NAMES[row.metric]} (${unit.symbol})`, value: row.metric },
          textCell(row.strategy),
          textCell(groupName(row)),
          estimateCell(row.a, unit),
          estimateCell(row.b, unit),
          { text: changeText(row), value: row.relative.value ?? row.difference.value },
          verdictCell(row),
          { text: String(row.n), value: row.n },
        ],
      };
    }),
  };
}

/** Every row with all its numbers, for other tools: header and values. */
export function comparisonCsv(result: ComparisonResult): readonly (readonly (string | number | null)[])[] {
  const head = [
    "run",
    "strategy",
    "scope",
    "group",
    "metric",
    "a",
    "b",
    "difference",
    "difference_low",
    "difference_high",
  ];
  const rest = ["relative", "relative_low", "relative_high", "p", "p_holm", "n", "verdict", "needs_n", "note"];
  return [
    [...head, ...rest],
    ...result.rows.map(
      ({ run, strategy, scope, name, metric, a, b, difference, relative, p, pHolm, n, verdict, needs, note }) => [
        ...[run, strategy, scope, name, metric, a.value, b.value, difference.value, difference.low, difference.high],
        ...[relative.value, relative.low, relative.high, p, pHolm, n, verdict, needs, note],
      ],
    ),
  ];
}

/** What a run differs in from the baseline run, scenario last. */
export function differencesTable(result: ComparisonResult, { label, differences }: RunPairing): Table {
  const letter = letterOf(result, label);
  return {
    id: `differences-${letter.toLowerCase()}`,
    caption: `What ${label} (${letter}) differs in from ${result.runs[0]!.label} (A)`,
    columns: [leftColumn("What", "what"), leftColumn("A", "a"), leftColumn(letter, "b")],
    rows: differences.map(({ what, a, b }) => ({ cells: [textCell(what), textCell(a), textCell(b)] })),
  };
}

export function groupName({ scope, name }: Pick<ComparedRow, "scope" | "name">): string {
  return scope === "total" ? "all" : name;
}

export function unitOf({ metric, a, b }: Pick<ComparedRow, "metric" | "a" | "b">): Unit {
  if (metric.endsWith("Share")) return SHARE;
  return metric.startsWith("usd") || metric === "billUsd" ? BILL_USD : latencyUnit([a.value, b.value]);
}

/** `8.98 s`: a value with its unit. */
export function valueText(row: ComparedRow, side: "a" | "b"): string {
  const unit = unitOf(row);
  const text = formatValue(row[side], unit, 4);
  return row[side].value === null ? text : `${text} ${unit.symbol}`;
}

const TONES: Readonly<Record<RowVerdict, "better" | "worse" | "neutral" | "warning">> = {
  better: "better",
  worse: "worse",
  differs: "neutral",
  "not shown": "neutral",
  same: "neutral",
  "too few": "warning",
  "not comparable": "warning",
};

function verdictCell(row: ComparedRow): Cell {
  return { text: "", value: row.verdict, change: { text: verdictWords(row), tone: TONES[row.verdict] } };
}

/** `worse`, `~ (needs n = 40)`, `too few`, `not comparable: ...`. */
export function verdictWords({ verdict, needs, note }: ComparedRow): string {
  if (verdict === "not shown") return needs === null ? "~" : `~ (needs n = ${needs.toLocaleString("en-US")})`;
  if (verdict === "too few") return needs === null ? "too few" : `too few (needs n = ${needs} or more)`;
  return note === null ? verdict : `${verdict}: ${note}`;
}
