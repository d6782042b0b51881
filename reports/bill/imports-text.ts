/**
 * What imports did, for a terminal: of a bill in a sentence with its sums, of a price list what it changes in a price book,
 * and what is old or missing there.
 */
import { formatProblem, type Problem, printable } from "../../simulator/base/errors.ts";
import { type Decimal, formatCents, formatDecimal } from "../../simulator/bill/bill-line.ts";
import {
  ageDays,
  type ImportedPrices,
  type PriceBookUpdate,
  type PriceChange,
} from "../../simulator/bill/price-list.ts";
import type { PriceRow } from "../../simulator/service/pricing/price-book-data.ts";
import { plural } from "../base/text.ts";
import { type TerminalOptions, wrap } from "../text/terminal.ts";

/** What `meridian prices check` has found. */
export interface PriceCheck {
  /** Entries that were looked at. */
  readonly entries: number;
  readonly maxDays: number;
  /** The oldest first. */
  readonly stale: readonly PriceRow[];
  readonly missing: readonly Problem[];
}

const SHOWN_MAX = 20;

/** @param todayMs for the age in days */
export function renderPriceCheck(
  { entries, maxDays, stale, missing }: PriceCheck,
  todayMs: number,
  options: TerminalOptions,
): string {
  const head = `${plural(entries, "price", "prices")} checked: ${stale.length} older than ${plural(maxDays, "day", "days")}, ${missing.length} missing`;
  const old = stale.map(
    (row) => `  ${nameOf(row)}: as of ${row.asOf} (${ageText(ageDays(row, todayMs))}), ${row.source}`,
  );
  return [
    ...wrap(head, options.width),
    ...shortened(old).map(printable),
    ...missing.map((problem) => formatProblem(problem)),
    ...(stale.length === 0 ? [] : wrap("newer ones: meridian prices import <index.json> --book <file>", options.width)),
  ].join("\n");
}

/** @param path the book that was written; undefined when none was */
export function renderPriceImport(
  { offer, asOf, rows, left }: ImportedPrices,
  { changes, confirmed, gone }: PriceBookUpdate,
  path: string | undefined,
  options: TerminalOptions,
): string {
  const added = changes.filter(({ before }) => before === undefined);
  const changed = changes.filter(({ before }) => before !== undefined);
  const head = `${offer} of ${asOf}: ${plural(rows.length, "price", "prices")}, of them ${added.length} new, ${changed.length} changed, ${confirmed} confirmed`;
  const reasons = left.map(({ reason, products, example }) => `  ${products}  ${reason}, e.g. ${example}`);
  return [
    ...wrap(head, options.width),
    ...shortened(changed.map(changeLine)).map(printable),
    ...shortened(added.map(({ after }) => `  new  ${nameOf(after)}: ${after.input} / ${after.output}`)).map(printable),
    ...(gone.length === 0
      ? []
      : [`${plural(gone.length, "price", "prices")} of this offer no longer listed, kept with the old date:`]),
    ...shortened(gone.map((row) => `  ${nameOf(row)} as of ${row.asOf}`)).map(printable),
    ...(left.length === 0 ? [] : ["left out, by products:", ...reasons.map(printable)]),
    path === undefined ? "nothing was written" : `written: ${path}; use it with world: { prices: { book: <file> } }`,
  ].join("\n");
}

function changeLine({ before, after }: PriceChange): string {
  return `  ${nameOf(after)}: ${before!.input} / ${before!.output} -> ${after.input} / ${after.output} USD per million tokens`;
}

function nameOf({ model, region, tier, routing }: PriceRow): string {
  return `${model} ${region} ${tier}${routing === "global" && tier !== "global" ? " (global)" : ""}`;
}

function ageText(days: number): string {
  return Number.isFinite(days) ? plural(days, "day", "days") : "no date";
}

function shortened(lines: readonly string[]): readonly string[] {
  if (lines.length <= SHOWN_MAX) return lines;
  return [...lines.slice(0, SHOWN_MAX), `  and ${lines.length - SHOWN_MAX} more (--json has all)`];
}

/** Sums and counts of an import. */
export interface ImportedSums {
  readonly source: string;
  readonly lines: number;
  readonly days: number;
  readonly accounts: number;
  /** Of the file; what the store now holds of these days is the same, or the import has failed. */
  readonly totalUsd: Decimal;
  readonly storedUsd: Decimal;
  readonly tokensUsd: Decimal;
  readonly unattributedUsd: Decimal;
  readonly untaggedUsd: Decimal;
  readonly teamTag: string;
  /** Days that were there before. */
  readonly replacedDays: number;
}

/**
 * The file's sum, the store's, and what is not attributed or tagged: nothing of a bill goes unseen.
 */
export function importedBillText(found: ImportedSums): string {
  const { source, lines, days, accounts, totalUsd, storedUsd, tokensUsd, replacedDays } = found;
  const was = replacedDays === 0 ? "" : `, in the place of ${plural(replacedDays, "day", "days")} that were there`;
  return [
    `${plural(lines, "line", "lines")} (${source}) of ${plural(days, "day", "days")} and ${plural(accounts, "account", "accounts")}${was}.`,
    `USD ${amount(totalUsd)} in the file, USD ${amount(storedUsd)} in the store: equal to the last digit.`,
    `Of it USD ${amount(tokensUsd)} for tokens, USD ${amount(found.unattributedUsd)} not attributed; USD ${amount(found.untaggedUsd)} of usage has no ${found.teamTag}.`,
  ].join("\n  ");
}

function amount(value: Decimal): string {
  return formatCents(value).replace(/\B(?=(\d{3})+\.)/g, ",");
}

/** Amounts as exact decimals in texts: JSON's numbers would lose digits. */
export function plainAmounts(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, one) => (typeof one === "bigint" ? formatDecimal(one) : one)));
}
