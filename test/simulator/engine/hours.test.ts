import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bucketOf } from "../../../simulator/engine/histogram.ts";
import { type HourRecord, Hours } from "../../../simulator/engine/hours.ts";

const FIELDS = 4;

function record({ e2e, ttft, wait }: HourRecord, ms: number): void {
  e2e.record(0, ms, bucketOf(ms));
  if (ttft !== e2e) ttft.record(0, ms / 2, bucketOf(ms / 2));
  wait.record(0, ms / 4, bucketOf(ms / 4));
}

/** Hour by hour: how many latencies, their sum, and the buckets of them. */
const seen = ({ all }: Hours) =>
  all.map(({ e2e, ttft, wait }) =>
    [e2e, ttft, wait].map((set) => [set.samples(0), set.sumMs(0), [...set.merged([0])]]),
  );

describe("hours", () => {
  for (const streams of [true, false]) {
    it(`tell the same whether they were packed or not, in whatever order requests end: streams ${streams}`, () => {
      const order = [0, 0, 1, 0, 2, 5, 0, 6, 7, 1, 8, 3, 9, 1, 10, 10, 4, 11];
      const hours = new Hours(new Float64Array(2 * FIELDS), FIELDS, 1, streams);
      for (const [i, hour] of order.entries()) record(hours.turnTo(hour), 100 + i);
      // Twelve hours that are turned to once each are never packed in between.
      const each = Array.from({ length: 12 }, () => new Hours(new Float64Array(2 * FIELDS), FIELDS, 1, streams));
      for (const [i, hour] of order.entries()) record(each[hour]!.turnTo(0), 100 + i);
      assert.deepEqual(seen(hours), each.flatMap(seen));
      assert.equal(hours.all[11]!.ttft === hours.all[11]!.e2e, !streams);
    });
  }

  it("add up what they counted, group by group, whether they were packed in between or not", () => {
    const totals = new Float64Array(2 * FIELDS);
    const hours = new Hours(totals, FIELDS, 1, true);
    const order = [0, 1, 0, 2, 3, 0, 7, 1, 7, 8, 0, 9];
    for (const [i, index] of order.entries()) hours.turnTo(index).counts[(i % 2) * FIELDS + (i % 3)]! += 10 + i;
    hours.complete();
    const expected = { totals: new Float64Array(2 * FIELDS), hours: Array.from({ length: 10 }, () => [0, 0, 0, 0]) };
    for (const [i, index] of order.entries()) {
      expected.totals[(i % 2) * FIELDS + (i % 3)]! += 10 + i;
      expected.hours[index]![i % 3]! += 10 + i;
    }
    assert.deepEqual(totals, expected.totals);
    assert.deepEqual(
      hours.all.map(({ fields }) => [...fields]),
      expected.hours,
    );
  });

  it("are packed when nothing was recorded in them for an hour, so that a long run holds few arrays", () => {
    const hours = new Hours(new Float64Array(2 * FIELDS), FIELDS, 1, true);
    const open = ({ all }: Hours) =>
      all.flatMap(({ e2e, ttft, wait }) => [e2e, ttft, wait]).filter((set) => !set.isPacked);
    for (let hour = 0; hour < 100; hour++) {
      record(hours.turnTo(hour), hour);
      // Some end late.
      if (hour > 0) record(hours.turnTo(hour - 1), hour);
      assert.ok(open(hours).length <= 3 * 3, `${open(hours).length} after hour ${hour}`);
    }
    record(hours.turnTo(4), 1);
    assert.equal(hours.all[4]!.e2e.isPacked, false);
    assert.deepEqual(
      hours.all.map(({ e2e }) => e2e.samples(0)),
      [...Array(100).keys()].map((hour) => (hour === 99 ? 1 : hour === 4 ? 3 : 2)),
    );
  });

  it("that nothing arrived in have begun, and count nothing", () => {
    const hours = new Hours(new Float64Array(2 * FIELDS), FIELDS, 2, true);
    hours.turnTo(3);
    assert.equal(hours.all.length, 4);
    assert.deepEqual([hours.all[1]!.e2e.samples(1), hours.all[1]!.wait.samples(0)], [0, 0]);
  });
});
