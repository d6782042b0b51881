/** Figures of a validation as readers see them, alike in the report, the summary, the terminal and the verdict. */
import type { QuantityResult, StrategyValidation } from "./result.ts";

/**
 * A value with its unit; n/a where there is none.
 *
 * @example valueText(1234.5, "ms") // => "1.234 s"
 * @example valueText(0.317, "share") // => "31.70 %"
 */
export function valueText(value: number | null, unit: QuantityResult["unit"]): string {
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

/** `+1.20 % (−0.30 to +2.70)`: simulated against measured, in percent of it, in points, or per request. */
export function differenceText(quantity: QuantityResult): string {
  const { difference } = quantity;
  if (difference === null) return "n/a";
  const interval = intervalText(quantity);
  return `${signedDifference(quantity)}${interval === "" ? "" : ` (${interval})`}`;
}

/** `+1.20 %` */
export function signedDifference(quantity: QuantityResult): string {
  const { symbol } = scaleOf(quantity);
  return quantity.difference === null ? "n/a" : `${signed(quantity.difference, quantity)}${symbol}`;
}

/** `−0.30 to +2.70`; "" where there is none. */
export function intervalText(quantity: QuantityResult): string {
  const { low, high } = quantity;
  return low === null || high === null ? "" : `${signed(low, quantity)} to ${signed(high, quantity)}`;
}

/** `±5 %`, `±1 point` */
export function marginText(quantity: QuantityResult): string {
  const { factor, symbol } = scaleOf(quantity);
  const size = Number((factor * quantity.margin).toPrecision(4));
  return `±${size}${size === 1 && symbol === " points" ? " point" : symbol}`;
}

/** The outcome, and where it is open the number of requests that would decide it. */
export function outcomeText({ outcome, requestsNeeded }: QuantityResult): string {
  if (outcome !== "undecided" && outcome !== "too few") return outcome;
  return requestsNeeded === null ? outcome : `${outcome}: about ${requestsNeeded} requests needed`;
}

/** What a strategy cost above the least possible, measured and simulated, and where it came from; "" where unknown. */
export function regretText({ name, leastCost }: StrategyValidation): string {
  if (leastCost === undefined || leastCost.measured.regretUsd.value === null) return "";
  const { measured, simulated } = leastCost;
  const usd = ({ value }: { readonly value: number | null }) => (value ?? 0).toFixed(4);
  const parts = `${usd(measured.placementUsd)} by where calls went, which foresight would have told, ${usd(measured.timingUsd)} by when (work that could have waited), ${usd(measured.wastedUsd)} for calls whose callers had gone`;
  return `${name} cost ${valueText(measured.regretShare.value, "share")} more than the least possible for what it served (${usd(measured.regretUsd)} of ${usd(measured.costUsd)} USD: ${parts}); simulated, ${valueText(simulated.regretShare.value, "share")}. Quotas and capacity are left out of this bound, as those of the services are not known.`;
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
