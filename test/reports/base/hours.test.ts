import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { blockText, hoursPerBlock, inBlocks } from "../../../reports/base/hours.ts";
import { p95OverDay } from "../../../reports/charts/hourly.ts";
import { priceHeatmap } from "../../../reports/charts/price-heatmap.ts";
import { throttlingHeatmap } from "../../../reports/charts/throttling-heatmap.ts";
import type { Table } from "../../../reports/tables/table.ts";
import { fixture } from "../fixture.ts";

const TWO = ["round-robin", "cheapest"];
const of = (hours: number) => fixture({ hours, strategies: TWO, replications: 1, classes: ["chat"] });
const column = ({ columns, rows }: Table, key: string) => {
  const at = columns.findIndex((each) => each.key === key);
  return rows.map(({ cells }) => cells[at]!.value as number);
};
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe("hours of a report", () => {
  it("are shown one by one for a week, in blocks that divide a day for longer, and by whole days beyond", () => {
    const steps = [1, 24, 168, 169, 390, 720, 1080, 4032, 4033, 9000];
    assert.deepEqual(
      steps.map((hours) => hoursPerBlock({ ...of(24), strategies: [{ byHour: { length: hours } }] } as never)),
      [1, 1, 1, 2, 3, 6, 8, 24, 48, 72],
    );
    assert.deepEqual([blockText(1), blockText(6)], ["hour", "block of 6 hours"]);
    assert.deepEqual(
      [...inBlocks([0, 1, 2, 5, 7], 3, (hour) => hour)],
      [
        [0, [0, 1, 2]],
        [3, [5]],
        [6, [7]],
      ],
    );
  });

  it("lose no attempt in blocks", () => {
    const result = of(400);
    const table = throttlingHeatmap.table(result);
    const all = result.strategies.flatMap(({ byRegionHour }) => byRegionHour);
    assert.ok(table.rows.length <= 134 * result.regions.length * TWO.length, `${table.rows.length} rows`);
    for (const [key, field] of [
      ["attempts", "attempts"],
      ["attempts_throttled", "attemptsThrottled"],
      ["attempts_unavailable", "attemptsUnavailable"],
    ] as const) {
      assert.equal(sum(column(table, key)), sum(all.map((cell) => cell[field])), key);
    }
    const { subtitle } = throttlingHeatmap.heading(result);
    assert.ok(subtitle.includes("by region and block of 3 hours"), subtitle);
    const first = table.rows[0]!.cells.map(({ value }) => value);
    const { name, byRegionHour } = result.strategies[0]!;
    const block = byRegionHour.filter(({ region, hour }) => region === first[1] && hour < 3);
    assert.deepEqual([first[0], first[3]], [name, sum(block.map(({ attempts }) => attempts))]);
  });

  it("show the slowest hour of each block", () => {
    const result = of(400);
    const table = p95OverDay.table(result);
    assert.equal(table.rows.length, 134 * TWO.length);
    const p95s = result.strategies[1]!.byHour.map(({ e2eMs }) => e2eMs.p95.value!);
    const shown = column(table, "e2e_p95_ms").slice(134);
    const slowest = shown.map((_, block) => Math.max(...p95s.slice(3 * block, 3 * block + 3)));
    const factor = shown[0]! / slowest[0]!;
    for (const [block, value] of shown.entries())
      assert.ok(Math.abs(value - factor * slowest[block]!) < 1e-9, `${block}`);
    assert.match(table.caption, /, the slowest of each 3$/);
    assert.match(p95OverDay.heading(result).subtitle, /by hour of arrival, the slowest of each 3;/);
  });

  it("have the mean of a block's prices", () => {
    const result = of(400);
    const factors = column(priceHeatmap.table(result), "price_factor");
    const own = result.prices.map(({ factor }) => factor);
    assert.equal(factors.length, sum(own.map(({ length }) => Math.ceil(length / 3))));
    assert.ok(Math.abs(factors[0]! - sum(own[0]!.slice(0, 3)) / 3) < 1e-12);
    assert.ok(priceHeatmap.heading(result).subtitle.includes("by region and block of 3 hours (means)"));
  });
});
