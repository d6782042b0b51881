import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { notReplayable, recordSchedule } from "../../../simulator/bench/make-plan.ts";
import { CALIBRATION, CONDITIONS, HELD_OUT, prepareCondition } from "../../../studies/held-out/conditions.ts";
import { WORLDS } from "../../../studies/held-out/worlds.ts";

describe("conditions of the study", () => {
  it("hold out another load, another strategy, and both", () => {
    const differs = HELD_OUT.map(({ load, strategy }) => [
      load !== CALIBRATION.load,
      strategy !== CALIBRATION.strategy,
    ]);
    assert.deepEqual(differs, [
      [true, false],
      [false, true],
      [true, true],
    ]);
    assert.equal(new Set(CONDITIONS.map(({ seed }) => seed)).size, CONDITIONS.length);
  });

  for (const { name, regions } of WORLDS) {
    it(`${name}: can be benched under each, in the world's regions, at the load's rate`, async () => {
      const perS: number[] = [];
      for (const condition of CONDITIONS) {
        const { plan } = (await prepareCondition(name, condition)).inputs;
        assert.deepEqual(notReplayable(plan), []);
        assert.deepEqual(
          plan.regionNames,
          regions.map(({ region }) => region),
        );
        for (const { region, roundTripMs } of regions) {
          assert.equal(plan.network.rttMs[plan.regionNames.indexOf(region)], roundTripMs, "the scenario has it");
        }
        perS.push((recordSchedule(plan).length / Number.parseFloat(condition.duration)) * (1 / condition.load));
      }
      for (const rate of perS) assert.ok(Math.abs(rate / perS[0]! - 1) < 0.15, `${perS}`);
    });
  }
});
