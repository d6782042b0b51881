import assert from "node:assert/strict";
import { test } from "node:test";
import { breakLines, labelByIndex, placeLabels, shortName } from "../../../../reports/charts/parts/labels.ts";

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
