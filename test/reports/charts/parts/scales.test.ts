import assert from "node:assert/strict";
import { test } from "node:test";
import { reachable, ticksOf, valueScale } from "../../../../reports/charts/parts/scales.ts";

test("log only where positive values span more than a factor of 12", () => {
  assert.equal(valueScale([1, 11], true).type, "linear");
  assert.equal(valueScale([1, 13], true).type, "log");
  assert.equal(valueScale([0, 1000], true).type, "linear");
});

test("pixels are affine in the value, or in its logarithm", () => {
  const linear = valueScale([2, 8], false);
  assert.equal(linear.px(linear.domain[0], 400), 0);
  assert.equal(linear.px(linear.domain[1], 400), 400);
  assert.ok(Math.abs(linear.px(5, 400) - 200) < 1e-9);
  const log = valueScale([1, 100], false);
  const [low, high] = log.domain;
  assert.ok(Math.abs(log.px(Math.sqrt(low * high), 400) - 200) < 1e-9);
});

test("degenerate data still give a domain with an inside", () => {
  for (const values of [[], [0], [5], [5, 5], [0, 0]]) {
    const { domain } = valueScale(values, true);
    assert.ok(domain[1] > domain[0], JSON.stringify(values));
  }
});

test("log ticks are 1, 2 and 5 times powers of ten", () => {
  assert.deepEqual(ticksOf(valueScale([1, 100], false)), [1, 2, 5, 10, 20, 50, 100]);
});

test("an interval that dwarfs the data widens the axis by half at most", () => {
  assert.deepEqual(reachable([10, 20], [-500, 12, 900, null]), [10 / 1.5, 12, 30]);
});
