import assert from "node:assert/strict";
import { test } from "node:test";
import { LIGHT } from "../../../reports/base/theme.ts";
import { priceHeatmap } from "../../../reports/charts/price-heatmap.ts";
import { fixture } from "../fixture.ts";

const flat = (factor: number) => {
  const result = fixture();
  return { ...result, prices: result.prices.map((one) => ({ ...one, factor: one.factor.map(() => factor) })) };
};

test("flat prices are said to be flat, not to swing", () => {
  assert.equal(priceHeatmap.heading(flat(1)).title, "Every region charges its list price all day");
  assert.equal(priceHeatmap.heading(flat(1.2)).title, "Every region charges 1.20 times its list price all day");
});

test("the extremes of the title are those of the data", () => {
  const result = fixture();
  const factors = result.prices.flatMap((one) => one.factor);
  const { title } = priceHeatmap.heading(result);
  assert.ok(title.includes(`from ${Math.min(...factors).toFixed(2)} times`));
  assert.ok(title.includes(`to ${Math.max(...factors).toFixed(2)} times`));
});

test("the colour scale is symmetric about the list price", () => {
  const spec = priceHeatmap.spec(fixture(), LIGHT) as unknown as {
    layer: { encoding: { color: { scale: { domain: number[] } } } }[];
  };
  const { domain } = spec.layer[0]!.encoding.color.scale;
  assert.equal(domain[2], 1);
  assert.ok(Math.abs(domain[0]! + domain[4]! - 2) < 1e-12);
});

test("a world without prices is said to have none, not to charge them", () => {
  const result = fixture();
  const free = result.prices.map((one) => ({ ...one, inputUsdPerMTok: 0, outputUsdPerMTok: 0 }));
  assert.equal(priceHeatmap.absence({ ...result, prices: free }), "The run has no prices.");
  assert.equal(priceHeatmap.absence({ ...result, prices: [] }), "The run has no prices.");
  assert.equal(priceHeatmap.absence(result), undefined);
});

test("a run in which nothing was sent has prices, and no hour to show them of", () => {
  const result = fixture();
  const none = result.prices.map((one) => ({ ...one, factor: [] }));
  const words = "Nothing was sent, so there is no hour to show prices of.";
  assert.equal(priceHeatmap.absence({ ...result, prices: none }), words);
});

test("the extremes of a long run are blocks of hours, as in the table", () => {
  for (const [hours, place] of [
    [168, ""],
    [400, "block of 3 hours from "],
  ] as const) {
    const result = fixture({ hours, strategies: ["a", "b"], replications: 1 });
    // The dearest hour is not in the dearest block.
    const factor = Array.from({ length: hours }, (_, hour) => (hour === 3 ? 2 : hour >= 9 && hour < 12 ? 1.5 : 1));
    const priced = { ...result, prices: result.prices.map((one, row) => (row === 1 ? { ...one, factor } : one)) };
    const rows = priceHeatmap.table(priced).rows.map(({ cells }) => cells);
    const ordered = rows.toSorted((a, b) => Number(a[2]!.value) - Number(b[2]!.value));
    const ends = [ordered[0]!, ordered.at(-1)!].map(
      ([region, begins, price]) =>
        `${Number(price!.value).toFixed(2)} times list price (${region!.text}, ${place}${begins!.text})`,
    );
    const prices = hours === 168 ? "Prices" : "Mean prices";
    assert.equal(priceHeatmap.heading(priced).title, `${prices} swing from ${ends[0]} to ${ends[1]}`);
    assert.match(ends[1]!, hours === 168 ? /^2\.00 .* 03:00 UTC\)$/ : /^1\.50 .* 09:00 UTC\)$/);
  }
});

test("prices that change within each block alone are not said to be flat all day", () => {
  const result = fixture({ hours: 400, strategies: ["a", "b"], replications: 1 });
  const prices = (top: number) =>
    result.prices.map((one) => ({ ...one, factor: Array.from({ length: 399 }, (_, hour) => (hour % 3 ? 0.5 : top)) }));
  const title = (top: number) => priceHeatmap.heading({ ...result, prices: prices(top) }).title;
  assert.equal(title(2), "Every region charges its list price in the mean of each block of 3 hours");
  assert.equal(title(5), "Every region charges 2.00 times its list price in the mean of each block of 3 hours");
  assert.equal(title(0.5), "Every region charges 0.50 times its list price all day");
});
