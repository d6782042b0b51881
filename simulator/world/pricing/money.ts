/** One dollar in femto-dollars. */
export const FEMTO_USD_PER_USD = 10n ** 15n;

/** Exact decimal text of an amount: `25`, `388.8`, `-0.000000000000001`. No rounding, no trailing zeros. */
export function formatUsd(fUsd: bigint): string {
  const sign = fUsd < 0n ? "-" : "";
  const amount = fUsd < 0n ? -fUsd : fUsd;
  const whole = amount / FEMTO_USD_PER_USD;
  const part = amount % FEMTO_USD_PER_USD;
  if (part === 0n) return `${sign}${whole}`;
  return `${sign}${whole}.${part.toString().padStart(15, "0").replace(/0+$/, "")}`;
}

/** The amount as a plain number of dollars, for statistics and charts; right to about 1e-16 relative. */
export function usdOf(fUsd: bigint): number {
  return Number(fUsd) / 1e15;
}

/**
 * The amount that a number was written as: 21.18 means 21.18 USD exactly, not the nearest double. Digits beyond the
 * femto-dollar are rounded, half away from zero.
 */
export function fUsdOf(usd: number): bigint {
  const [digits = "0", exponent = "0"] = Math.abs(usd).toString().split("e");
  const [whole = "0", part = ""] = digits.split(".");
  const scale = 15 + Number(exponent) - part.length;
  const mantissa = BigInt(whole + part);
  const amount = scale >= 0 ? mantissa * 10n ** BigInt(scale) : roundedQuotient(mantissa, 10n ** BigInt(-scale));
  return usd < 0 ? -amount : amount;
}

function roundedQuotient(value: bigint, divisor: bigint): bigint {
  return (value + divisor / 2n) / divisor;
}
