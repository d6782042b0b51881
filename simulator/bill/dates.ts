/** Dates as bills write them: ISO, or as a console or a spreadsheet of another language has left them; UTC always. */
import { parseDateTime } from "../base/time.ts";

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
 * @returns ms since 1970, UTC; undefined for what is no date
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
