/**
 * One line of a bill, whatever export it comes from, what a reader of exports must give, and exact sums of money: decimals as
 * integers of 10^-18, so that a bill adds up to the last digit.
 */

/**
 * What a line is charged for. Only `usage` is spend that a route could change; the others are kept apart, since adding
 * a credit or a tax to usage would make every price per token wrong.
 */
export type ChargeKind = "usage" | "correction" | "commitment" | "discount" | "credit" | "refund" | "tax" | "fee";

/** Undefined: the export does not say. An export grouped by one dimension says little. */
export interface BillLine {
  /** Charge period, ms since 1970, UTC; the end is not included. */
  readonly startMs: number;
  readonly endMs: number;
  readonly kind: ChargeKind;
  readonly costUsd: Decimal;
  /** In `unit`: the number of thousands or millions of tokens, of gigabytes, of hours. */
  readonly quantity: Decimal | undefined;
  readonly unit: string | undefined;
  readonly service: string | undefined;
  readonly usageType: string | undefined;
  readonly operation: string | undefined;
  /** Region that is billed: the one that was called, wherever the call was served. */
  readonly region: string | undefined;
  readonly account: string | undefined;
  /** ARN of the caller; CUR 2.0 has it where the account asked for it. */
  readonly identity: string | undefined;
  /** Cost allocation tags by key, without the prefix `user:`. A key with the empty value is known to be untagged. */
  readonly tags: Readonly<Record<string, string>>;
  /** The amount may still change. */
  readonly estimated: boolean;
  /** Line or record of the file, from 1. */
  readonly line: number;
}

/** A file of a bill, read wholly: daily or hourly lines, of which a year has some hundred thousand. */
export interface BillExport {
  /** Name of the format, e.g. `cost-explorer-console`. */
  readonly format: string;
  /** Two exports of one view replace one another on the days that they share; those of two views describe the same spend. */
  readonly view: string;
  readonly lines: readonly BillLine[];
  /** What the file itself states as its sum, where it does. */
  readonly statedTotalUsd: Decimal | undefined;
  /** Which cost column was summed: `unblended`, `billed`, ... */
  readonly costBasis: string;
  /** What a person should know of it, e.g. that pages are missing. */
  readonly notes: readonly string[];
}

/** A table as the edge has parsed it: CSV and Parquet alike. */
export interface BillTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Line of the file on which each row begins. */
  readonly lineOf: (row: number) => number;
}

/** A decimal number times 10^18. */
export type Decimal = bigint;

/** Digits after the point that are kept; AWS prints at most twelve, Parquet exports up to eighteen. */
export const DECIMAL_PLACES = 18;
export const ONE: Decimal = 10n ** BigInt(DECIMAL_PLACES);

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/**
 * Reads a decimal as exports write it: `-3.30`, `1,234.5`, `1.2E-7`. Nothing is rounded unless asked for.
 *
 * @param beyond what becomes of digits beyond the eighteenth after the point, as doubles have them
 * @returns undefined for what is not a number, or has such digits
 * @example parseDecimal("1.2E-7") // => 120000000000n
 */
export function parseDecimal(text: string, beyond: "refuse" | "round" = "refuse"): Decimal | undefined {
  const match = NUMBER.exec(withoutGroups(text.trim()));
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  const places = DECIMAL_PLACES - fraction.length + Number(exponent);
  if (places > 60) return undefined;
  const digits = BigInt(whole + fraction);
  const size = places >= 0 ? digits * 10n ** BigInt(places) : quotient(digits, 10n ** BigInt(-places), beyond);
  if (size === undefined) return undefined;
  return sign === "-" ? -size : size;
}

/**
 * An amount of USD as people and spreadsheets write it: with a dollar sign, or in brackets where it is negative. Digits
 * beyond the eighteenth after the point, which only binary doubles have, are rounded.
 *
 * @example parseUsd("($1,050.25)") // => -1050250000000000000000n
 */
export function parseUsd(text: string): Decimal | undefined {
  const plain = text.trim().replace(/^\((.*)\)$/, "-$1");
  const digits = plain.replace(/^([+-]?)\s*(?:US)?\$\s*/i, "$1").replace(/\s*(?:USD|\$)$/i, "");
  return parseDecimal(digits.replace(/^--/, ""), "round");
}

/** `1,234,567.8` has its commas between groups of three; any other comma, as in `0,123`, makes it no number. */
function withoutGroups(text: string): string {
  return /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/.test(text) ? text.replaceAll(",", "") : text;
}

function quotient(dividend: bigint, divisor: bigint, beyond: "refuse" | "round"): bigint | undefined {
  if (beyond === "round") return (dividend + divisor / 2n) / divisor;
  return dividend % divisor === 0n ? dividend / divisor : undefined;
}

/**
 * All digits, no more: `12.5`, `-0.000001`.
 *
 * @example formatDecimal(12500000000000000000n) // => "12.5"
 */
export function formatDecimal(value: Decimal): string {
  const size = value < 0n ? -value : value;
  const fraction = (size % ONE).toString().padStart(DECIMAL_PLACES, "0").replace(/0+$/, "");
  return `${value < 0n ? "-" : ""}${size / ONE}${fraction === "" ? "" : `.${fraction}`}`;
}

/**
 * Rounded half away from zero to cents, as an invoice is: `1234.57`.
 *
 * @example formatCents(1234565000000000000000n) // => "1234.57"
 */
export function formatCents(value: Decimal): string {
  const cent = ONE / 100n;
  const size = value < 0n ? -value : value;
  const cents = (size + cent / 2n) / cent;
  const sign = value < 0n && cents > 0n ? "-" : "";
  return `${sign}${cents / 100n}.${(cents % 100n).toString().padStart(2, "0")}`;
}

/** For charts, shares and ratios only: sums are made before. */
export function toNumber(value: Decimal): number {
  return Number(formatDecimal(value));
}

/** @example sumOf([1n, 2n, -4n]) // => -1n */
export function sumOf(values: Iterable<Decimal>): Decimal {
  let sum = 0n;
  for (const value of values) sum += value;
  return sum;
}

/**
 * Of an export that does not say what its lines are charged for: lines below zero as credits, since usage never costs less than
 * nothing, so that prices of tokens, savings and trends are not lower for them. What was netted within a
 * line that is above zero cannot be seen, which the note says.
 */
export function withCreditsBySign(exported: BillExport): BillExport {
  const credits = exported.lines.filter(({ kind, costUsd }) => kind === "usage" && costUsd < 0n);
  if (credits.length === 0) return exported;
  const sum = formatCents(-sumOf(credits.map(({ costUsd }) => costUsd)));
  const what = credits.length === 1 ? "1 line below zero is" : `${credits.length} lines below zero are`;
  const note = `the export does not say what lines are charged for: ${what} taken for credits, USD ${sum} in all; what is netted in other lines cannot be seen: group it by charge type, too`;
  return {
    ...exported,
    lines: exported.lines.map((line) =>
      line.kind === "usage" && line.costUsd < 0n ? { ...line, kind: "credit" as const } : line,
    ),
    notes: [...exported.notes, note],
  };
}
