import assert from "node:assert/strict";
import { test } from "node:test";
import { endLabels } from "../../../../reports/charts/parts/end-labels.ts";
import { linear } from "../../../../reports/charts/parts/scales.ts";
import { LIGHT, strategyStyles } from "../../../../reports/theme.ts";
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
