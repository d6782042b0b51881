/** Numbers in the narrow columns of a terminal: shorter where they have to be, never cut in the middle. */
import { relativeDecimals } from "../../simulator/experiment/phrases.ts";
import type { Estimate } from "../../simulator/experiment/result.ts";
import { hundredthsText } from "../../simulator/experiment/shares.ts";
import { formatNumber, formatValue, PERCENT, type Unit } from "../base/text.ts";

/** A narrow column takes two decimals at most. */
export const DECIMALS_MAX = 2;

/** A value in a narrow column: fewer decimals, then thousands or millions; never cut. */
export function fitted(estimate: Estimate, unit: Unit, width: number): string {
  for (let decimals = DECIMALS_MAX; decimals >= 0; decimals--) {
    const text = formatValue(estimate, unit, decimals);
    if (text.length <= width) return text;
  }
  const value = (estimate.value ?? 0) * unit.factor;
  const size = Math.abs(value);
  for (const [factor, symbol] of [
    [1e3, "k"],
    [1e6, "M"],
    [1e9, "G"],
    [1e12, "T"],
  ] as const) {
    const text = `${formatNumber(value / factor, size / factor < 9.95 ? 1 : 0)}${symbol}`;
    if (size < factor * 999.5 && text.length <= width) return text;
  }
  return value.toExponential(0);
}

/** The same of a share, in hundredths: it keeps to its side of the target in a narrow column, too. */
export function fittedShare(share: Estimate, width: number, target: number | null = null): string {
  const texts = [DECIMALS_MAX, 1, 0].map((decimalsMax) => hundredthsText(share, { target, decimalsMax }));
  return texts.find((text) => text.length <= width) ?? fitted(share, PERCENT, width);
}

/** A share as a column would have it that has room for it: the verdict's digits. */
export function hundredthsOf(share: Estimate, target: number | null = null): string {
  return hundredthsText(share, { target, decimalsMax: DECIMALS_MAX });
}

/** `12`, `6.5`, `999`, `>9x`: hundredths as the verdict has them, as far as a narrow column takes them. */
export function sizeInThreeCharacters(relative: number): string {
  if (relative >= 9.995) return ">9x";
  const text = formatNumber(relative * 100, relativeDecimals(relative));
  return text.length > 3 ? "<.1" : text;
}
