import assert from "node:assert/strict";
import { test } from "node:test";
import { p95OverDay } from "../../../../reports/charts/p95-over-day.ts";
import { paintOrder, tickOptions } from "../../../../reports/charts/parts/hourly-p95.ts";
import { linear, logarithmic } from "../../../../reports/charts/parts/scales.ts";
import { LIGHT, strategyStyles } from "../../../../reports/theme.ts";
import { EDGES, fixture } from "../../fixture.ts";

interface Drawn {
  readonly name?: string;
  readonly data: { readonly values: { readonly at: number; readonly value: number }[] };
}

const layersOf = (result = fixture()) => (p95OverDay.spec(result, LIGHT) as unknown as { layer: Drawn[] }).layer;

test("each hour is drawn at its middle with the recorded value in the axis unit", () => {
  const result = fixture();
  const line = layersOf(result).find((layer) => layer.name === "strategy_2_line")!;
  assert.equal(line.data.values.length, 24);
  assert.equal(line.data.values[5]!.at, Date.UTC(2026, 4, 4, 5, 30));
  assert.equal(line.data.values[5]!.value, result.strategies[2]!.byHour[5]!.e2eMs.p95.value! / 1000);
});

test("bands for all but the thin grey lines, and none without intervals", () => {
  const result = fixture();
  const roles = strategyStyles(result, LIGHT).map((style) => style.role);
  const bands = (layers: Drawn[]) => layers.filter((layer) => layer.name?.endsWith("_band")).length;
  assert.equal(bands(layersOf(result)), roles.filter((role) => role !== "other").length);
  assert.equal(bands(layersOf(EDGES["one replication"]!)), 0);
});

test("one hour is a point, since a line needs two", () => {
  const names = layersOf(EDGES["one short hour"]!).map((layer) => layer.name);
  assert.ok(names.includes("strategy_0_point") && !names.includes("strategy_0_line"));
});

test("the baseline is painted last, grey lines first", () => {
  const result = fixture();
  const styles = strategyStyles(result, LIGHT);
  const order = paintOrder(styles).map((index) => styles[index]!.role);
  assert.equal(order.at(-1), "baseline");
  assert.deepEqual(order.slice(0, 3), ["other", "other", "other"]);
});

test("log axes get their own ticks", () => {
  assert.deepEqual(tickOptions(linear(0, 1)), { tickCount: 6 });
  assert.deepEqual(tickOptions(logarithmic(1, 10)), { values: [1, 2, 5, 10] });
});
