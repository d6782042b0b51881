import type { ComparedMetric, Comparison, Estimate, RunResult } from "../../simulator/experiment/result.ts";
import { formatInterval, formatNumber, formatValue, type Unit } from "../format.ts";
import type { Cell, Tone } from "./table.ts";

/** An estimate as a cell: value, interval below, full value (in the stored unit) for CSV. */
export function estimateCell(estimate: Estimate, unit: Unit, change?: Cell["change"]): Cell {
  const interval = formatInterval(estimate, unit);
  return {
    text: formatValue(estimate, unit),
    value: estimate.value,
    ...(interval === undefined ? {} : { detail: interval }),
    ...(change === undefined ? {} : { change }),
  };
}

export function comparisonOf(result: RunResult, strategy: string, metric: ComparedMetric): Comparison | undefined {
  return result.comparisons.find((one) => one.strategy === strategy && one.metric === metric);
}

/**
 * The change against the baseline in words: `better, −12 %`, `worse, +8 %`, `~ not shown`. A number appears only where
 * the simultaneous interval shows a difference. Undefined for the baseline itself.
 */
export function changeOf(comparison: Comparison | undefined): Cell["change"] {
  if (comparison === undefined) return undefined;
  const tones: Record<Comparison["verdict"], Tone> = {
    better: "better",
    worse: "worse",
    "not shown": "neutral",
    "not comparable": "warning",
  };
  return { text: changeText(comparison), tone: tones[comparison.verdict] };
}

function changeText(comparison: Comparison): string {
  if (comparison.verdict === "not shown") return "~ not shown";
  if (comparison.verdict === "not comparable") return "not comparable";
  const size = relativePercent(comparison);
  return size === undefined ? comparison.verdict : `${comparison.verdict}, ${size}`;
}

/** `−12 %`, `+8 %`; undefined where the baseline is zero or missing. */
export function relativePercent(comparison: Comparison): string | undefined {
  const { value } = comparison.relative;
  if (value === null || !Number.isFinite(value)) return undefined;
  const size = Math.abs(value);
  const decimals = size < 0.001 ? 2 : size < 0.02 ? 1 : 0;
  return `${value > 0 ? "+" : ""}${formatNumber(value * 100, decimals)} %`;
}
