import assert from "node:assert/strict";
import { test } from "node:test";
import { LIGHT } from "../../../reports/base/theme.ts";
import { trafficShare } from "../../../reports/charts/traffic-share.ts";
import { fixture } from "../fixture.ts";

test("one row per strategy, one cell per region, as in the record", () => {
  const result = fixture();
  const spec = trafficShare.spec(result, LIGHT) as unknown as {
    layer: { name?: string; data: { values: { column: number; share: number }[] } }[];
  };
  const rows = spec.layer.filter((layer) => layer.name?.endsWith("_cell"));
  assert.equal(rows.length, 8);
  rows.forEach((row, index) => {
    for (const cell of row.data.values) {
      const group = result.strategies[index]!.byRegion.find((one) => one.name === result.regions[cell.column]);
      assert.equal(cell.share, group!.trafficShare.value);
    }
  });
});

test("the title says where the baseline went", () => {
  assert.match(trafficShare.heading(fixture()).title, /^single-us-east-1 sent 100 % of its requests to us-east-1/);
});

test("the title is about the strategy that the verdict prefers", () => {
  const result = fixture();
  const other = result.strategies[2]!.name;
  assert.ok(trafficShare.heading({ ...result, recommended: other }).title.startsWith(`${other} sent `));
});
