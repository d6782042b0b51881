import assert from "node:assert/strict";
import { test } from "node:test";
import { LIGHT } from "../../../reports/base/theme.ts";
import { frontier } from "../../../reports/charts/frontier.ts";
import { EDGES, fixture } from "../fixture.ts";

test("the unbeaten are those that no other strategy beats on both means", () => {
  const result = fixture();
  const at = (index: number) => {
    const { total } = result.strategies[index]!;
    return [total.cost.source.usdPer1kServed.value!, total.e2eMs.p95.value!] as const;
  };
  const fails = result.strategies.map(({ name }) =>
    result.comparisons.some((one) => one.strategy === name && one.metric === "failedShare" && one.verdict === "worse"),
  );
  const expected = result.strategies.map((_, index) => {
    if (fails[index]) return "fails more";
    const isUnbeaten = result.strategies.every(
      (_, other) => other === index || fails[other] || at(other)[0] > at(index)[0] || at(other)[1] > at(index)[1],
    );
    return isUnbeaten ? "yes" : "no";
  });
  assert.deepEqual(
    frontier.table(result).rows.map((row) => row.cells[3]!.text),
    expected,
  );
  assert.deepEqual(new Set(expected), new Set(["yes", "no", "fails more"]));
});

test("a strategy that fails more is drawn hollow, named, and never on the line", () => {
  const result = fixture();
  const { title, subtitle } = frontier.heading(result);
  assert.match(subtitle, /Hollow and left out of the line, because more requests fail than under .*: .*cheapest \(\d/);
  assert.doesNotMatch(title.split("by their means")[1]!, /cheapest[, ](?!within)/);
  const layers = (
    frontier.spec(result, LIGHT) as unknown as { layer: { name?: string; mark: Record<string, unknown> }[] }
  ).layer;
  const marks = layers.filter((layer) => layer.name?.endsWith("_mean"));
  frontier.table(result).rows.forEach((row, at) => {
    assert.equal(marks[at]!.mark.color === LIGHT.background, row.cells[3]!.text === "fails more", row.cells[0]!.text);
  });
});

test("a strategy that fails so many that it has no p95 is hollow, named and never on the line, as its table says", () => {
  const result = fixture({ classes: ["all"] });
  const failing = new Set(result.strategies.slice(0, 2).map(({ name }) => name));
  const strategies = result.strategies.map((one) => {
    const failedShare = { value: failing.has(one.name) ? 0.3 : 0, low: null, high: null, n: 10 };
    return { ...one, total: { ...one.total, failedShare }, byClass: [] };
  });
  const run = { ...result, strategies, comparisons: [] };
  const { title, subtitle } = frontier.heading(run);
  assert.match(
    subtitle,
    /by the requests that got through, because so many requests fail that there is no p95: .* \(30\.0 %\)/,
  );
  for (const name of failing) assert.ok(!title.includes(name) && subtitle.includes(name), name);
  const shown = frontier.table(run).rows.map((row) => [row.cells[0]!.text, row.cells[3]!.text === "no p95"]);
  assert.deepEqual(
    shown,
    strategies.map(({ name }) => [name, failing.has(name)]),
  );
  const none = { ...run, strategies: strategies.slice(0, 2), comparisons: result.comparisons };
  assert.doesNotMatch(frontier.heading(none).title, /not beaten|; ?$/);
});

test("an unstable strategy is shown but never on the line", () => {
  const result = EDGES["an unstable strategy"]!;
  const row = frontier.table(result).rows.find((one) => one.cells[0]!.text === "cheapest")!;
  assert.equal(row.cells[3]!.text, "unstable");
  assert.match(frontier.heading(result).subtitle, /left out of the line: cheapest/);
  assert.doesNotMatch(frontier.heading(result).title, /means cheapest,/);
});

test("labels of the eight strategies do not cover each other", () => {
  const spec = frontier.spec(fixture(), LIGHT) as unknown as {
    layer: {
      name?: string;
      mark: { text?: string; align?: string };
      encoding: { x: { value: number }; y: { value: number } };
    }[];
  };
  const boxes = spec.layer
    .filter((layer) => layer.name?.endsWith("_label"))
    .map(({ mark, encoding }) => {
      const width = mark.text!.length * 6;
      const left =
        mark.align === "left"
          ? encoding.x.value
          : mark.align === "right"
            ? encoding.x.value - width
            : encoding.x.value - width / 2;
      return { left, right: left + width, top: encoding.y.value - 6, bottom: encoding.y.value + 6 };
    });
  assert.equal(boxes.length, 8);
  boxes.forEach((one, at) => {
    for (const other of boxes.slice(at + 1)) {
      assert.ok(
        one.right <= other.left || other.right <= one.left || one.bottom <= other.top || other.bottom <= one.top,
      );
    }
  });
});

test("an invalid measured run has no frontier", () => {
  const invalid = { ...fixture(), kind: "measured" as const, comparisons: [] };
  assert.match(frontier.absence(invalid)!, /^The run is invalid/);
  assert.equal(frontier.absence({ ...fixture(), kind: "measured" }), undefined);
});
