/** The terminal output: a run in 80 columns or more, and the writer of terminal tables. */
import { styleText } from "node:util";
import CliTable from "cli-table3";
import { printable } from "../../simulator/base/errors.ts";
import type { ComparedMetric, RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import { formatValue, latencyUnit, PERCENT, plural, type Unit, USD } from "../base/text.ts";
import { comparisonOf } from "../tables/table.ts";

/** What the terminal can do. */
export interface TerminalOptions {
  readonly colour: boolean;
  /** Columns to fill; never fewer than 80 are used. */
  readonly width: number;
}

const FIXED_COLUMN_WIDTHS = [6, 6, 6, 6, 5, 5, 7, 11, 10];
/** A narrow column takes two decimals at most. */
const DECIMALS_MAX = 2;
const NAME_WIDTH_MAX = 40;
const NAME_INDENT = "  ";

/**
 * The verdict and one line per strategy, baseline first, units in the header. A difference that the intervals do not
 * show is `~`; one that they show has a word beside its colour.
 *
 * @param result   a run, as in `result.json`
 * @param options  whether to use colours, and how many columns there are
 * @returns        lines of at most `options.width` characters (80 where that is less), escape codes not counted
 */
export function renderTerminal(result: RunResult, options: TerminalOptions): string {
  const fixed = FIXED_COLUMN_WIDTHS.reduce((sum, width) => sum + width, 0);
  const nameWidth = Math.min(NAME_WIDTH_MAX, Math.max(80, options.width) - fixed);
  const painted: Paint = (style, text) => paint(style, text, options.colour);
  const e2e = latencyUnit(result.strategies.map((strategy) => strategy.total.e2eMs.p95.value));
  const ttft = latencyUnit(result.strategies.map((strategy) => strategy.total.ttftMs.p95.value));
  const lines = terminalTable(
    [
      headings(e2e, ttft),
      ...result.strategies.map((strategy) => cellsOf(result, strategy, { e2e, ttft, paint: painted, nameWidth })),
    ],
    {
      aligns: ["left", ...FIXED_COLUMN_WIDTHS.map(() => "right" as const)],
      gap: 1,
      widths: [nameWidth, ...FIXED_COLUMN_WIDTHS],
    },
  );
  return `${[
    ...wrap(printable(result.verdict), Math.max(80, options.width)),
    "",
    ...lines,
    "",
    ...footnotes(result).flatMap((note) => wrap(note, Math.max(80, options.width))),
  ].join("\n")}\n`;
}

function headings(e2e: Unit, ttft: Unit): TerminalRow {
  return [
    "Strategy\n",
    `p50\n${e2e.symbol}`,
    `p95\n${e2e.symbol}`,
    `p99\n${e2e.symbol}`,
    `TTFT\n95 ${ttft.symbol}`,
    "Thr.\n%",
    "Fail\n%",
    "USD\n/1k",
    "p95 vs\nbaseline",
    { content: "USD vs\nbaseline", style: { "padding-right": 0 } },
  ];
}

type PaintStyle = "green" | "red" | "yellow";
type Paint = (style: PaintStyle, text: string) => string;

function cellsOf(
  result: RunResult,
  strategy: StrategyResult,
  how: { readonly e2e: Unit; readonly ttft: Unit; readonly paint: Paint; readonly nameWidth: number },
): TerminalRow {
  const { total } = strategy;
  return [
    nameLines(`${strategy.status === "unstable" ? "! " : ""}${printable(strategy.name)}`, how.nameWidth - 1),
    formatValue(total.e2eMs.p50, how.e2e, DECIMALS_MAX),
    formatValue(total.e2eMs.p95, how.e2e, DECIMALS_MAX),
    formatValue(total.e2eMs.p99, how.e2e, DECIMALS_MAX),
    formatValue(total.ttftMs.p95, how.ttft, DECIMALS_MAX),
    formatValue(total.throttledAttemptShare, PERCENT, DECIMALS_MAX),
    formatValue(total.failedShare, PERCENT, DECIMALS_MAX),
    formatValue(total.cost[result.billing].usdPer1kServed, USD, DECIMALS_MAX),
    changeCell(result, strategy, "e2eMsP95", how.paint),
    { content: changeCell(result, strategy, "usdPer1kServed", how.paint), style: { "padding-right": 0 } },
  ];
}

function changeCell(result: RunResult, strategy: StrategyResult, metric: ComparedMetric, paint: Paint): string {
  if (strategy.name === result.baseline) return "baseline";
  const comparison = comparisonOf(result, strategy.name, metric);
  if (comparison === undefined || comparison.verdict === "not comparable") return paint("yellow", "n/a");
  if (comparison.verdict === "not shown") return "~";
  const relative = comparison.relative.value;
  const size = relative === null || !Number.isFinite(relative) ? "" : ` ${sizeInFourCharacters(Math.abs(relative))}`;
  return paint(comparison.verdict === "better" ? "green" : "red", `${comparison.verdict}${size}`);
}

/** `12%`, `999%`, `>9x`: as much as a narrow column takes. */
function sizeInFourCharacters(relative: number): string {
  if (relative < 0.01) return "<1%";
  return relative < 9.995 ? `${Math.round(relative * 100)}%`.slice(0, 4) : ">9x";
}

function footnotes(result: RunResult): string[] {
  const { asked, done } = result.replications;
  const short = done < asked ? ` (${asked} were asked for)` : "";
  const intervals = done < 2 ? "; no intervals, so no difference can be shown" : "";
  return [
    `${plural(done, "replication", "replications")}${short}${intervals}. E2E latency of served requests; Thr. = attempts answered 429; Fail = requests not served; USD per 1,000 served under the ${result.billing} billing rule; ~ = no difference shown.`,
    ...result.strategies
      .filter((strategy) => strategy.status === "unstable")
      .map(
        (strategy) =>
          `! ${printable(strategy.name)} is unstable: ${printable(strategy.statusReason ?? "its backlog grew without bound")}`,
      ),
    ...result.strategies.flatMap((strategy) =>
      (strategy.reserved ?? []).map(
        (line) =>
          `${printable(strategy.name)}: USD ${formatValue(line.usd, USD, DECIMALS_MAX)} of the total is reserved capacity, ${printable(line.name)}`,
      ),
    ),
    ...result.assertions.map(
      (one) => `${one.passed ? "passed" : "FAILED"}  ${printable(one.text)}: ${printable(one.found)}`,
    ),
  ];
}

/** A name too long for its column goes on below, indented, broken after a space or a hyphen where it has one. */
function nameLines(name: string, width: number): string {
  const lines: string[] = [];
  let line = "";
  const room = () => (lines.length === 0 ? width : width - NAME_INDENT.length);
  for (const piece of name.match(/[^\s\-_/]*[\s\-_/]*/g) ?? []) {
    if (line !== "" && (line + piece).trimEnd().length > room()) {
      lines.push(line);
      line = "";
    }
    line += piece;
    while (line.trimEnd().length > room()) {
      const end = room();
      lines.push(line.slice(0, end));
      line = line.slice(end);
    }
  }
  return [...lines, line].map((one, at) => (at === 0 ? one : NAME_INDENT + one).trimEnd()).join("\n");
}

/** Breaks at spaces; a word that is too long is cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").flatMap((one) => chunks(one, width))) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function chunks(word: string, width: number): string[] {
  const parts: string[] = [];
  for (let start = 0; start < Math.max(1, word.length); start += width) parts.push(word.slice(start, start + width));
  return parts;
}

/** `text` in a colour, where colour is wanted. Colour only repeats what the text says. */
export function paint(style: PaintStyle, text: string, colour: boolean): string {
  return colour ? styleText(style, text, { validateStream: false }) : text;
}

/** One row of a terminal table: text, or text with a style of its own. */
export type TerminalRow = CliTable.HorizontalTableRow;

export interface TerminalTableOptions {
  readonly aligns: readonly ("left" | "right")[];
  /** Blank columns after each cell. */
  readonly gap: number;
  /** Widths of the columns, the gap included; as wide as their longest cell where left out. */
  readonly widths?: readonly number[];
}

/** The lines of a table without borders, cut after their last visible character. */
export function terminalTable(rows: readonly TerminalRow[], options: TerminalTableOptions): string[] {
  const { aligns, gap, widths } = options;
  const table = new CliTable({
    ...(widths === undefined ? {} : { colWidths: [...widths] }),
    colAligns: [...aligns],
    style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": gap },
    chars: NO_BORDERS,
  });
  table.push(...rows);
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
}

/** The lines that cli-table3 would draw around cells. */
const NO_BORDERS = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "",
};
