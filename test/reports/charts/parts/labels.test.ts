import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  breakLines,
  labelByIndex,
  placeLabels,
  shortName,
  spreadLabels,
} from "../../../../reports/charts/parts/labels.ts";

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

test("long names keep both ends", () => {
  assert.equal(shortName("cheapest-within-p95-of-four-seconds"), "cheapest-wit…our-seconds");
  assert.equal(shortName("short"), "short");
});

test("names in a Vega expression are only string literals", () => {
  const hostile = ['"]; alert(1); ["', "a\\", "line\u2028break"];
  const expression = labelByIndex(hostile);
  assert.ok(expression.endsWith("[datum.value]"));
  assert.equal((JSON.parse(expression.slice(0, -"[datum.value]".length)) as string[]).length, 3);
});

test("a label moves aside for its neighbour and stays inside the plot", () => {
  const [first, second] = placeLabels(
    [
      { x: 100, y: 50, text: "one-strategy" },
      { x: 104, y: 54, text: "another" },
    ],
    { width: 300, height: 100 },
  );
  assert.notDeepEqual(first, second);
  const [edge] = placeLabels([{ x: 295, y: 50, text: "a-long-name-here" }], { width: 300, height: 100 });
  assert.equal(edge!.align, "right");
});

test("lines break at spaces and keep every word", () => {
  const lines = breakLines("one two three four", 9);
  assert.deepEqual(lines, ["one two", "three", "four"]);
});
