import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { periodsOf } from "../../../simulator/bill/periods.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe("periods of which only the beginnings are known", () => {
  it("are calendar months where all begin on the first of one, February too", () => {
    const { endMs, notes } = periodsOf([11, 12, 13, 14].map((month) => Date.UTC(2025, month, 1)));
    assert.equal(endMs(Date.UTC(2026, 1, 1)), Date.UTC(2026, 2, 1));
    assert.equal(endMs(Date.UTC(2026, 2, 1)), Date.UTC(2026, 3, 1));
    assert.match(notes.join(), /by month .* the last may not be over/);
  });

  it("are months, too, where the export begins within one", () => {
    const { endMs } = periodsOf([Date.UTC(2026, 6, 15), Date.UTC(2026, 7, 1), Date.UTC(2026, 8, 1)]);
    assert.equal(endMs(Date.UTC(2026, 6, 15)), Date.UTC(2026, 7, 1));
  });

  it("are as long as the smallest step, a day at most", () => {
    const hours = [0, 1, 5].map((hour) => Date.UTC(2026, 6, 1, hour));
    assert.equal(periodsOf(hours).endMs(0), HOUR_MS);
    const mondays = [6, 13, 20].map((day) => Date.UTC(2026, 6, day));
    assert.deepEqual([periodsOf(mondays).endMs(0), periodsOf([]).endMs(0)], [DAY_MS, DAY_MS]);
    assert.deepEqual(periodsOf(mondays).notes, []);
  });

  it("of one beginning are a day; the first of a month is said to be unsure", () => {
    assert.deepEqual(periodsOf([Date.UTC(2026, 8, 2)]).notes, []);
    const { endMs, notes } = periodsOf([Date.UTC(2026, 8, 1), Date.UTC(2026, 8, 1)]);
    assert.equal(endMs(0), DAY_MS);
    assert.match(notes.join(), /all of it begins on 2026-09-01 .* 30 times too high/);
  });
});
