/** Digits of numbers for people: no more than their intervals carry, the same in sentences, tables and charts. */
import type { Estimate } from "./statistics.ts";

/**
 * Decimals to show. With an interval: down to the first digit of its half-width, one further when that digit is 1 (so
 * that rounding loses less than a tenth of the half-width); without: three significant digits. At most 4 significant
 * digits either way.
 */
export function decimalsFor(value: number, halfWidth: number | null): number {
  if (value === 0 && !halfWidth) return 0;
  const magnitude = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  const most = 3 - magnitude;
  const wanted = halfWidth === null || halfWidth === 0 ? 2 - magnitude : intervalDecimals(halfWidth);
  return Math.min(6, Math.max(0, Math.min(wanted, most)));
}

function intervalDecimals(halfWidth: number): number {
  const exponent = Math.floor(Math.log10(halfWidth));
  const leading = halfWidth / 10 ** exponent;
  return -exponent + (leading < 2 ? 1 : 0);
}

/** `12345.6` → `12,346`; a true minus sign; no negative zero. */
export function formatNumber(value: number, decimals: number): string {
  const fixed = Math.abs(value).toFixed(decimals);
  const dot = fixed.indexOf(".");
  const whole = dot < 0 ? fixed : fixed.slice(0, dot);
  const rest = dot < 0 ? "" : fixed.slice(dot);
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${value < 0 && Number(fixed) !== 0 ? "−" : ""}${grouped}${rest}`;
}

/**
 * Decimals of an estimate that is shown times a factor, as its interval carries.
 *
 * @example estimateDecimals({ value: 4213, low: 4080, high: 4346, n: 10 }, 0.001) // => 2
 */
export function estimateDecimals(estimate: Estimate, factor: number): number {
  const value = (estimate.value ?? 0) * factor;
  if (estimate.low === null || estimate.high === null) return decimalsFor(value, null);
  return decimalsFor(value, ((estimate.high - estimate.low) / 2) * Math.abs(factor));
}
