/** Cells of a bill's table by column name, with the problems of all its rows gathered. */
import { firstProblems, MeridianError, type Problem } from "../base/errors.ts";
import { parseDateTime } from "../base/instants.ts";
import type { BillTable } from "./bill-line.ts";
import { type Decimal, parseDecimal } from "./usd.ts";

const DAY_MS = 86_400_000;

/** Reads one row; a cell that cannot be read is a problem of the whole file, found with all the others. */
export interface RowReader {
  readonly line: number;
  /** The cell of the first of these columns that the table has; undefined where it is empty or there is none. */
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
  const twice = table.columns.find((column, at) => column !== "" && table.columns.indexOf(column) < at);
  if (twice !== undefined) {
    const what = `the column ${twice} is there twice`;
    const fix = "take one out: which of the two is meant cannot be told";
    throw new MeridianError("data", { code: "BILL_COLUMN_TWICE", where: file, what, fix });
  }
  const columns = new Map(table.columns.map((column, at) => [nameOf(column), at] as const));
  const problems: Problem[] = [];
  const results = table.rows.map((cells, at) =>
    read(rowReader({ cells, columns, line: table.lineOf(at), file, problems })),
  );
  if (problems.length > 0) throw new MeridianError("data", firstProblems(problems));
  return results;
}

interface RowContext {
  readonly cells: readonly string[];
  readonly columns: ReadonlyMap<string, number>;
  readonly line: number;
  readonly file: string;
  readonly problems: Problem[];
}

function rowReader({ cells, columns, line, file, problems }: RowContext): RowReader {
  const problem = (what: string, fix: string) => {
    problems.push({ code: "BILL_ROW_UNREADABLE", where: `${file}:${line}`, what, fix });
  };
  const nameIn = (names: readonly string[]) => names.find((name) => columns.has(name));
  const text = (...names: readonly string[]) => {
    const name = nameIn(names);
    const cell = name === undefined ? undefined : cells[columns.get(name)!];
    return cell === undefined || cell.trim() === "" ? undefined : cell.trim();
  };
  const number = (names: readonly string[]): Decimal | undefined => {
    const cell = text(...names);
    if (cell === undefined) return undefined;
    const value = parseDecimal(cell);
    if (value === undefined) problem(`${nameIn(names)} is no number: ${JSON.stringify(cell)}`, "write it as 12.345");
    return value ?? 0n;
  };
  return {
    line,
    text,
    problem,
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
      const ms = instantMsOf(cell);
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
      if (map === undefined)
        problem(`${nameIn(names)} is no JSON object: ${JSON.stringify(cell)}`, 'write {"key": "value"}');
      return map ?? {};
    },
  };
}

/** A day, or a date and time; UTC, as bills are. @example instantMsOf("2026-09-03") // => 1788393600000 */
export function instantMsOf(text: string): number | undefined {
  const instant = parseDateTime(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  return typeof instant === "string" ? undefined : instant.epochS * 1000 + Math.floor(instant.fractionMs);
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
  // Parquet's maps come out as lists of pairs.
  if (Array.isArray(value)) value = Object.fromEntries(value.filter(Array.isArray).map(([key, entry]) => [key, entry]));
  if (typeof value !== "object" || value === null) return undefined;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== null && entry !== undefined)
      .map(([key, entry]) => [key, String(entry)]),
  );
}

/** Tags as a person wrote them: exports put `user:`, `user_` or `resource_tags_user_` before them. */
export function plainTags(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [key.replace(/^user[:_]/, ""), value]));
}
