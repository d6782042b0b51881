import assert from "node:assert/strict";
import { test } from "node:test";
import { comparisonRows, RUN_COMPARISONS } from "../../../../scripts/store/tables/comparisons.ts";
import { compareRuns } from "../../../../simulator/compare/compare.ts";
import { runOf } from "../../../simulator/compare/fixtures.ts";

const run = (label: string, p95: readonly number[]) =>
  runOf({ label, strategies: { single: { total: { e2eMsP95: p95 } } } });

test("a row says which runs it compares by their ids, with every column of its table", () => {
  const comparison = { ...compareRuns([run("a", [10, 12, 14]), run("b", [20, 21, 25])]), gates: [] };
  const ids = new Map([["a", "id-of-a"]]);
  const rows = comparisonRows(comparison, ids, "2026-05-04T00:00:00.000Z");
  assert.equal(rows.length, comparison.rows.length);
  const p95 = rows.find(({ metric }) => /p95/i.test(String(metric)))!;
  // A run that is not of this store keeps its label.
  assert.deepEqual([p95.run, p95.baseline_run, p95.strategy], ["b", "id-of-a", "single"]);
  assert.deepEqual([p95.baseline_value, p95.value, p95.difference], [12, 22, 10]);
  const known = RUN_COMPARISONS.columns.map(({ name }) => name);
  assert.deepEqual(new Set(Object.keys(p95)), new Set(known));
});
