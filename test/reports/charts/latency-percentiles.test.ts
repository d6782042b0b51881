import assert from "node:assert/strict";
import { test } from "node:test";
import { LIGHT } from "../../../reports/base/theme.ts";
import { latencyPercentiles } from "../../../reports/charts/latency-percentiles.ts";
import { fixture } from "../fixture.ts";

test("lines stop where fewer than ten requests remain above", () => {
  const result = fixture();
  const spec = latencyPercentiles.spec(result, LIGHT) as unknown as {
    layer: { name?: string; data: { values: { oneIn: number }[] } }[];
  };
  const lines = spec.layer.filter((layer) => layer.name?.endsWith("_line"));
  assert.equal(lines.length, 8);
  for (const line of lines) {
    const index = Number(/strategy_(\d+)_/.exec(line.name!)![1]);
    const count = result.strategies[index]!.total.e2eMs.count;
    for (const point of line.data.values) assert.ok(count / point.oneIn >= 10 - 1e-6);
    assert.ok(count / line.data.values.at(-1)!.oneIn < 20, "and not much before");
  }
});

test("the title gives the baseline's own median and p99", () => {
  const result = fixture();
  const { p50, p99 } = result.strategies[0]!.total.e2eMs;
  const { title } = latencyPercentiles.heading(result);
  assert.ok(title.includes(`within ${(p50.value! / 1000).toFixed(2)} s`), title);
  assert.ok(title.includes(`99 % within ${(p99.value! / 1000).toFixed(1)} s`), title);
});

test("the title is about the strategy that the verdict prefers", () => {
  const result = fixture();
  const other = result.strategies[2]!.name;
  const { title } = latencyPercentiles.heading({ ...result, recommended: other });
  assert.ok(title.includes(`Half of the served requests of ${other} end within`), title);
  const whole = result.strategies.map((one) => {
    const failedShare = { value: 0.005, low: null, high: null, n: 10 };
    return { ...one, total: { ...one.total, failedShare } };
  });
  const kept = latencyPercentiles.heading({ ...result, strategies: whole, recommended: other });
  assert.ok(kept.title.includes(`Half of the requests of ${other} end within`), kept.title);
});

test("an objective beyond the lines is within the axis", () => {
  const result = fixture();
  const largestMs = Math.max(...result.strategies.map(({ total }) => total.e2eMs.max!));
  const classes = result.classes.map((each) => ({ ...each, sloE2eMs: 2 * largestMs }));
  const spec = latencyPercentiles.spec({ ...result, classes }, LIGHT) as unknown as {
    encoding: { y: { scale: { domain: readonly [number, number] } } };
    layer: { name?: string; encoding?: { y?: { datum?: number } } }[];
  };
  const heights = spec.layer.flatMap(({ encoding }) => encoding?.y?.datum ?? []);
  assert.ok(heights.length > 0, "an objective is drawn");
  for (const height of heights) assert.ok(height <= spec.encoding.y.scale.domain[1], `${height}`);
});
