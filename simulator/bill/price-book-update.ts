/** A user's price book: imported prices over those that it had, what that changes, and which entries are old. */
import type { PriceBookData, PriceRow } from "../service/pricing/price-book-data.ts";
import { type ImportedPrices, rowKey } from "./price-list.ts";

export interface PriceChange {
  readonly before: PriceRow | undefined;
  readonly after: PriceRow;
}

export interface PriceBookUpdate {
  readonly book: PriceBookData;
  /** New keys, and keys with another price; those that only have a newer date are in `confirmed`. */
  readonly changes: readonly PriceChange[];
  readonly confirmed: number;
  /** Rows of the same offer that the new list no longer has; they stay in the book with their old date. */
  readonly gone: readonly PriceRow[];
}

const PRICES = ["input", "output", "cacheRead", "cacheWrite", "cacheWrite1h"] as const;

/** Puts the rows of a price list over those of a book; importing the same list again changes nothing. */
export function updateBook(book: PriceBookData, imported: ImportedPrices): PriceBookUpdate {
  const before = new Map(book.prices.map((row) => [rowKey(row), row]));
  const after = new Map(before);
  const changes: PriceChange[] = [];
  let confirmed = 0;
  for (const row of imported.rows) {
    const old = before.get(rowKey(row));
    after.set(rowKey(row), row);
    if (old !== undefined && PRICES.every((kind) => (old[kind] ?? null) === (row[kind] ?? null))) confirmed++;
    else changes.push({ before: old, after: row });
  }
  const keys = new Set(imported.rows.map(rowKey));
  const source = `AWS Price List, ${imported.offer}`;
  return {
    book: {
      ...book,
      sources: { ...book.sources, [source]: `publication ${imported.asOf}` },
      prices: [...after.values()],
    },
    changes,
    confirmed,
    gone: book.prices.filter((row) => row.source === source && !keys.has(rowKey(row))),
  };
}

const DAY_MS = 86_400_000;

/** Days between a row's date and today; a date without a day counts from the month's first. */
export function ageDays({ asOf }: PriceRow, todayMs: number): number {
  const day = Date.parse(/^\d{4}-\d{2}$/.test(asOf) ? `${asOf}-01` : asOf);
  return Number.isNaN(day) ? Number.POSITIVE_INFINITY : Math.floor((todayMs - day) / DAY_MS);
}

/** Rows older than so many days, the oldest first. */
export function staleRows(rows: readonly PriceRow[], maxDays: number, todayMs: number): readonly PriceRow[] {
  const stale = rows.filter((row) => ageDays(row, todayMs) > maxDays);
  return stale.sort((a, b) => ageDays(b, todayMs) - ageDays(a, todayMs));
}
