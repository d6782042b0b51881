import assert from "node:assert/strict";
import { test } from "node:test";
import { PERCENT, SECONDS } from "../../../reports/format.ts";
import { changeOf, estimateCell, relativePercent } from "../../../reports/tables/cells.ts";
import { fixture } from "../fixture.ts";

test("a cell shows the rounded value and keeps the full one", () => {
  assert.deepEqual(estimateCell({ value: 4213.7, low: 4080, high: 4346, n: 10 }, SECONDS), {
    text: "4.21",
    value: 4213.7,
    detail: "4.08–4.35",
  });
  assert.deepEqual(estimateCell({ value: null, low: null, high: null, n: 0 }, PERCENT), { text: "n/a", value: null });
});

test("a change that is not shown has no number", () => {
  const one = fixture().comparisons[0]!;
  assert.deepEqual(changeOf({ ...one, verdict: "not shown" }), { text: "~ not shown", tone: "neutral" });
  assert.deepEqual(changeOf({ ...one, verdict: "not comparable" }), { text: "not comparable", tone: "warning" });
  assert.equal(changeOf(undefined), undefined);
});

test("relative sizes keep a digit that says something, and nothing divides by zero", () => {
  const relative = (value: number | null) =>
    relativePercent({ ...fixture().comparisons[0]!, relative: { value, low: null, high: null, n: 10 } });
  assert.equal(relative(-0.3112), "−31 %");
  assert.equal(relative(0.0042), "+0.4 %");
  assert.equal(relative(0.0004), "+0.04 %");
  assert.equal(relative(null), undefined);
  assert.equal(relative(Number.POSITIVE_INFINITY), undefined);
});
