import assert from "node:assert/strict";
import { it } from "node:test";
import { VirtualClock } from "../../../../simulator/world/capacity/station.ts";

it("virtual time runs at the rate of the moment, and only while anybody is served", () => {
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

it("stands still at a unit without end, and survives a unit of no length while nobody is served", () => {
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
