import assert from "node:assert/strict";
import type { RunResult } from "../../simulator/experiment/result.ts";

/** Keys whose documentation in result.ts allows null. */
const NULLABLE = new Set(
  `value low high max durationMs statusReason sloE2eMs sloTtftMs residency savingShare e2eMsP50 e2eMsP95 e2eMsP99
  ttftMsP95 throttledAttemptShare failedShare source destination lowest-cost baselineValue varianceRatio
  firstRefusalMs lastRefusalMs reason withinShare isKept limitTokensPerMinute law ceilingShare goodputShare
  usdPer1kServed recommended missing`.split(/\s+/),
);

/** Every number of a result is finite, and null stands only where it may. */
export function assertSound(result: RunResult): void {
  walk(result, "result");
}

function walk(value: unknown, path: string): void {
  if (typeof value === "number") assert.ok(Number.isFinite(value), `${path} is ${value}`);
  if (value === null) assert.ok(mayBeNull(path), `${path} must not be null`);
  assert.notEqual(value, undefined, `${path} is undefined`);
  if (typeof value !== "object" || value === null) return;
  // A difference relative to a baseline of 0 is not to be had, however many replications there are.
  if (isEstimate(value) && !path.endsWith(".relative")) {
    assert.equal(value.value === null, value.n === 0, `${path}: a value exactly where there are replications`);
    assert.equal(value.low === null, value.n < 2, `${path}: an interval exactly where there are two or more`);
  }
  for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
}

/** Values of single replications are null where nothing was measured. */
function mayBeNull(path: string): boolean {
  return NULLABLE.has(path.slice(path.lastIndexOf(".") + 1)) || /\.samples\.\d+\.values\.\w+\.\d+$/.test(path);
}

function isEstimate(value: object): value is { value: number | null; low: number | null; n: number } {
  return "value" in value && "low" in value && "high" in value && "n" in value;
}
