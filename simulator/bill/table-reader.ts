/**
 * Cells of a bill's table by column name, with the problems of all its rows gathered; dates among them as ISO writes them, or
 * as a console or a spreadsheet of another language has left them, UTC always.
 */

import { firstProblems, MeridianError, type Problem } from "../base/errors.ts";
import { parseDateTime } from "../base/instants.ts";
import { repeatedKey } from "../base/repeated-keys.ts";
import { type BillTable, type Decimal, parseUsd } from "./bill-line.ts";

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
  const currencies = new Set<string>();
  const results = table.rows.map((cells, at) =>
    read(
      rowReader({ cells, columns, written: table.columns, line: table.lineOf(at), file, problems, order, currencies }),
    ),
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
  /** The columns as the file spells them. */
  readonly written: readonly string[];
  readonly line: number;
  readonly file: string;
  readonly problems: Problem[];
  readonly order: DateOrder | undefined;
  /** Other currencies that a problem has named: once for the file, not for each of its rows. */
  readonly currencies: Set<string>;
}

function rowReader({ cells, columns, written, line, file, problems, order, currencies }: RowContext): RowReader {
  const problem = (what: string, fix: string) => {
    problems.push({ code: "BILL_ROW_UNREADABLE", where: `${file}:${line}`, what, fix });
  };
  const nameIn = (names: readonly string[]) => names.find((name) => columns.has(name));
  const shown = (names: readonly string[]) => written[columns.get(nameIn(names) ?? "") ?? -1] ?? names[0];
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
    if (value === undefined) problem(`${shown(names)} is not a number: ${JSON.stringify(cell)}`, "write it as 12.345");
    return value ?? 0n;
  };
  return {
    line,
    text,
    problem,
    has: (...names) => nameIn(names) !== undefined,
    amount: (...names) => {
      const value = number(names);
      if (value === undefined) problem(`${shown(names)} is empty`, "give the cost of the line, 0 if there is none");
      return value ?? 0n;
    },
    quantity: (...names) => number(names),
    usdOnly: (...names) => {
      const currency = text(...names);
      if (currency === undefined || !/^[A-Z]{3}$/i.test(currency) || currency.toUpperCase() === "USD") return;
      if (!currencies.has(currency)) problem(`the currency is ${currency}`, "export the bill in USD");
      currencies.add(currency);
    },
    instantMs: (...names) => {
      const cell = text(...names) ?? "";
      const ms = instantMsOf(cell, order);
      if (ms === undefined)
        problem(`${shown(names)} is not a date: ${JSON.stringify(cell)}`, "write 2026-09-03 or 2026-09-03T14:00:00Z");
      return ms ?? 0;
    },
    map: (...names) => {
      const cell = text(...names);
      const map = cell === undefined ? {} : parseMap(cell);
      const twice = map !== undefined && cell !== undefined ? repeatedKey(cell) : undefined;
      if (twice !== undefined) problem(`${shown(names)} has the key ${JSON.stringify(twice)} twice`, "take one out");
      if (map === undefined)
        problem(`${shown(names)} is not a JSON object: ${JSON.stringify(cell)}`, 'write {"key": "value"}');
      return map ?? {};
    },
  };
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

/** Before the name of a cost category, which is a label as a tag is. */
export const CATEGORY_PREFIX = "category:";

/** @example categories({ Team: "search" }) // => { "category:Team": "search" } */
export function categories(map: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [`${CATEGORY_PREFIX}${key}`, value]));
}

/** Which number of `9/3/2026` is the day. */
export type DateOrder = "day first" | "month first";

const NUMERIC = /^(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;
const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");

/**
 * Reads the order of day and month from all dates of a file: a number above 12 is a day, and points are only written
 * with the day first.
 *
 * @returns undefined where nothing tells it
 * @example dateOrderOf(["9/3/2026", "9/14/2026"]) // => "month first"
 */
export function dateOrderOf(cells: Iterable<string>): DateOrder | undefined {
  let order: DateOrder | undefined;
  for (const cell of cells) {
    const match = NUMERIC.exec(cell.trim());
    if (match === null) continue;
    if (Number(match[1]) > 12 || match[2] === ".") order = "day first";
    else if (Number(match[3]) > 12) order = "month first";
    if (order !== undefined) return order;
  }
  return order;
}

/**
 * A month, a day, or a date and time.
 *
 * @param order of `9/3/2026`; without it such a date is read only where both orders are one day
 * @returns ms since 1970, UTC; undefined for what is not a date
 * @example instantMsOf("2026-09-03") // => 1788393600000
 */
export function instantMsOf(text: string, order?: DateOrder): number | undefined {
  const plain = text.trim();
  const iso = /^\d{4}[-/]\d{2}([-/]\d{2})?$/.test(plain)
    ? `${plain.replaceAll("/", "-")}${plain.length === 7 ? "-01" : ""}T00:00:00Z`
    : plain.replace(/ ?UTC$/, "Z");
  const instant = parseDateTime(iso);
  if (typeof instant !== "string") return instant.epochS * 1000 + Math.floor(instant.fractionMs);
  return numeric(plain, order) ?? named(plain);
}

function numeric(text: string, order: DateOrder | undefined): number | undefined {
  const match = NUMERIC.exec(text);
  if (match === null) return undefined;
  const [first, second, year, hour, minute, s] = [match[1], match[3], match[4], match[5], match[6], match[7]].map(
    (part) => Number(part ?? 0),
  ) as [number, number, number, number, number, number];
  if (order === undefined && first !== second) return undefined;
  const [day, month] = order === "month first" ? [second, first] : [first, second];
  return dayMs(year, month, day, (hour * 60 + minute) * 60 + s);
}

/** `Jul 3, 2026`, `3 July 2026`, `Jul-2026`. */
function named(text: string): number | undefined {
  const words = text.toLowerCase().match(/[a-z]+|\d+/g) ?? [];
  const month = MONTHS.findIndex((name) => words.some((word) => word.startsWith(name)));
  const numbers = words.filter((word) => /^\d+$/.test(word)).map(Number);
  const isDate = month >= 0 && words.length - numbers.length === 1 && numbers.length >= 1 && numbers.length <= 2;
  if (!isDate || numbers.at(-1)! < 1000) return undefined;
  return dayMs(numbers.at(-1)!, month + 1, numbers.length === 2 ? numbers[0]! : 1, 0);
}

function dayMs(year: number, month: number, day: number, seconds: number): number | undefined {
  const ms = Date.UTC(year, month - 1, day);
  const read = new Date(ms);
  const isDay = read.getUTCMonth() === month - 1 && read.getUTCDate() === day && year >= 2000 && year < 2100;
  return isDay && seconds < 86_400 ? ms + seconds * 1000 : undefined;
}
