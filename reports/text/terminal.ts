/** The terminal output: a run in 80 columns or more, and the writer of terminal tables. */
import { styleText } from "node:util";
import CliTable from "cli-table3";
import { printable } from "../../simulator/base/errors.ts";
import type { Comparison, GroupResult, RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import { type LatencyView, latencyView, NO_QUANTILE, quantileExists, targetIn } from "../base/latency-view.ts";
import { formatValue, latencyUnit, NOT_AVAILABLE, plural, type Unit, USD } from "../base/text.ts";
import { shortName } from "../charts/parts/labels.ts";
import { isLikeBaseline } from "../tables/other-requests.ts";
import { hasQuotaNeeds, preferredStrategy, quotaNeedText } from "../tables/quota-needs.ts";
import { comparisonOf } from "../tables/table.ts";
import { DECIMALS_MAX, fitted, fittedShare, hundredthsOf, sizeInThreeCharacters } from "./narrow.ts";

/** What the terminal can do. */
export interface TerminalOptions {
  readonly colour: boolean;
  /** Columns to fill; never fewer than 80 are used. */
  readonly width: number;
}

/** SLO, fail, throttled. */
const SHARE_COLUMN_WIDTHS = [5, 5, 5];
/** p50, p95, USD per 1,000, USD a month, two changes. */
const OTHER_COLUMN_WIDTHS = [6, 6, 7, 7, 11, 10];
const FIXED_WIDTH = [...SHARE_COLUMN_WIDTHS, ...OTHER_COLUMN_WIDTHS].reduce((sum, width) => sum + width, 0);
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
  const view = latencyView(result);
  const room = Math.min(NAME_WIDTH_MAX, Math.max(80, options.width) - FIXED_WIDTH);
  const shareWidths = widthsOfShares(result, view, room);
  const widths = [...shareWidths, ...OTHER_COLUMN_WIDTHS];
  const nameWidth = room + FIXED_WIDTH - widths.reduce((sum, width) => sum + width, 0);
  const painted: Paint = (style, text) => paint(style, text, options.colour);
  const e2e = latencyUnit(result.strategies.map((strategy) => view.of(strategy).e2eMs.p95.value));
  const how = { view, e2e, paint: painted, nameWidth, widths };
  const lines = terminalTable(
    [headings(view, e2e), ...result.strategies.map((strategy) => cellsOf(result, strategy, how))],
    {
      aligns: ["left", ...widths.map(() => "right" as const)],
      gap: 1,
      widths: [nameWidth, ...widths],
    },
  );
  return `${[
    ...wrap(printable(result.verdict), Math.max(80, options.width)),
    "",
    ...lines,
    "",
    ...classLines(result, Math.max(80, options.width)),
    ...footnotes(result, view).flatMap((note) => wrap(note, Math.max(80, options.width))),
  ].join("\n")}\n`;
}

function nameText({ name, status }: StrategyResult): string {
  return `${status === "unstable" ? "! " : ""}${printable(name)}`;
}

/** Columns of shares take a digit more where they have one, as in the verdict, and the names leave room for it. */
function widthsOfShares({ strategies }: RunResult, view: LatencyView, nameWidth: number): readonly number[] {
  let spare = nameWidth - 1 - Math.max(...strategies.map((each) => nameText(each).length));
  const columns = [
    strategies.map((each) => hundredthsOf(view.of(each).goodputShare, view.target)),
    strategies.map(({ total }) => hundredthsOf(total.failedShare)),
    strategies.map(({ total }) => hundredthsOf(total.throttledAttemptShare)),
  ];
  return columns.map((texts, at) => {
    const width = SHARE_COLUMN_WIDTHS[at]!;
    if (spare <= 0 || texts.every((text) => text.length < width)) return width;
    spare--;
    return width + 1;
  });
}

function headings(view: LatencyView, e2e: Unit): TerminalRow {
  const of = view.className === null ? "" : "*";
  return [
    "Strategy\n",
    `SLO${of}\n%`,
    "Fail\n%",
    "Thr.\n%",
    `p50${of}\n${e2e.symbol}`,
    `p95${of}\n${e2e.symbol}`,
    "USD\n/1k",
    "USD\n/month",
    `p95${of} vs\nbaseline %`,
    { content: "USD vs\nbaseline %", style: { "padding-right": 0 } },
  ];
}

type PaintStyle = "green" | "red" | "yellow";
type Paint = (style: PaintStyle, text: string) => string;

function cellsOf(
  result: RunResult,
  strategy: StrategyResult,
  how: {
    readonly view: LatencyView;
    readonly e2e: Unit;
    readonly paint: Paint;
    readonly nameWidth: number;
    readonly widths: readonly number[];
  },
): TerminalRow {
  const { total } = strategy;
  const group = how.view.of(strategy);
  const cost = total.cost[result.billing];
  const [slo, fail, thr, p50, p95, usd, month] = how.widths.map((width) => width - 1);
  return [
    nameLines(nameText(strategy), how.nameWidth - 1),
    fittedShare(group.goodputShare, slo!, how.view.target),
    fittedShare(total.failedShare, fail!),
    fittedShare(total.throttledAttemptShare, thr!),
    quantileText(group, "p50", how.e2e, p50!),
    quantileText(group, "p95", how.e2e, p95!),
    fitted(cost.usdPer1kServed, USD, usd!),
    cost.usdPerMonth === undefined ? NOT_AVAILABLE : fitted(cost.usdPerMonth, USD, month!),
    changeCell(strategy.name === result.baseline, how.view.comparisonOf(strategy), how.paint),
    { content: costCell(result, strategy, how.paint), style: { "padding-right": 0 } },
  ];
}

function quantileText(group: GroupResult, name: "p50" | "p95", unit: Unit, width: number): string {
  return quantileExists(group, name) ? fitted(group.e2eMs[name], unit, width) : NO_QUANTILE;
}

/** Share within the objective and p95 of each class, where there are several; as many classes as the width takes. */
function classLines(result: RunResult, width: number): string[] {
  if (result.classes.length < 2) return [];
  const room = Math.floor((width - CLASS_NAME_WIDTH) / (2 * CLASS_COLUMN_WIDTH));
  const names = result.classes.slice(0, room).map(({ name }) => name);
  const unit = latencyUnit(result.strategies.flatMap(({ byClass }) => byClass.map(({ e2eMs }) => e2eMs.p95.value)));
  const rows = result.strategies.map((strategy): TerminalRow => {
    const cells = names.flatMap((name) => {
      const group = strategy.byClass.find((each) => each.name === name);
      if (group === undefined) return [NOT_AVAILABLE, NOT_AVAILABLE];
      return [
        fittedShare(group.goodputShare, CLASS_COLUMN_WIDTH - 1, targetIn(result.classes, name)),
        quantileText(group, "p95", unit, CLASS_COLUMN_WIDTH - 1),
      ];
    });
    return [nameLines(printable(strategy.name), CLASS_NAME_WIDTH - 1), ...cells];
  });
  const heads = names.map((name) => ({ content: shortName(name, 2 * CLASS_COLUMN_WIDTH - 2), colSpan: 2 }));
  const lines = terminalTable(
    [["By class", ...heads], ["", ...names.flatMap(() => ["SLO %", `p95 ${unit.symbol}`])], ...rows],
    {
      aligns: ["left", ...names.flatMap(() => ["right", "right"] as const)],
      gap: 1,
      widths: [CLASS_NAME_WIDTH, ...names.flatMap(() => [CLASS_COLUMN_WIDTH, CLASS_COLUMN_WIDTH])],
    },
  );
  const more = result.classes.length - names.length;
  return [...lines, ...(more > 0 ? [`${plural(more, "class", "classes")} more in the report.`] : []), ""];
}

const CLASS_NAME_WIDTH = 18;
const CLASS_COLUMN_WIDTH = 10;

function changeCell(isBaseline: boolean, comparison: Comparison | undefined, paint: Paint): string {
  if (isBaseline) return "baseline";
  if (comparison === undefined || comparison.verdict === "not comparable") return paint("yellow", "n/a");
  if (comparison.verdict === "not shown") return "~";
  const relative = comparison.relative.value;
  const size = relative === null || !Number.isFinite(relative) ? "" : ` ${sizeInThreeCharacters(Math.abs(relative))}`;
  return paint(comparison.verdict === "better" ? "green" : "red", `${comparison.verdict}${size}`);
}

/** What 1,000 served cost against the baseline; no judgement where they are not the same requests. */
function costCell(result: RunResult, strategy: StrategyResult, paint: Paint): string {
  const comparison = comparisonOf(result, strategy.name, "usdPer1kServed");
  const text = changeCell(strategy.name === result.baseline, comparison, paint);
  if (comparison === undefined || comparison.verdict === "not comparable" || isLikeBaseline(result, strategy))
    return text;
  if (comparison.verdict === "not shown") return paint("yellow", "~†");
  const size = sizeInThreeCharacters(Math.abs(comparison.relative.value ?? 0));
  return paint("yellow", `${comparison.verdict === "better" ? "less" : "more"} ${size}†`);
}

function footnotes(result: RunResult, view: LatencyView): string[] {
  const of = view.className === null ? "" : ` * of class ${printable(view.className)}.`;
  const { asked, done } = result.replications;
  const short = done < asked ? ` (${asked} were asked for)` : "";
  const isCompared = result.strategies.length > 1;
  const intervals = done >= 2 ? "" : isCompared ? "; no intervals, so no difference can be shown" : "; no intervals";
  const tilde = isCompared ? `; ${tildeText(result)}` : "";
  return [
    `${plural(done, "replication", "replications")}${short}${intervals}. E2E latency of served requests; SLO = requests within their objective, failed ones outside; none = so many failed that there is no such percentile; Thr. = attempts answered 429; Fail = requests not served; USD per 1,000 served and a month of such traffic under the ${result.billing} billing rule${tilde}.${of}`,
    ...(result.strategies.every((strategy) => isLikeBaseline(result, strategy))
      ? []
      : ["† = of a class at least a point more or fewer fail than with the baseline: not the same 1,000 requests."]),
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
    ...(hasQuotaNeeds(result) ? [printable(quotaNeedText(preferredStrategy(result)))] : []),
    ...result.assertions.map(
      (one) => `${one.passed ? "passed" : "FAILED"}  ${printable(one.text)}: ${printable(one.found)}`,
    ),
  ];
}

function tildeText({ replications }: RunResult): string {
  return replications.done < 2 ? "~ = one replication cannot tell" : "~ = no difference shown";
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
