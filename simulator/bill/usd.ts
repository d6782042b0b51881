/** Exact sums of money and quantities: decimals as integers of 10^-18, so that a bill adds up to the last digit. */

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
 * @returns undefined for what is no number, or has such digits
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

/** `1,234,567.8` has its commas between groups of three; any other comma makes it no number. */
function withoutGroups(text: string): string {
  return /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(text) ? text.replaceAll(",", "") : text;
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
