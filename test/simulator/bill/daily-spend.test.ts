import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type BillLine, parseDecimal } from "../../../simulator/bill/bill-line.ts";
import { dailySpendOf, sharesWithSpend, weekdayFactors, weekdayOf } from "../../../simulator/bill/daily-spend.ts";
import { createBill } from "../../../simulator/bill/spend.ts";

const DAY_MS = 86_400_000;
/** A Wednesday. */
const FIRST = Date.UTC(2026, 6, 1) / DAY_MS;

/** One line for each amount, on days in a row; undefined: no line. */
function billOf(amounts: readonly (number | undefined)[], estimatedFrom = Number.POSITIVE_INFINITY) {
  const lines = amounts.flatMap((usd, i): readonly BillLine[] => {
    if (usd === undefined) return [];
    const startMs = (FIRST + i) * DAY_MS;
    return [
      {
        startMs,
        endMs: startMs + DAY_MS,
        kind: "usage",
        costUsd: parseDecimal(usd.toFixed(6))!,
        quantity: undefined,
        unit: undefined,
        service: undefined,
        usageType: undefined,
        operation: undefined,
        region: undefined,
        account: undefined,
        identity: undefined,
        tags: {},
        estimated: i >= estimatedFrom,
        line: i + 1,
      },
    ];
  });
  const head = { format: "test", view: "test", statedTotalUsd: undefined, costBasis: "unblended", notes: [] };
  return createBill({ ...head, lines }, { idOf: () => undefined });
}

const usual = (days: number) => new Array<number>(days).fill(100);

describe("the daily spend of a bill", () => {
  it("leaves out what may still change, and counts days without spend between the others", () => {
    const { days, empty, estimated, cut } = dailySpendOf(billOf([...usual(5), undefined, ...usual(4), 30, 20], 10));
    assert.deepEqual(
      days.map(({ day }) => day - FIRST),
      [0, 1, 2, 3, 4, 6, 7, 8, 9],
    );
    assert.deepEqual([empty.map((day) => day - FIRST), estimated.map((day) => day - FIRST), cut], [[5], [10, 11], []]);
  });

  it("does not know what was used on a day whose usage is netted with a credit", () => {
    const { lines, ...head } = billOf([...usual(5), -400, ...usual(5)]).export;
    const credited = lines.map((line) => (line.costUsd < 0n ? { ...line, kind: "credit" as const } : line));
    const { days, empty } = dailySpendOf(createBill({ ...head, lines: credited }, { idOf: () => undefined }));
    assert.deepEqual([days.length, empty], [10, []]);
  });

  it("takes low days at the ends for parts of days: two at the end, one at the beginning", () => {
    const low = dailySpendOf(billOf([50, ...usual(27), 69, 8]));
    assert.deepEqual(
      low.cut.map((day) => day - FIRST),
      [0, 28, 29],
    );
    // A third low day, or one that is not much below, is the account's own.
    assert.equal(dailySpendOf(billOf([...usual(27), 50, 50, 50])).cut.length, 2);
    assert.equal(dailySpendOf(billOf([...usual(29), 71])).cut.length, 0);
  });

  it("needs a day far below all others where weeks are too few to know its weekday", () => {
    assert.equal(dailySpendOf(billOf([...usual(9), 40])).cut.length, 1);
    assert.equal(dailySpendOf(billOf([...usual(9), 60])).cut.length, 0);
    assert.equal(dailySpendOf(billOf([...usual(5), 40])).cut.length, 0);
  });

  it("does not take a quiet day of a noisy account for a part of one", () => {
    const noisy = Array.from({ length: 36 }, (_, i) => (Math.floor(i / 7) % 2 === 0 ? 160 : 40));
    assert.equal(dailySpendOf(billOf([...noisy, 45])).cut.length, 0);
  });
});

describe("weekdays", () => {
  it("have a mean of one, and a share of days with spend of their own", () => {
    assert.equal(weekdayOf(FIRST), 3);
    const spend = dailySpendOf(
      billOf(Array.from({ length: 28 }, (_, i) => (weekdayOf(FIRST + i) === 0 ? undefined : i === 8 ? undefined : 70))),
    );
    const factors = weekdayFactors(spend.days);
    assert.ok(Math.abs(factors.reduce((sum, each) => sum + each, 0) - 7) < 1e-12);
    // The ninth day is a Thursday, one of four.
    assert.deepEqual(sharesWithSpend(spend), [0, 1, 1, 1, 0.75, 1, 1]);
  });
});
