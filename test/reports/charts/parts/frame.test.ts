import assert from "node:assert/strict";
import { test } from "node:test";
import { hourCount } from "../../../../reports/base/hours.ts";
import { DARK } from "../../../../reports/base/theme.ts";
import {
  clippedEnds,
  frame,
  hourStartMs,
  hourText,
  layerName,
  linear,
  logarithmic,
  rowText,
  tickOptions,
  ticksOf,
  timeEncoding,
  valueScale,
} from "../../../../reports/charts/parts/frame.ts";
import { fixture } from "../../fixture.ts";

test("title and subtitle are broken into lines that fit, and all of it is in the alt text", () => {
  const heading = { title: "word ".repeat(60).trim(), subtitle: "short" };
  const { title, description, background } = frame({ question: "Why?" }, heading, DARK);
  assert.ok(title.text.length > 1 && title.text.every((line) => line.length <= 110));
  assert.equal(title.text.join(" "), heading.title);
  assert.equal(description, `Why? ${heading.title}. short`);
  assert.equal(background, DARK.background);
});

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
  assert.deepEqual(clippedEnds([10, 20], [-500, 12, 900, null]), [10 / 1.5, 12, 30]);
});

test("hours are UTC and named with the day when the run is longer than one", () => {
  assert.equal(hourText(fixture(), 15), "15:00 UTC");
  assert.equal(hourText(fixture({ hours: 48 }), 30), "2026-05-05 06:00 UTC");
});

test("what begins at an hour is that hour, beyond a week a block of hours", () => {
  const of = (hours: number) => fixture({ hours, strategies: ["a", "b"], replications: 1, classes: ["chat"] });
  assert.equal(rowText(of(168), 30), "2026-05-05 06:00 UTC");
  assert.equal(rowText(of(400), 30), "block of 3 hours from 2026-05-05 06:00 UTC");
});

test("the axis covers the whole run with 24-hour labels", () => {
  const result = fixture();
  assert.equal(hourCount(result), 24);
  const { scale, axis } = timeEncoding(result, "at");
  assert.deepEqual(scale.domain, [hourStartMs(result, 0), Date.UTC(2026, 4, 5)]);
  assert.equal(axis.format, "%H:%M");
});

test("log axes get their own ticks", () => {
  assert.deepEqual(tickOptions(linear(0, 1)), { tickCount: 6 });
  assert.deepEqual(tickOptions(logarithmic(1, 10)), { values: [1, 2, 5, 10] });
});

test("a layer's name begins with its strategy, so that 1 and 11 stay apart", () => {
  assert.equal(layerName(1, "line"), "strategy_1_line");
  assert.ok(!layerName(11, "line").startsWith("strategy_1_"));
});
