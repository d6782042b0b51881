import assert from "node:assert/strict";
import { test } from "node:test";
import { classTable, regionTable, savingTable, strategyTable } from "../../../reports/tables/strategies.ts";
import { withVerdict } from "../charts/charts.ts";
import { EDGES, fixture } from "../fixture.ts";

test("one row per strategy and group, requests as recorded", () => {
  const result = fixture();
  const classes = classTable(result);
  const regions = regionTable(result);
  assert.equal(classes.rows.length, 8 * 3);
  assert.equal(regions.rows.length, 8 * 5);
  assert.deepEqual(
    regions.rows.map((row) => row.cells[2]!.value),
    result.strategies.flatMap((one) => one.byRegion.map((group) => group.counts.sent)),
  );
});

test("only classes have an objective to be within", () => {
  const keys = (table: ReturnType<typeof classTable>) => table.columns.map((column) => column.key);
  assert.ok(keys(classTable(fixture())).includes("goodput_share"));
  assert.ok(!keys(regionTable(fixture())).includes("goodput_share"));
});

const column = (table: ReturnType<typeof strategyTable>, key: string) =>
  table.columns.findIndex((one) => one.key === key);

test("values are those of the record, whatever the text rounds to", () => {
  const result = fixture();
  const table = strategyTable(result);
  result.strategies.forEach((strategy, at) => {
    const cell = (key: string) => table.rows[at]!.cells[column(table, key)]!.value;
    const [chat] = strategy.byClass;
    const p95 = chat!.failedShare.value! > 0.05 ? null : chat!.e2eMs.p95.value;
    assert.equal(cell("e2e_p95_ms"), p95);
    assert.equal(cell("goodput_share"), chat!.goodputShare.value);
    assert.equal(cell("usd_per_1k_served"), strategy.total.cost.source.usdPer1kServed.value);
    assert.equal(cell("failed_share"), strategy.total.failedShare.value);
  });
});

test("a saving that is not shown is ~, and its interval holds zero", () => {
  const result = fixture();
  const table = strategyTable(result);
  const at = column(table, "saving_share");
  const priority = table.rows.find((row) => row.cells[0]!.text === "priority")!.cells[at]!;
  assert.equal(priority.text, "~");
  assert.match(priority.detail!, /^−.* to \d/);
  const cheapest = table.rows.find((row) => row.cells[0]!.text === "cheapest")!.cells[at]!;
  assert.match(cheapest.text, /^13/);
  for (const row of strategyTable(withVerdict(result, "not shown")).rows.slice(1))
    assert.equal(row.cells[at]!.text, "~");
});

test("nothing of an invalid run is compared, not even with ~", () => {
  const invalid = { ...fixture(), kind: "measured" as const, comparisons: [] };
  for (const table of [strategyTable(invalid), savingTable(invalid)]) {
    const savings = table.columns.flatMap(({ key }, at) => (key.startsWith("saving_share") ? [at] : []));
    const texts = table.rows.flatMap((row) => savings.map((at) => row.cells[at]!.text));
    assert.deepEqual([...new Set(texts)].sort(), ["baseline", "n/a"]);
  }
});

test("changes carry a word and, only where shown, a number", () => {
  const table = strategyTable(fixture());
  const changes = table.rows.flatMap((row) =>
    row.cells.flatMap((cell) => (cell.change === undefined ? [] : [cell.change.text])),
  );
  // The baseline fails more than a point more than six of the others: what they cost is of other requests.
  const marks = changes.filter((text) => text.endsWith("of other requests"));
  assert.equal(changes.length - marks.length, 7 * 4 - marks.length / 2);
  for (const text of changes)
    assert.match(text, /^(better, −\d|worse, \+\d|~ not shown|[−+]\d\S* % of other requests|of other requests)/);
  assert.match(table.caption, /of other requests = of a class at least a point more or fewer fail/);
});

test("where more fail than a percentile leaves out, it lies among the failed and is not that of the survivors", () => {
  const result = fixture({ classes: ["all"] });
  const [baseline, ...others] = result.strategies;
  const failing = { value: 0.2, low: 0.19, high: 0.21, n: 10 };
  const strategies = [{ ...baseline!, total: { ...baseline!.total, failedShare: failing } }, ...others];
  const [row] = strategyTable({ ...result, strategies }).rows;
  const text = (key: string) => row!.cells[column(strategyTable(result), key)]!.text;
  assert.equal(text("e2e_p95_ms"), "none");
  assert.equal(text("e2e_p99_ms"), "none");
  assert.notEqual(text("e2e_p50_ms"), "none");
});

test("an unstable strategy is not comparable", () => {
  const table = strategyTable(EDGES["an unstable strategy"]!);
  const row = table.rows.find((one) => one.cells[0]!.text === "cheapest")!;
  assert.equal(row.cells[0]!.change?.text, "unstable");
  assert.equal(row.cells[column(table, "saving_share")]!.text, "not comparable");
});

test("the three billing rules stand side by side", () => {
  const keys = savingTable(fixture()).columns.map((one) => one.key);
  for (const rule of ["source", "destination", "lowest_cost"]) {
    assert.ok(keys.includes(`bill_usd_${rule}`) && keys.includes(`usd_per_1k_served_${rule}`));
  }
});
