import type { ValidationResult } from "../../simulator/validation/result.ts";
import { formatCount, formatDuration, formatInstant, formatList } from "../format.ts";

/** What the harness itself errs by, before anything else is said. */
export function harnessWords({ harness }: ValidationResult): string {
  if (harness === null) return "The harness itself was not measured.";
  const e2e = harness.rows.filter(({ metric }) => metric === "e2e");
  const errors = e2e.map(({ percentile, errorMs }) => `${errorMs.toFixed(1)} ms at ${percentile}`);
  const shares = harness.rows.flatMap(({ shareOfMargin }) => (shareOfMargin === null ? [] : [shareOfMargin]));
  const most = shares.length === 0 ? "" : `, ${(100 * Math.max(...shares)).toFixed(0)} % of a margin at most`;
  const late =
    harness.serverLateMsP99 === null ? "" : ` and the endpoint woke ${harness.serverLateMsP99.toFixed(1)} ms late`;
  return `The harness itself errs by ${formatList(errors)} (E2E against exact answers to ${formatCount(harness.requests)} of the same arrivals)${most}; requests left ${harness.lagMsP99.toFixed(1)} ms${late} at the 99th percentile.`;
}

export function conditionWords(result: ValidationResult): string {
  const { window, requests, place, seed } = result;
  return `${formatCount(requests)} requests in ${formatDuration(window.lengthMs)} from ${formatInstant(window.startsAt)} of the scenario's clock, seed ${seed}, measured at ${place}, each strategy from an empty system.`;
}

export function methodWords({ resamples }: ValidationResult): string {
  return `Differences are simulated against measured, of the same requests. Equivalent: the 90 % interval lies within the margin (two one-sided tests at 5 %), intervals from ${formatCount(resamples)} resamples of blocks of neighbouring pairs. All totals must be equivalent; classes and regions fail only where a difference is certain.`;
}
