import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type BillLine, ONE } from "../../../simulator/bill/bill-line.ts";
import { coverageOf, endsOf } from "../../../simulator/bill/coverage.ts";
import { createBill } from "../../../simulator/bill/spend.ts";

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 8, 1);

function line(startMs: number, over: Partial<BillLine> = {}): BillLine {
  return {
    startMs,
    endMs: startMs + HOUR_MS,
    kind: "usage",
    costUsd: ONE,
    quantity: ONE,
    unit: "1K tokens",
    service: "Amazon Bedrock",
    usageType: "USE1-NovaLite-input-tokens",
    operation: undefined,
    region: "us-east-1",
    account: undefined,
    identity: undefined,
    tags: {},
    estimated: false,
    line: 1,
    ...over,
  };
}

function coverage(lines: readonly BillLine[]) {
  const head = { format: "test", view: "test", statedTotalUsd: undefined, costBasis: "unblended", notes: [] };
  return coverageOf(createBill({ ...head, lines }, { idOf: () => undefined }));
}

/** Hours from the start that have a line. */
const hourly = (hours: readonly number[]) => hours.map((hour) => line(START_MS + hour * HOUR_MS));
const count = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const missing = (hours: readonly number[]) =>
  coverage(hourly(hours)).emptyHoursMs.map((ms) => (ms - START_MS) / HOUR_MS);

describe("what of a bill has no usage", () => {
  it("is found by the hour: in the middle and where the last day is not over", () => {
    assert.deepEqual(missing([...count(0, 30), ...count(35, 5 * 24 + 20)]), [
      30,
      31,
      32,
      33,
      34,
      ...count(5 * 24 + 20, 6 * 24),
    ]);
    assert.deepEqual(missing(count(0, 20)), [20, 21, 22, 23]);
  });

  it("is no surprise in hours that are quiet on most days", () => {
    const office = count(0, 7).flatMap((day) => count(24 * day + 8, 24 * day + 18));
    assert.deepEqual(missing(office), []);
    assert.deepEqual(missing(office.filter((hour) => hour !== 3 * 24 + 10)), [3 * 24 + 10]);
  });

  it("is looked for by the hour even where storage is metered by the day, and not in a bill by day", () => {
    const storage = line(START_MS, { endMs: START_MS + 24 * HOUR_MS, service: "Amazon S3", usageType: "Storage" });
    assert.equal(coverage([...hourly(count(0, 20)), storage]).emptyHoursMs.length, 4);
    const byDay = count(0, 5).map((day) =>
      line(START_MS + day * 24 * HOUR_MS, { endMs: START_MS + 24 * HOUR_MS * (day + 1) }),
    );
    assert.deepEqual(coverage(byDay), { emptyDays: [], emptyHoursMs: [] });
    assert.deepEqual(coverage(byDay.map((each) => ({ ...each, endMs: each.startMs }))).emptyHoursMs, []);
  });

  it("is found by the day between the first and the last", () => {
    const days = [0, 1, 4].map((day) =>
      line(START_MS + day * 24 * HOUR_MS, { endMs: START_MS + 24 * HOUR_MS * (day + 1) }),
    );
    assert.deepEqual(
      coverage(days).emptyDays.map((day) => day - START_MS / (24 * HOUR_MS)),
      [2, 3],
    );
    assert.deepEqual(endsOf(new Set([3, 1, 2])), { first: 1, last: 3 });
  });
});
