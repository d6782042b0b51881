import assert from "node:assert/strict";
import { it } from "node:test";
import { VirtualClock } from "../../../../simulator/service/capacity/station.ts";
import { Run, slotsSpec } from "./driver.ts";

it("virtual time runs at the rate of the moment, and only while a call is served", () => {
  const clock = new VirtualClock();
  clock.setUnitMs(20);
  clock.synchronise(1000, false);
  assert.equal(clock.units, 0);
  clock.synchronise(1100, true);
  assert.equal(clock.units, 5);
  assert.equal(clock.reachMs(8), 1160);
  clock.setUnitMs(50);
  assert.equal(clock.reachMs(8), 1250);
  clock.synchronise(1200, true);
  assert.equal(clock.units, 7);
  clock.landOn(8, 1250);
  assert.equal(clock.units, 8);
  assert.equal(clock.reachMs(7.9), 1250, "a mark that is behind is reached now");
});

it("stands still at an infinite unit, and survives a unit of no length while idle", () => {
  const clock = new VirtualClock();
  clock.setUnitMs(Number.POSITIVE_INFINITY);
  clock.synchronise(500, true);
  assert.equal(clock.units, 0);
  assert.equal(clock.reachMs(1), Number.POSITIVE_INFINITY);
  clock.setUnitMs(0);
  clock.synchronise(600, false);
  clock.synchronise(600, true);
  assert.equal(clock.units, 0);
});

it("is crowded for those who may use a share of the queue when that share of its places or of its delay is taken", () => {
  const service = { kind: "constant", value: 100 } as const;
  const crowdedAfter = (over: Parameters<typeof slotsSpec>[0], calls: number) => {
    const run = new Run(slotsSpec({ servers: 1, service, ...over }));
    for (let i = 0; i < calls; i++) run.offer({ atMs: 0 });
    return [0, 0.5, 1].map((share) => run.capacity.isCrowded(share));
  };
  assert.deepEqual(crowdedAfter({ waitingRoom: 4 }, 0), [false, false, false], "it would start at once");
  assert.deepEqual(crowdedAfter({ waitingRoom: 4 }, 2), [true, false, false], "one of four waits");
  assert.deepEqual(crowdedAfter({ waitingRoom: 4 }, 3), [true, true, false]);
  assert.deepEqual(crowdedAfter({ waitingRoom: 4 }, 5), [true, true, true]);
  // Two wait: the delay to expect is 300 ms.
  assert.deepEqual(crowdedAfter({ queueDelayMsMax: 500 }, 3), [true, true, false]);
  const sharing = { discipline: "processor-sharing" } as const;
  assert.deepEqual(crowdedAfter({ ...sharing, waitingRoom: 0 }, 1), [true, true, true], "no place beside the servers");
  assert.deepEqual(crowdedAfter({ ...sharing, waitingRoom: 2 }, 1), [true, false, false]);
});
