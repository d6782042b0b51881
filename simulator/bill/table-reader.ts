/** Cells of a bill's table by column name, with the problems of all its rows gathered. */
import { firstProblems, MeridianError, type Problem } from "../base/errors.ts";
import { repeatedKey } from "../base/repeated-keys.ts";
import type { BillTable } from "./bill-line.ts";
import { type DateOrder, dateOrderOf, instantMsOf } from "./dates.ts";
import { type Decimal, parseUsd } from "./usd.ts";

const DAY_MS = 86_400_000;

/** Reads one row; a cell that cannot be read is a problem of the whole file, found with all the others. */
export interface RowReader {
  readonly line: number;
  /** Whether the table has one of these columns. */
  has(...columns: readonly string[]): boolean;
  /** The first of these cells that is not empty; undefined where all are, or the table has none of the columns. */
  text(...columns: readonly string[]): string | undefined;
  /** Zero, with a problem, where the cell is empty or no number. */
  amount(...columns: readonly string[]): Decimal;
  /** Undefined where the cell is empty. */
  quantity(...columns: readonly string[]): Decimal | undefined;
  instantMs(...columns: readonly string[]): number;
  /** A JSON object of texts, as exports write maps; empty where the cell is. */
  map(...columns: readonly string[]): Readonly<Record<string, string>>;
  /** A problem where a column says another currency: adding it up as USD would be wrong. */
  usdOnly(...columns: readonly string[]): void;
  problem(what: string, fix: string): void;
}

/**
 * Maps each row of a table.
 *
 * @param file for messages
 * @param nameOf how columns are compared: `lineItem/UsageType` and `line_item_usage_type` may be one
 * @returns what `read` returned for each row
 * @throws MeridianError data, with the problems of all rows; BILL_COLUMN_TWICE, since one of two costs would be taken
 */
export function readRows<T>(
  table: BillTable,
  file: string,
  nameOf: (column: string) => string,
  read: (row: RowReader) => T,
): readonly T[] {
  refuseTwice(table.columns, file, nameOf);
  const columns = new Map(table.columns.map((column, at) => [nameOf(column), at] as const));
  const problems: Problem[] = [];
  const order = dateOrderOf(table.rows.flat());
  const results = table.rows.map((cells, at) =>
    read(rowReader({ cells, columns, line: table.lineOf(at), file, problems, order })),
  );
  if (problems.length > 0) throw new MeridianError("data", firstProblems(problems));
  return results;
}

function refuseTwice(columns: readonly string[], file: string, nameOf: (column: string) => string): void {
  // Tags that differ in capital letters alone are different tags.
  const isOne = (a: string, b: string) => a === b || (!/tags?[/_:]/i.test(a) && nameOf(a) === nameOf(b));
  const first = (column: string) => columns.findIndex((each) => isOne(each, column));
  const second = columns.findIndex((column, at) => column !== "" && first(column) < at);
  if (second < 0) return;
  const [one, other] = [columns[first(columns[second]!)]!, columns[second]!];
  const what = one === other ? `the column ${one} is there twice` : `the columns ${one} and ${other} are the same one`;
  const fix = "take one out: which of the two is meant cannot be told";
  throw new MeridianError("data", { code: "BILL_COLUMN_TWICE", where: file, what, fix });
}

interface RowContext {
  readonly cells: readonly string[];
  readonly columns: ReadonlyMap<string, number>;
  readonly line: number;
  readonly file: string;
  readonly problems: Problem[];
  readonly order: DateOrder | undefined;
}

function rowReader({ cells, columns, line, file, problems, order }: RowContext): RowReader {
  const problem = (what: string, fix: string) => {
    problems.push({ code: "BILL_ROW_UNREADABLE", where: `${file}:${line}`, what, fix });
  };
  const nameIn = (names: readonly string[]) => names.find((name) => columns.has(name));
  const cellOf = (name: string) => {
    const cell = cells[columns.get(name) ?? -1]?.trim();
    return cell === undefined || cell === "" || cell.toLowerCase() === "null" ? undefined : cell;
  };
  const text = (...names: readonly string[]) => names.map(cellOf).find((cell) => cell !== undefined);
  const number = (names: readonly string[]): Decimal | undefined => {
    // Amounts of one column only: a row whose net cost is empty is not filled up with its gross cost.
    const cell = cellOf(nameIn(names) ?? "");
    if (cell === undefined) return undefined;
    const value = parseUsd(cell);
    if (value === undefined) problem(`${nameIn(names)} is no number: ${JSON.stringify(cell)}`, "write it as 12.345");
    return value ?? 0n;
  };
  return {
    line,
    text,
    problem,
    has: (...names) => nameIn(names) !== undefined,
    amount: (...names) => {
      const value = number(names);
      if (value === undefined)
        problem(`${nameIn(names) ?? names[0]} is empty`, "give the cost of the line, 0 if there is none");
      return value ?? 0n;
    },
    quantity: (...names) => number(names),
    usdOnly: (...names) => {
      const currency = text(...names);
      if (currency !== undefined && /^[A-Z]{3}$/i.test(currency) && currency.toUpperCase() !== "USD")
        problem(`the currency is ${currency}`, "export the bill in USD");
    },
    instantMs: (...names) => {
      const cell = text(...names) ?? "";
      const ms = instantMsOf(cell, order);
      if (ms === undefined)
        problem(
          `${nameIn(names) ?? names[0]} is no date: ${JSON.stringify(cell)}`,
          "write 2026-09-03 or 2026-09-03T14:00:00Z",
        );
      return ms ?? 0;
    },
    map: (...names) => {
      const cell = text(...names);
      const map = cell === undefined ? {} : parseMap(cell);
      const twice = map !== undefined && cell !== undefined ? repeatedKey(cell) : undefined;
      if (twice !== undefined) problem(`${nameIn(names)} has the key ${JSON.stringify(twice)} twice`, "take one out");
      if (map === undefined)
        problem(`${nameIn(names)} is no JSON object: ${JSON.stringify(cell)}`, 'write {"key": "value"}');
      return map ?? {};
    },
  };
}

/** The end of a period whose export states only its start. */
export function nextDayMs(startMs: number): number {
  return startMs + DAY_MS;
}

function parseMap(text: string): Readonly<Record<string, string>> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  // Maps of Parquet come out as lists: of pairs, or of objects with a key and a value.
  if (Array.isArray(value)) value = Object.fromEntries(value.flatMap(entryOf));
  if (value === null) return {};
  if (typeof value !== "object") return undefined;
  return Object.fromEntries(entriesOf(value, ""));
}

function entryOf(each: unknown): readonly (readonly [string, unknown])[] {
  if (Array.isArray(each)) return [[String(each[0]), each[1]]];
  if (typeof each !== "object" || each === null) return [];
  const { key, Key, value, Value } = each as Record<string, unknown>;
  return [[String(key ?? Key), value ?? Value]];
}

/** Objects within objects give keys joined by a colon: `{"user": {"team": "search"}}` is `user:team`. */
function entriesOf(map: object, prefix: string): readonly (readonly [string, string])[] {
  return Object.entries(map).flatMap(([key, entry]): readonly (readonly [string, string])[] => {
    if (entry === null || entry === undefined) return [];
    if (typeof entry !== "object") return [[prefix + key, String(entry)]];
    return Array.isArray(entry) ? [[prefix + key, JSON.stringify(entry)]] : entriesOf(entry, `${prefix}${key}:`);
  });
}

/** Tags as a person wrote them: exports put `user:`, `user_` or `iamPrincipal/` before them. */
export function plainTags(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const plain: Record<string, string> = {};
  const keyOf = (key: string) => key.replace(/^(user|iam_?principal)[:_/]/i, "");
  // A tag of the resource goes before one of the same name that the caller has.
  const own = Object.entries(tags).sort(([a], [b]) => Number(/^iam/i.test(a)) - Number(/^iam/i.test(b)));
  for (const [key, value] of own) plain[keyOf(key)] ??= value;
  return plain;
}
