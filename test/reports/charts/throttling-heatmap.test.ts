import assert from "node:assert/strict";
import { test } from "node:test";
import { LIGHT } from "../../../reports/base/theme.ts";
import { throttlingHeatmap } from "../../../reports/charts/throttling-heatmap.ts";
import { fixture } from "../fixture.ts";

test("all strategies share one colour domain from zero to the largest share", () => {
  const result = fixture();
  const spec = throttlingHeatmap.spec(result, LIGHT) as unknown as {
    concat: { encoding: { color: { scale: { domain: number[] } } } }[];
  };
  const largest = Math.max(
    ...result.strategies.flatMap((one) =>
      one.byRegionHour.map((cell) => (cell.attempts === 0 ? 0 : cell.attemptsThrottled / cell.attempts)),
    ),
  );
  assert.equal(spec.concat.length, 8);
  for (const panel of spec.concat) {
    assert.equal(panel.encoding.color.scale.domain[0], 0);
    assert.equal(panel.encoding.color.scale.domain.at(-1), largest);
  }
});

test("says so when nothing was throttled", () => {
  const result = fixture();
  const strategies = result.strategies.map((one) => ({
    ...one,
    byRegionHour: one.byRegionHour.map((cell) => ({ ...cell, attemptsThrottled: 0 })),
  }));
  assert.equal(throttlingHeatmap.heading({ ...result, strategies }).title, "No attempt was throttled");
});

test("cells without an attempt are left empty", () => {
  const spec = throttlingHeatmap.spec(fixture(), LIGHT) as unknown as { concat: { data: { values: unknown[] } }[] };
  assert.equal(spec.concat[0]!.data.values.length, 24, "the baseline calls one region only");
});

test("the title names the heaviest row of the table, a block of hours where it has blocks", () => {
  for (const [hours, place] of [
    [168, ""],
    [400, "block of 3 hours from "],
  ] as const) {
    // Early in the second block one hour is far heavier than any other, and most of that block is empty of refusals.
    const result = fixture({ hours, strategies: ["a", "b"], replications: 1, classes: ["chat"] });
    const strategies = result.strategies.map((one) => ({
      ...one,
      byRegionHour: one.byRegionHour.map((cell) => ({
        ...cell,
        attempts: 100,
        attemptsThrottled: cell.hour === 3 ? 90 : cell.hour >= 9 && cell.hour < 12 ? 60 : 0,
      })),
    }));
    const spiked = { ...result, strategies };
    const { rows } = throttlingHeatmap.table(spiked);
    const heaviest = rows.reduce((best, row) => (row.cells[5]!.value! > best.cells[5]!.value! ? row : best));
    const [strategy, region, begins, attempts, , share] = heaviest.cells.map(({ text }) => text);
    assert.equal(
      throttlingHeatmap.heading(spiked).title,
      `The heaviest throttling was ${share} of ${attempts} attempts: ${strategy}, ${region}, ${place}${begins}`,
    );
    assert.equal(begins, hours === 168 ? "2026-05-04 03:00 UTC" : "2026-05-04 09:00 UTC");
  }
});
