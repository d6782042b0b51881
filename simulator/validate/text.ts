import type { QuantityResult } from "./result.ts";

/** A figure as it is read: `1.2 s`, `3.4 %`, `0.0123`. */
export function valueWords(value: number | null, unit: QuantityResult["unit"]): string {
  if (value === null) return "n/a";
  switch (unit) {
    case "ms":
      return value >= 1000 ? `${(value / 1000).toFixed(3)} s` : `${value.toFixed(1)} ms`;
    case "share":
      return `${(100 * value).toFixed(2)} %`;
    default:
      return value.toFixed(4);
  }
}

/** `+1.20 % (−0.30 to +2.70)`: of what was measured, in points, or per request; simulated against measured. */
export function differenceWords(quantity: QuantityResult): string {
  const { difference } = quantity;
  if (difference === null) return "not to be had";
  const interval = intervalWords(quantity);
  return `${signedDifference(quantity)}${interval === "" ? "" : ` (${interval})`}`;
}

/** `+1.20 %` */
export function signedDifference(quantity: QuantityResult): string {
  const { symbol } = scaleOf(quantity);
  return quantity.difference === null ? "n/a" : `${signed(quantity.difference, quantity)}${symbol}`;
}

/** `−0.30 to +2.70`; "" where there is none. */
export function intervalWords(quantity: QuantityResult): string {
  const { low, high } = quantity;
  return low === null || high === null ? "" : `${signed(low, quantity)} to ${signed(high, quantity)}`;
}

export function marginWords(quantity: QuantityResult): string {
  const { factor, symbol } = scaleOf(quantity);
  const size = Number((factor * quantity.margin).toPrecision(4));
  return `±${size}${size === 1 && symbol === " points" ? " point" : symbol}`;
}

/** What was found, with what an open question would need. */
export function outcomeWords({ outcome, requestsNeeded }: QuantityResult): string {
  if (outcome !== "undecided" && outcome !== "too few") return outcome;
  return requestsNeeded === null ? outcome : `${outcome}: about ${requestsNeeded} requests needed`;
}

function signed(value: number, quantity: QuantityResult): string {
  const { factor, decimals } = scaleOf(quantity);
  const text = (factor * Math.abs(value)).toFixed(decimals);
  return `${Number(text) === 0 ? "" : value < 0 ? "−" : "+"}${text}`;
}

function scaleOf({ isRelative, unit }: QuantityResult) {
  if (isRelative) return { factor: 100, symbol: " %", decimals: 2 };
  if (unit === "share") return { factor: 100, symbol: " points", decimals: 2 };
  return { factor: 1, symbol: "", decimals: 4 };
}
