/** Instants as files write them: dates with a time, and epoch times of any common unit, told apart by plausibility. */

/** Units in which files give times, longest first. */
export const TIME_UNITS = ["s", "ms", "us", "ns"] as const;
export type TimeUnit = (typeof TIME_UNITS)[number];

const PER_MS: Readonly<Record<TimeUnit, number>> = { s: 1e-3, ms: 1, us: 1e3, ns: 1e6 };

/** A time of a unit, in ms. @example toMs(1.5, "s") // => 1500 */
export function toMs(value: number, unit: TimeUnit): number {
  return unit === "s" ? value * 1000 : value / PER_MS[unit];
}

/** Instants outside these years are mistakes: a wrong unit, or a clock that was never set. */
const FIRST_YEAR = 2000;
const LAST_YEAR = 2099;
const EARLIEST_MS = Date.UTC(FIRST_YEAR, 0, 1);
const END_MS = Date.UTC(LAST_YEAR + 1, 0, 1);

/** Whether a number of this unit since 1970 is an instant of the years 2000 to 2099. */
export function isEpoch(value: number, unit: TimeUnit): boolean {
  const ms = toMs(value, unit);
  return ms >= EARLIEST_MS && ms < END_MS;
}

/**
 * The unit in which a number is an instant of the years 2000 to 2099; at most one is, since a century is far less than
 * a thousand times thirty years.
 *
 * @example [1777888800, 1777888800216, 17].map(epochUnitOf) // => ["s", "ms", undefined]
 */
export function epochUnitOf(value: number): TimeUnit | undefined {
  return TIME_UNITS.find((unit) => isEpoch(value, unit));
}

/** Whole seconds since 1970 and the fraction apart, since a double of epoch ms has no room for 100 ns. */
export interface Instant {
  readonly epochS: number;
  readonly fractionMs: number;
}

const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})[ Tt](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?: ?(Z|UTC|[+-]\d{2}(?::?\d{2})?))?$/i;
const OFFSET_HOURS_MAX = 14;

/**
 * Reads a date and time such as `2023-11-16 18:15:46.6805900`, with or without a zone (UTC when it has none).
 *
 * @returns the instant, or what is wrong with it as a phrase: `names a day that does not exist`
 */
export function parseDateTime(text: string): Instant | string {
  const plain = plainInstant(text);
  if (plain !== undefined) return plain;
  const match = DATE_TIME.exec(text.trim());
  if (match === null) return "is not a date and time";
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as Six;
  const [, , , , , , , fraction = "", zone = "Z"] = match;
  const epochMs = Date.UTC(year, month - 1, day, hour, minute, second);
  const read = new Date(epochMs);
  // Date.UTC carries what is too large over to the next month, so that 30 February comes back as 1 or 2 March.
  if (read.getUTCMonth() !== month - 1 || read.getUTCDate() !== day) {
    if (month >= 1 && month <= 12 && hour < 24 && minute < 60 && second < 60) return "names a day that does not exist";
  }
  if (month < 1 || month > 12) return "names a month that does not exist";
  if (hour > 23 || minute > 59 || second > 59) return "names a time of day that does not exist";
  const offsetS = zoneOffsetS(zone);
  if (offsetS === undefined) return "has a zone that does not exist";
  const epochS = epochMs / 1000 - offsetS;
  if (year < 1000 || !isEpoch(epochS, "s")) return `lies outside the years ${FIRST_YEAR} to ${LAST_YEAR}`;
  return { epochS, fractionMs: fraction === "" ? 0 : Number(fraction) / 10 ** (fraction.length - 3) };
}

const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * The forms that machines write, `2026-05-04T10:15:00Z` and `2026-05-04 10:15:00` with up to nine digits of a fraction,
 * without a regular expression: a recording has a time in each of its rows.
 */
function plainInstant(text: string): Instant | undefined {
  const end = text.charCodeAt(text.length - 1) === 90 ? text.length - 1 : text.length;
  const separator = text.charCodeAt(10);
  if (end < 19 || end > 29 || (separator !== 84 && separator !== 32)) return undefined;
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return undefined;
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return undefined;
  const year = 100 * twoDigits(text, 0) + twoDigits(text, 2);
  const [month, day] = [twoDigits(text, 5), twoDigits(text, 8)];
  const [hour, minute, second] = [twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17)];
  // Whatever is odd, NaN among it, is left to the careful reader, which says what is wrong.
  if (!(year >= FIRST_YEAR && year <= LAST_YEAR && month >= 1 && month <= 12 && day >= 1)) return undefined;
  if (!(day <= DAYS_OF_MONTH[month - 1]! && hour <= 23 && minute <= 59 && second <= 59)) return undefined;
  let fractionMs = 0;
  if (end > 19) {
    if (text.charCodeAt(19) !== 46 || end === 20) return undefined;
    for (let i = 20; i < end; i++) {
      const digit = text.charCodeAt(i) - 48;
      if (!(digit >= 0 && digit <= 9)) return undefined;
      fractionMs = 10 * fractionMs + digit;
    }
    fractionMs /= 10 ** (end - 23);
  }
  return { epochS: dayStartS(year, month, day) + 3600 * hour + 60 * minute + second, fractionMs };
}

/** The day that was asked for last, as most times of a file are of the same. */
let lastDay = 0;
let lastDayS = 0;

function dayStartS(year: number, month: number, day: number): number {
  const asked = 10_000 * year + 100 * month + day;
  if (asked !== lastDay) {
    lastDay = asked;
    lastDayS = Date.UTC(year, month - 1, day) / 1000;
  }
  return lastDayS;
}

function twoDigits(text: string, at: number): number {
  const [tens, ones] = [text.charCodeAt(at) - 48, text.charCodeAt(at + 1) - 48];
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? 10 * tens + ones : Number.NaN;
}

type Six = [number, number, number, number, number, number];

function zoneOffsetS(zone: string): number | undefined {
  if (/^[uz]/i.test(zone)) return 0;
  const hours = Number(zone.slice(1, 3));
  // Postgres writes whole hours as `+00`.
  const minutes = zone.length > 3 ? Number(zone.slice(-2)) : 0;
  if (hours > OFFSET_HOURS_MAX || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 3600 + minutes * 60);
}

/**
 * ms since 1970 of a date and time or of an epoch time in any unit, to the microsecond; or what is wrong, as a phrase.
 *
 * @example parseInstantMs("1777888800.216") // => 1777888800216
 */
export function parseInstantMs(text: string): number | string {
  if (!isNumeric(text)) {
    const instant = parseDateTime(text);
    return typeof instant === "string" ? instant : instant.epochS * 1000 + instant.fractionMs;
  }
  const unit = epochUnitOf(Number(text));
  if (unit === undefined)
    return `is not an instant of the years ${FIRST_YEAR} to ${LAST_YEAR} in ${TIME_UNITS.join(", ")}`;
  return Math.round(toMs(Number(text), unit) * 1e3) / 1e3;
}

/**
 * The instant in UTC that was probably meant, as a scenario writes it; undefined where that cannot be told.
 *
 * @example instantMeant("2026-06-01") // => "2026-06-01T00:00:00Z"
 * @example instantMeant("2026-06-01 08:00 +02:00") // => "2026-06-01T06:00:00Z"
 * @example instantMeant(1780300800) // => "2026-06-01T08:00:00Z"
 */
export function instantMeant(found: unknown): string | undefined {
  if (typeof found !== "string" && typeof found !== "number") return undefined;
  const text = String(found).trim();
  const ms = parseInstantMs(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00` : text);
  return typeof ms === "string" ? undefined : new Date(ms).toISOString().replace(/\.000Z$/, "Z");
}

/** Whether a text is a number and nothing else. */
export function isNumeric(text: string): boolean {
  return text.trim() !== "" && !Number.isNaN(Number(text));
}
