/**
 * Readable quantities as a scenario writes them (`45m`, `20/s`, `200k`, `31%`), and for one that cannot be read what a person
 * probably meant, for the fix of a problem.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from "./time.ts";

const DURATION_MS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: MINUTE_MS,
  min: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
};
const MULTIPLIER: Readonly<Record<string, number>> = { "": 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9, B: 1e9 };

const NUMBER = String.raw`\d+(?:\.\d+)?(?:e[+-]?\d+)?`;
const DURATION_PART = new RegExp(`^(${NUMBER})\\s*(us|ms|s|min|m|h|d)`);
const COUNT = new RegExp(`^(${NUMBER})\\s*([kKMGB]?)$`);
const RATE = new RegExp(`^(${NUMBER})\\s*([kKMGB]?)\\s*/\\s*(s|min|m|h|d)$`);
const PERCENT = new RegExp(`^(${NUMBER})\\s*%$`);

/**
 * `90s`, `1h30m`, `250ms` → milliseconds; undefined if it is not a duration. A bare number has no unit and is none.
 *
 * @example parseDurationMs("1h30m") // => 5_400_000
 */
export function parseDurationMs(text: string): number | undefined {
  let rest = text.trim();
  if (rest === "0") return 0;
  if (rest === "") return undefined;
  let total = 0;
  while (rest !== "") {
    const part = DURATION_PART.exec(rest);
    if (part === null) return undefined;
    total += Number(part[1]) * DURATION_MS[part[2]!]!;
    rest = rest.slice(part[0].length).trim();
  }
  return total;
}

/**
 * `200k`, `1.5M`, `64` → a number; undefined if it is not one.
 *
 * @example parseCount("1.5M") // => 1_500_000
 */
export function parseCount(text: string): number | undefined {
  const match = COUNT.exec(text.trim());
  return match === null ? undefined : Number(match[1]) * MULTIPLIER[match[2]!]!;
}

/**
 * `20/s`, `1.2k/min`, `50M/d` → events per second; undefined if it is not a rate.
 *
 * @example parseRatePerS("1.2k/min") // => 20
 */
export function parseRatePerS(text: string): number | undefined {
  const match = RATE.exec(text.trim());
  if (match === null) return undefined;
  return (Number(match[1]) * MULTIPLIER[match[2]!]! * 1000) / DURATION_MS[match[3]!]!;
}

/**
 * `31%` or `0.31` → 0.31; undefined if it is not a share.
 *
 * @example parseShare("31%") // => 0.31
 */
export function parseShare(text: string): number | undefined {
  const match = PERCENT.exec(text.trim());
  if (match !== null) return Number(match[1]) / 100;
  return parseCount(text);
}

/** Unit names in the wild, lower case, and how a scenario writes them. */
const TIME_UNITS: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ["us", "us µs usec usecs microsecond microseconds"],
    ["ms", "ms msec msecs milli millis millisecond milliseconds"],
    ["s", "s sec secs second seconds"],
    ["m", "m min mins minute minutes"],
    ["h", "h hr hrs hour hours"],
    ["d", "d day days"],
  ].flatMap(([unit = "", names = ""]) => names.split(" ").map((name) => [name, unit])),
);
const SMALLER_UNIT: Readonly<Record<string, string>> = { d: "h", h: "m", m: "s", s: "ms", ms: "us" };

/**
 * A duration with its unit: a bare number is taken as seconds.
 *
 * @example correctedDuration(6) // => "6s"
 * @example correctedDuration("24 hours") // => "24h"
 * @example correctedDuration("PT1H30M") // => "1h30m"
 * @example correctedDuration("soon") // => undefined
 */
export function correctedDuration(found: unknown): string | undefined {
  const text = plainText(found)
    .replace(/^p(?:(\d+)d)?t?(?=\d|$)/, (_, days?: string) => (days === undefined ? "" : `${days}d`))
    .replace(/^(\d+):(\d\d):(\d\d)$/, "$1h$2m$3s")
    .replace(/,|\band\b/g, " ");
  const parts = [...text.matchAll(new RegExp(`(${NUMBER})\\s*([a-zµ]*)`, "g"))];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text.replace(/\s+(?=\d)/g, "").trim()) return;
  let literal = "";
  let before: string | undefined;
  for (const [, number = "", word = ""] of parts) {
    const weeks = /^w(?:eeks?|ks?)?$/.test(word) ? 7 : 1;
    const unit = weeks > 1 ? "d" : word === "" ? (before === undefined ? "s" : SMALLER_UNIT[before]) : TIME_UNITS[word];
    if (unit === undefined) return undefined;
    literal += `${Number(number) * weeks}${unit}`;
    before = unit;
  }
  return parseDurationMs(literal) === undefined ? undefined : literal;
}

const EVENTS = "(?:requests?|reqs?|calls?|quer(?:y|ies)|tokens?|events?|arrivals?|[rqtc])?";
const RATE_WORDS = new RegExp(`^(${NUMBER})\\s*([kmgb]?)\\s*${EVENTS}\\s*(?:\\/|per|p)\\s*a?\\s*([a-z]+)$`);

/**
 * A rate with its unit: a bare number is taken as per second.
 *
 * @example correctedRate("3rps") // => "3/s"
 * @example correctedRate("100 requests per minute") // => "100/min"
 * @example correctedRate("-3/s") // => "3/s"
 */
export function correctedRate(found: unknown): string | undefined {
  const text = plainText(found).replace(/hz$/, "/s");
  if (new RegExp(`^${NUMBER}$`).test(text)) return `${text}/s`;
  const match = RATE_WORDS.exec(text);
  const unit = TIME_UNITS[match?.[3] ?? ""];
  if (match === null || unit === undefined || unit === "us") return undefined;
  const [, number = "", multiplier = ""] = match;
  const literal = `${number}${multiplier === "k" ? "k" : multiplier.toUpperCase()}/${unit === "m" ? "min" : unit}`;
  const perSecond = unit === "ms" ? literal.replace(/^([^/kMGB]+)/, (n) => String(Number(n) * 1000)) : literal;
  const corrected = perSecond.replace("/ms", "/s");
  return Number.isFinite(parseRatePerS(corrected)) ? corrected : undefined;
}

const SCALE_NAMES: readonly (readonly [scale: number, names: string])[] = [
  [1e3, "k thousand"],
  [1e6, "m mio mil mill million millions"],
  [1e9, "g b bn billion billions"],
];
const SCALES: Readonly<Record<string, number>> = Object.fromEntries(
  SCALE_NAMES.flatMap(([scale, names]) =>
    String(names)
      .split(" ")
      .map((name) => [name, scale]),
  ),
);
const COUNTED = "(?:tokens?|toks?|requests?|reqs?|calls?|[tr]p[smhd])";
const COUNT_WORDS = new RegExp(`^(${NUMBER})\\s*([a-z]*?)\\s*${COUNTED}?\\s*(?:(?:\\/|per)\\s*[a-z]+)?$`);

/** A count of another time than a minute or a day is another number. */
const OTHER_TIME = /(?:(?:\/|per)\s*(?:s|secs?|seconds?|h|hrs?|hours?)|[tr]p[sh])$/;

/**
 * A count as short as it can be written; undefined for one of a second or an hour, since limits are of a minute or a day.
 *
 * @example correctedCount("500000 TPM") // => "500k"
 * @example correctedCount("1,000 tokens per minute") // => "1k"
 * @example correctedCount("1.5 million") // => "1.5M"
 */
export function correctedCount(found: unknown): string | undefined {
  const text = plainText(found);
  const match = OTHER_TIME.test(text) ? null : COUNT_WORDS.exec(text);
  const scale = match?.[2] === "" ? 1 : SCALES[match?.[2] ?? "none"];
  if (match === null || scale === undefined) return undefined;
  const literal = shortCount(Number(match[1]) * scale);
  return parseCount(literal) === undefined ? undefined : literal;
}

/**
 * @example shortCount(1_500_000) // => "1.5M"
 * @example shortCount(1_234) // => "1234"
 */
export function shortCount(value: number): string {
  if (value >= 1e6 && value % 1e5 === 0) return `${value / 1e6}M`;
  return value >= 1000 && value % 100 === 0 ? `${value / 1000}k` : String(value);
}

/**
 * A share; numbers above 1 are taken as percent.
 *
 * @example correctedShare(31) // => "31%"
 * @example correctedShare("31 percent") // => "31%"
 * @example correctedShare("0,31") // => "0.31"
 */
export function correctedShare(found: unknown): string | undefined {
  const text = plainText(found).replace(/\s*(?:per ?cent|pct|pc|prozent)$/, "%");
  const share = parseShare(text);
  if (share === undefined || !Number.isFinite(share)) return undefined;
  return !text.endsWith("%") && share > 1 && share <= 100 ? `${share}%` : text;
}

/** Lower case, without a sign, with a decimal point and without marks between thousands. */
function plainText(found: unknown): string {
  if (typeof found !== "string" && typeof found !== "number") return "";
  return String(found)
    .slice(0, 80)
    .trim()
    .toLowerCase()
    .replace(/^[-+~≈$€£]\s*|\.$/g, "")
    .replace(/(?<=\d)[,_'\u00a0 ](?=\d{3}(?:\D|$))/g, "")
    .replace(/^(\d+),(\d{1,2})(?!\d)/, "$1.$2");
}
