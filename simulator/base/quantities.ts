/** Readable quantities as a scenario writes them: `45m`, `20/s`, `200k`, `31%`. */
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
