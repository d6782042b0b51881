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
  assert.equal(priceHeatmap.absence(result), undefined);
});
