import assert from "node:assert/strict";
import { test } from "node:test";
import { hourCount, hourStartMs, hourWords, timeEncoding } from "../../../../reports/charts/parts/time.ts";
import { fixture } from "../../fixture.ts";

test("hours are UTC and named with the day when the run is longer than one", () => {
  assert.equal(hourWords(fixture(), 15), "15:00 UTC");
  assert.equal(hourWords(fixture({ hours: 48 }), 30), "2026-05-05 06:00 UTC");
});

test("the axis covers the whole run with 24-hour labels", () => {
  const result = fixture();
  assert.equal(hourCount(result), 24);
  const { scale, axis } = timeEncoding(result, "at");
  assert.deepEqual(scale.domain, [hourStartMs(result, 0), Date.UTC(2026, 4, 5)]);
  assert.equal(axis.format, "%H:%M");
});
