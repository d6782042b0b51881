import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HOUR_MS } from "../../../simulator/base/time.ts";
import { Epochs, faultTimeline } from "../../../simulator/service/service-plan.ts";
import { fault } from "./plan.ts";

it("an instant belongs to the latest epoch begun, and one step may pass several", () => {
  const epochs = new Epochs(Float64Array.of(0, 10, 20, 40));
  const ms = [0, 9.9, 10, 45, 1e9];
  assert.deepEqual(
    ms.map((each) => epochs.at(each)),
    [0, 0, 1, 3, 3],
  );
  assert.equal(epochs.nextMs, Number.POSITIVE_INFINITY);
  assert.equal(new Epochs(new Float64Array(0)).at(5), 0, "without prices there is one");
  assert.equal(new Epochs(Float64Array.of(0, 10)).at(Number.POSITIVE_INFINITY), 1, "no deadline is in the last epoch");
});

describe("the timeline of faults", () => {
  it("scheduled faults begin and end as written; ends come first at equal instants", () => {
    const specs = [
      fault("brownout", { atMs: 1000, forMs: 500 }),
      fault("outage", { atMs: 500, forMs: 500 }),
      fault("errors", { atMs: 1000, forMs: 1 }),
    ];
    assert.deepEqual(faultTimeline(specs, 1, HOUR_MS), [
      { atMs: 500, fault: 1, begins: true },
      { atMs: 1000, fault: 1, begins: false },
      { atMs: 1000, fault: 0, begins: true },
      { atMs: 1000, fault: 2, begins: true },
      { atMs: 1001, fault: 2, begins: false },
      { atMs: 1500, fault: 0, begins: false },
    ]);
  });

  it("random faults: exponential times between failures and to repair, by mean and by variance", () => {
    const [mtbfMs, mttrMs] = [50_000, 10_000];
    const edges = faultTimeline([fault("outage", { mtbfMs, mttrMs })], 3, 100_000 * 60_000);
    const up: number[] = [];
    const down: number[] = [];
    let lastMs = 0;
    edges.forEach((edge, i) => {
      assert.equal(edge.begins, i % 2 === 0);
      (edge.begins ? up : down).push(edge.atMs - lastMs);
      lastMs = edge.atMs;
    });
    for (const [values, mean] of [
      [up, mtbfMs],
      [down, mttrMs],
    ] as const) {
      const average = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length;
      assert.ok(values.length > 90_000);
      assert.ok(Math.abs(average / mean - 1) < 4 / Math.sqrt(values.length), `mean ${average}`);
      // Of an exponential, the sample variance has relative standard error sqrt(8 / n).
      assert.ok(Math.abs(variance / mean ** 2 - 1) < 4 * Math.sqrt(8 / values.length), `variance ${variance}`);
    }
  });

  it("follows from the seed and the fault's place alone: another strategy, or another fault behind it, changes nothing", () => {
    const spec = fault("outage", { mtbfMs: 60_000, mttrMs: 5_000 });
    const alone = faultTimeline([spec], 7, HOUR_MS);
    const together = faultTimeline([spec, fault("outage", { mtbfMs: 1_000, mttrMs: 1_000 })], 7, HOUR_MS);
    assert.deepEqual(
      together.filter((edge) => edge.fault === 0),
      alone,
    );
    assert.deepEqual(faultTimeline([spec], 7, HOUR_MS), alone);
    assert.notDeepEqual(faultTimeline([spec], 8, HOUR_MS), alone);
  });

  it("a later horizon only adds to what was there", () => {
    const spec = fault("outage", { mtbfMs: 60_000, mttrMs: 20_000 });
    const near = faultTimeline([spec], 7, HOUR_MS);
    assert.ok(near.length > 20);
    assert.deepEqual(faultTimeline([spec], 7, 3 * HOUR_MS).slice(0, near.length), near);
  });
});
