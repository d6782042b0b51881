import assert from "node:assert/strict";
import { test } from "node:test";
import { ttftOverDay } from "../../../reports/charts/ttft-over-day.ts";
import { fixture } from "../fixture.ts";

test("the table holds the hourly p95 of every strategy, in ms", () => {
  const result = fixture();
  const { rows } = ttftOverDay.table(result);
  assert.equal(rows.length, 8 * 24);
  const row = rows[3 * 24 + 7]!;
  assert.equal(row.cells[0]!.text, result.strategies[3]!.name);
  assert.equal(row.cells[1]!.text, "07:00 UTC");
  assert.equal(row.cells[2]!.value, result.strategies[3]!.byHour[7]!.ttftMs.p95.value);
});

test("names the baseline's extreme hours only when their intervals lie apart", () => {
  assert.match(ttftOverDay.heading(fixture()).title, /swings between .* \(03:00 UTC\) and .* \(1[3-6]:00 UTC\)/);
  const result = fixture();
  const [baseline, ...others] = result.strategies;
  const vague = baseline!.byHour.map((hour) => ({
    ...hour,
    ttftMs: { ...hour.ttftMs, p95: { ...hour.ttftMs.p95, low: 0, high: 1e6 } },
  }));
  const strategies = [{ ...baseline!, byHour: vague }, ...others];
  assert.match(ttftOverDay.heading({ ...result, strategies }).title, /is not shown to change over the day/);
});
