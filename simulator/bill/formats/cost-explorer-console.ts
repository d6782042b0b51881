/** CSV downloads of the Cost Explorer console: one column a group, a row of totals, then a row for each day or hour. */

import { firstProblems, MeridianError, type Problem } from "../../base/errors.ts";
import {
  type BillExport,
  type BillLine,
  type BillTable,
  type Decimal,
  formatDecimal,
  parseUsd,
  sumOf,
  withCreditsBySign,
} from "../bill-line.ts";
import { periodsOf } from "../periods.ts";
import { type DateOrder, dateOrderOf, instantMsOf } from "../table-reader.ts";
import { chargeKindOf, regionOf } from "./cost-explorer-long.ts";

/** `us-east-1($)`; the console writes the sign of the account's currency. */
const COST_COLUMN = /^(.*)\(\s*(\p{Sc}|[A-Z]{3})\s*\)$/u;
const TOTAL_COLUMN = /^total( costs?)?$/i;

export function isCostExplorerConsole(columns: readonly string[]): boolean {
  return columns.length >= 2 && columns.slice(1).every((column) => COST_COLUMN.test(column.trim()));
}

/**
 * The sums that the file states, for each day and each group, are checked against its cells.
 *
 * @param file for messages
 * @throws MeridianError data, with all problems
 */
export function readCostExplorerConsole(table: BillTable, file: string): BillExport {
  const dimension = table.columns[0]!.trim();
  const groups = table.columns.slice(1).map((column) => COST_COLUMN.exec(column.trim())![1]!.trim());
  const problems: Problem[] = [];
  checkCurrency(table.columns, file, problems);
  const order = dateOrderOf(table.rows.map((cells) => cells[0] ?? ""));
  const filled = table.rows
    .map((cells, at) => ({ cells, line: table.lineOf(at) }))
    .filter(({ cells }) => cells.some((cell) => cell.trim() !== ""));
  const rows = filled.map(({ cells, line }) => readRow(cells, { line, file, problems, order }));
  const days = rows.filter((row) => row.startMs !== undefined);
  const others = rows.filter((row) => row.startMs === undefined);
  const stated = others[0];
  problems.push(...others.flatMap((row) => labelProblem(row, days, file)));
  const named = groups.findIndex((group) => TOTAL_COLUMN.test(group));
  const totalAt = named < 0 && isTotalOfOthers(days, groups.length) ? groups.length - 1 : named;
  checkSums({ groups, days, stated, totalAt, file, problems });
  if (problems.length > 0) throw new MeridianError("data", firstProblems(problems));

  const periods = periodsOf(days.map((day) => day.startMs!));
  const lines = days.flatMap((day) =>
    groups.flatMap((group, at): readonly BillLine[] => {
      const costUsd = day.costs[at];
      if (at === totalAt || costUsd === undefined) return [];
      return [
        lineOf(dimension, group, {
          startMs: day.startMs!,
          endMs: periods.endMs(day.startMs!),
          costUsd,
          line: day.line,
        }),
      ];
    }),
  );
  const exported: BillExport = {
    format: "cost-explorer-console",
    view: `cost-explorer by ${dimension.toLowerCase()}`,
    lines,
    statedTotalUsd: totalAt < 0 ? undefined : stated?.costs[totalAt],
    costBasis: "as chosen in the console (unblended unless it was changed)",
    notes: ["the console's download gives costs only: no quantities, so no tokens and no prices", ...periods.notes],
  };
  return /^charge ?type$/i.test(dimension) ? exported : withCreditsBySign(exported);
}

interface ConsoleRow {
  readonly line: number;
  readonly label: string;
  /** Undefined: the row of totals. */
  readonly startMs: number | undefined;
  /** Undefined: an empty cell. */
  readonly costs: readonly (Decimal | undefined)[];
}

function checkCurrency(columns: readonly string[], file: string, problems: Problem[]): void {
  const sign = columns
    .slice(1)
    .map((column) => COST_COLUMN.exec(column.trim())![2]!)
    .find((each) => each !== "$" && each !== "USD");
  if (sign === undefined) return;
  const fix = "choose USD in the console's preferences and download it again";
  problems.push({ code: "BILL_ROW_UNREADABLE", where: `${file}:1`, what: `the currency is ${sign}`, fix });
}

interface RowContext {
  readonly line: number;
  readonly file: string;
  readonly problems: Problem[];
  readonly order: DateOrder | undefined;
}

function readRow(cells: readonly string[], { line, file, problems, order }: RowContext): ConsoleRow {
  const label = (cells[0] ?? "").trim();
  const startMs = instantMsOf(label, order);
  const costs = cells.slice(1).map((cell) => {
    if (cell.trim() === "") return undefined;
    const cost = parseUsd(cell);
    if (cost === undefined)
      problems.push({
        code: "BILL_ROW_UNREADABLE",
        where: `${file}:${line}`,
        what: `${JSON.stringify(cell)} is not an amount`,
        fix: "write it as 12.345",
      });
    return cost ?? 0n;
  });
  return { line, label, startMs, costs };
}

/** A row that is not of a day states totals: by its label, or, in a console of another language, by its amounts. */
function labelProblem(row: ConsoleRow, days: readonly ConsoleRow[], file: string): readonly Problem[] {
  const isSum = row.costs.every((cost, at) =>
    isNear(sumOf(days.map(({ costs }) => costs[at] ?? 0n)), cost, days.length),
  );
  if (/\btotals?\b/i.test(row.label) || (days.length > 0 && isSum)) return [];
  const what = `${JSON.stringify(row.label)} is neither a date nor the row of totals`;
  const fix = "keep the file as the console wrote it: dates as 2026-09-03";
  return [{ code: "BILL_ROW_UNREADABLE", where: `${file}:${row.line}`, what, fix }];
}

/** Days of which the last column has to be the sum of the others before it is taken for the column of totals. */
const SUMMED_DAYS_MIN = 2;

/** Whether the last column, by whatever name, is on each day what the others add up to. */
function isTotalOfOthers(days: readonly ConsoleRow[], columns: number): boolean {
  const last = columns - 1;
  const others = ({ costs }: ConsoleRow) => sumOf(costs.slice(0, last).map((cost) => cost ?? 0n));
  const spent = days.filter((day) => others(day) !== 0n);
  return (
    columns >= 2 &&
    spent.length >= SUMMED_DAYS_MIN &&
    days.every((day) => isNear(others(day), day.costs[last] ?? 0n, columns))
  );
}

function isNear(sum: Decimal, said: Decimal | undefined, addends: number): boolean {
  return said === undefined || (sum > said ? sum - said : said - sum) <= ROUNDING * BigInt(addends);
}

interface SumsToCheck {
  readonly groups: readonly string[];
  readonly days: readonly ConsoleRow[];
  readonly stated: ConsoleRow | undefined;
  readonly totalAt: number;
  readonly file: string;
  readonly problems: Problem[];
}

/** The console may round what it prints to ten places, so that a sum may be off by this for each addend. */
const ROUNDING: Decimal = 10n ** 8n;

function checkSums({ groups, days, stated, totalAt, file, problems }: SumsToCheck): void {
  const differ = (where: number, what: string, sum: Decimal, said: Decimal | undefined, addends: number) => {
    if (said === undefined || isNear(sum, said, addends)) return;
    problems.push({
      code: "BILL_TOTAL_DIFFERS",
      where: `${file}:${where}`,
      what: `${what} add up to ${formatDecimal(sum)}, the file says ${formatDecimal(said)}`,
      fix: "download the file again: rows or columns of it are missing or changed",
    });
  };
  if (totalAt >= 0)
    for (const { line, costs } of days)
      differ(
        line,
        "the groups of the day",
        sumOf(costs.map((cost, at) => (at === totalAt ? 0n : (cost ?? 0n)))),
        costs[totalAt],
        groups.length,
      );
  if (stated === undefined) return;
  groups.forEach((group, at) => {
    differ(
      stated.line,
      `the days of ${JSON.stringify(group)}`,
      sumOf(days.map(({ costs }) => costs[at] ?? 0n)),
      stated.costs[at],
      days.length,
    );
  });
}

type Amount = Pick<BillLine, "startMs" | "endMs" | "costUsd" | "line">;

const NOTHING_SAID = {
  kind: "usage",
  quantity: undefined,
  unit: undefined,
  service: undefined,
  usageType: undefined,
  operation: undefined,
  region: undefined,
  account: undefined,
  identity: undefined,
  tags: {},
  estimated: false,
} as const satisfies Partial<BillLine>;

/** A group column of a known dimension says that; of any other name it is the value of a tag with the name as its key. */
function lineOf(dimension: string, group: string, amount: Amount): BillLine {
  const line: BillLine = { ...NOTHING_SAID, ...amount };
  switch (dimension.toLowerCase().replaceAll(" ", "")) {
    case "service":
      return { ...line, service: group, kind: chargeKindOf(undefined, group) };
    case "region":
      return { ...line, region: regionOf(group) };
    case "usagetype":
      return { ...line, usageType: group };
    case "apioperation":
    case "operation":
      return { ...line, operation: group };
    case "linkedaccount":
      return { ...line, account: group };
    case "chargetype":
      return { ...line, kind: chargeKindOf(group) };
    case "total":
    case "date":
      return line;
    default: {
      // `team`, or `Tag: team` in newer consoles; a value may stand as the API has it, `team$search`.
      const key = dimension.replace(/^(tag|cost category)\s*[:$]\s*/i, "");
      const value = group.startsWith(`${key}$`) ? group.slice(key.length + 1) : group;
      return { ...line, tags: { [key]: /^no (tag|cost category)( key|gedvalue)?\b/i.test(value) ? "" : value } };
    }
  }
}
