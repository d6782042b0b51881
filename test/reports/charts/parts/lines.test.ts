import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LIGHT, strategyStyles } from "../../../../reports/base/theme.ts";
import { linear } from "../../../../reports/charts/parts/frame.ts";
import { endLabels, paintOrder, plotWidth, slosWithin, spreadLabels } from "../../../../reports/charts/parts/lines.ts";
import { fixture } from "../../fixture.ts";

test("one label per drawn line, apart from each other, unstable ones marked", () => {
  const { strategies } = fixture();
  const styles = strategyStyles(fixture(), LIGHT);
  const ends = strategies.map(({ name }, index) => ({
    index,
    name,
    value: index === 2 ? null : 5,
    unstable: index === 6,
  }));
  const layers = endLabels(ends, {
    scale: linear(0, 10),
    styles,
    width: 500,
    height: 300,
    theme: LIGHT,
  }) as unknown as {
    name: string;
    mark: { text?: string };
    encoding: { y: { value: number } };
  }[];
  const labels = layers.filter((layer) => layer.name.endsWith("_label"));
  assert.equal(labels.length, 7);
  assert.ok(labels.some((layer) => layer.mark.text === "cheapest (unstable)"));
  const heights = labels.map((layer) => layer.encoding.y.value).sort((a, b) => a - b);
  for (const [at, height] of heights.slice(1).entries()) assert.ok(height - heights[at]! >= 15 - 1e-9);
  const middle = heights.reduce((sum, height) => sum + height, 0) / heights.length;
  assert.ok(Math.abs(middle - 150) < 1e-9, "centred on the value they share: half way up");
});

test("a plot is as wide as the longest of its names leaves room for", () => {
  const named = (name: string, unstable = false) => ({ name, unstable });
  assert.equal(plotWidth([named("a")]) - plotWidth([named("a"), named("a".repeat(11))]), 69);
  assert.equal(plotWidth([named("x".repeat(30))]), plotWidth([named("x".repeat(24))]), "longer names are shortened");
  assert.ok(plotWidth([named("x".repeat(24), true)]) > 300);
});

test("classes with one objective share a line; far objectives are left out", () => {
  const base = fixture();
  const withSlos = (...slos: (number | null)[]) => ({
    ...base,
    classes: slos.map((sloE2eMs, at) => ({ ...base.classes[0]!, name: `c${at}`, sloE2eMs })),
  });
  assert.deepEqual(slosWithin(withSlos(8000, 8000, null, 2000), "sloE2eMs", 9000), [
    { ms: 2000, text: "SLO 2 s (c3)" },
    { ms: 8000, text: "SLO 8 s (c0 and c1)" },
  ]);
  assert.deepEqual(slosWithin(withSlos(8000), "sloE2eMs", 1000), []);
});

test("the baseline is painted last, grey lines first", () => {
  const result = fixture();
  const styles = strategyStyles(result, LIGHT);
  const order = paintOrder(styles).map((index) => styles[index]!.role);
  assert.equal(order.at(-1), "baseline");
  assert.deepEqual(order.slice(0, 3), ["other", "other", "other"]);
});

test("labels end up at least a gap apart, in their order, and stay put where there is room", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { maxLength: 20 }), (positions) => {
      const spread = spreadLabels(positions, 15);
      const order = positions.map((_, at) => at).sort((a, b) => positions[a]! - positions[b]! || a - b);
      order.slice(1).forEach((at, before) => {
        assert.ok(spread[at]! - spread[order[before]!]! >= 15 - 1e-9);
      });
    }),
  );
  assert.deepEqual(spreadLabels([10, 100, 200], 15), [10, 100, 200]);
  assert.deepEqual(spreadLabels([100, 100], 10), [95, 105]);
});
