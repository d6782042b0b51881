/** Words and numbers of a verdict: seconds, money, relative differences, lists. */
import type { Estimate } from "../base/statistics.ts";
import type { RunResult } from "./result.ts";

/**
 * @example secondsText(8813) // => "8.81 s"
 * @example secondsText(240) // => "240 ms"
 */
export function secondsText(ms: number): string {
  if (ms < 1000) return `${Number(ms.toPrecision(3))} ms`;
  return ms >= 99_950 ? `${thousands(ms / 1000)} s` : `${(ms / 1000).toPrecision(3)} s`;
}

/**
 * A limit as it was set.
 *
 * @example limitText(6000) // => "6 s"
 * @example limitText(800) // => "800 ms"
 * @example limitText(86_400_000) // => "24 h"
 */
export function limitText(ms: number): string {
  if (ms >= 3_600_000 && ms % 60_000 === 0) return `${Number((ms / 3_600_000).toPrecision(12))} h`;
  if (ms >= 120_000 && ms % 60_000 === 0) return `${ms / 60_000} min`;
  return ms >= 1000 ? `${Number((ms / 1000).toPrecision(12))} s` : `${ms} ms`;
}

/** @example thousands(1234.5) // => "1,235" */
export function thousands(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/**
 * Dollars with three significant digits, whole from 100 on.
 *
 * @example usdText(97_312) // => "USD 97,300"
 * @example usdText(1.894) // => "USD 1.89"
 */
export function usdText(usd: number): string {
  if (usd >= 100) return `USD ${thousands(Number(usd.toPrecision(3)))}`;
  return `USD ${usd === 0 ? "0" : Math.abs(usd) < 0.001 ? usd.toExponential(1) : usd.toPrecision(3)}`;
}

/**
 * Decimals of a relative difference in hundredths, in a sentence and in a table's change alike.
 *
 * @example relativeDecimals(0.123) // => 0
 * @example relativeDecimals(-0.0654) // => 1
 */
export function relativeDecimals(relative: number): number {
  const size = Math.abs(relative) * 100;
  return size >= 9.95 ? 0 : size >= 0.095 ? 1 : 2;
}

/** `12 % (11–13 %) less`: a relative difference as a positive number in the direction of the word. */
export function percentText({ value, low, high }: Estimate, word: string): string {
  if (value === null) return word;
  const decimals = relativeDecimals(value);
  const shown = (share: number) => (Math.abs(share) * 100).toFixed(decimals);
  const around = `${shown(value)} %`;
  if (low === null || high === null) return `${around} ${word}`;
  const ends = [shown(low), shown(high)].sort((a, b) => Number(a) - Number(b));
  const interval = ends.every((end) => end === shown(value)) ? "" : ` (${ends[0]}–${ends[1]} %)`;
  return `${around}${interval} ${word}`;
}

/** @example listText(["a", "b", "c"]) // => "a, b and c" */
export function listText(items: readonly string[]): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}

/** Names in a sentence, five at most. */
export function namesText(names: readonly string[]): string {
  return names.length <= 5 ? listText(names) : `${names.slice(0, 4).join(", ")} and ${names.length - 4} more`;
}

/** What a class was promised: `within 15 s, the first token within 3 s`. */
export function objectiveText({
  sloE2eMs,
  sloTtftMs,
}: Pick<RunResult["classes"][number], "sloE2eMs" | "sloTtftMs">): string {
  const whole = sloE2eMs === null ? "" : `within ${limitText(sloE2eMs)}`;
  const before = sloE2eMs === null ? "with " : "";
  const first = sloTtftMs === null ? "" : `${before}the first token within ${limitText(sloTtftMs)}`;
  return [whole, first].filter((part) => part !== "").join(", ");
}
