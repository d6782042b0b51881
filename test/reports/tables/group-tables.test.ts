import assert from "node:assert/strict";
import { test } from "node:test";
import { classTable, regionTable } from "../../../reports/tables/group-tables.ts";
import { fixture } from "../fixture.ts";

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
