import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FaultState } from "../../../simulator/service/fault-state.ts";
import type { FaultSpec } from "../../../simulator/service/service-plan.ts";
import { endpointPlan, fault, quotaSpec, servicePlan } from "./plan.ts";

const state = (faults: readonly FaultSpec[], healthDelayMs = 0) =>
  new FaultState(
    servicePlan({ faults, healthDelayMs, quotas: [quotaSpec(1000), quotaSpec(1000, { region: 1, model: 1 })] }),
    1,
  );

/** Applies all changes that are due by then. */
function advanceTo(faults: FaultState, ms: number): void {
  while (faults.nextMs <= ms) faults.advance();
}

describe("what faults do while they last", () => {
  it("an outage takes its region down, and health checks see it, and its end, late", () => {
    const faults = state([fault("outage", { atMs: 1000, forMs: 5000 })], 300);
    const seen = (ms: number) => {
      advanceTo(faults, ms);
      return [faults.isDown(0), faults.isHealthy(0), faults.isDown(1), faults.isHealthy(1)];
    };
    assert.deepEqual(seen(999), [false, true, false, true]);
    assert.deepEqual(seen(1000), [true, true, false, true]);
    assert.deepEqual(seen(1300), [true, false, false, true]);
    assert.deepEqual(seen(6000), [false, false, false, true]);
    assert.deepEqual(seen(6300), [false, true, false, true]);
    assert.equal(faults.nextMs, Number.POSITIVE_INFINITY);
    assert.equal(faults.healthVersion, 2);
  });

  it("two outages of one region at once do not make it look healthy", () => {
    const faults = state([
      fault("outage", { atMs: 0, forMs: 1000 }),
      fault("outage", { region: -1, atMs: 500, forMs: 1000 }),
    ]);
    advanceTo(faults, 700);
    assert.deepEqual([faults.isDown(0), faults.isHealthy(0), faults.isHealthy(1)], [true, false, false]);
    advanceTo(faults, 1200);
    assert.deepEqual([faults.isDown(0), faults.isHealthy(0)], [true, false]);
    advanceTo(faults, 1500);
    assert.deepEqual([faults.isDown(0), faults.isHealthy(0), faults.isHealthy(2)], [false, true, true]);
  });

  it("overlapping wrong-health faults invert the truth once", () => {
    const wrong = fault("wrong-health", { region: -1, atMs: 0, forMs: 100 });
    const faults = state([fault("outage", { atMs: 0, forMs: 100 }), wrong, wrong]);
    advanceTo(faults, 50);
    assert.deepEqual([faults.isHealthy(0), faults.isHealthy(1)], [true, false]);
    assert.deepEqual([faults.isDown(0), faults.isDown(1)], [true, false]);
  });

  it("surges, losses and errors add up over overlapping faults; losses stay below one", () => {
    const faults = state([
      fault("latency-surge", { amount: 80, atMs: 0, forMs: 100 }),
      fault("latency-surge", { region: -1, amount: 20, atMs: 0, forMs: 50 }),
      fault("packet-loss", { amount: 0.7, atMs: 0, forMs: 100 }),
      fault("packet-loss", { amount: 0.7, atMs: 0, forMs: 100 }),
      fault("errors", { region: 1, amount: 0.25, atMs: 0, forMs: 100 }),
    ]);
    advanceTo(faults, 10);
    assert.deepEqual([faults.latencySurgeMs(0), faults.latencySurgeMs(1)], [100, 20]);
    assert.deepEqual([faults.packetLossShare(0), faults.packetLossShare(1)], [0.99, 0]);
    assert.deepEqual([faults.errorShare(0), faults.errorShare(1)], [0, 0.25]);
    advanceTo(faults, 60);
    assert.equal(faults.latencySurgeMs(0), 80);
    advanceTo(faults, 100);
    assert.deepEqual([faults.latencySurgeMs(0), faults.packetLossShare(0), faults.errorShare(1)], [0, 0, 0]);
  });

  it("shares of capacity and quota multiply, by region and model", () => {
    const plan = servicePlan({
      endpoints: [endpointPlan(0), endpointPlan(0, { model: 1 }), endpointPlan(1)],
      quotas: [quotaSpec(1), quotaSpec(1, { model: 1 })],
      faults: [
        fault("brownout", { amount: 0.5, atMs: 0, forMs: 100 }),
        fault("brownout", { region: -1, model: 0, amount: 0.4, atMs: 0, forMs: 100 }),
        fault("quota-cut", { model: 1, amount: 0.1, atMs: 0, forMs: 100 }),
      ],
    });
    const faults = new FaultState(plan, 1);
    advanceTo(faults, 0);
    assert.deepEqual(
      [0, 1, 2].map((e) => faults.capacityFactor(e)),
      [0.2, 0.5, 0.4],
    );
    assert.deepEqual(
      [0, 1].map((q) => faults.quotaFactor(q)),
      [1, 0.1],
    );
    advanceTo(faults, 100);
    assert.deepEqual(
      [0, 1, 2].map((e) => faults.capacityFactor(e)),
      [1, 1, 1],
    );
  });

  it("names the fault whose physics changed, and none for a change of signals", () => {
    const outage = fault("outage", { atMs: 10, forMs: 10 });
    const faults = state([outage, fault("wrong-health", { atMs: 15, forMs: 100 })], 3);
    assert.equal(faults.advance(), outage);
    assert.equal(faults.nextMs, 13);
    assert.equal(faults.advance(), null);
    assert.equal(faults.advance(), null);
    assert.equal(faults.advance(), outage);
  });
});

describe("random faults of a run that ends by its number of requests", () => {
  const specs = [
    fault("outage", { mtbfMs: 1000, mttrMs: 500 }),
    fault("outage", { region: 1, mtbfMs: 40_000, mttrMs: 10_000 }),
  ];
  const endlessly = () => new FaultState(servicePlan({ faults: specs, durationMs: Number.POSITIVE_INFINITY }), 1);
  const farMs = 60_000_000;

  it("go on without end: a region is down for its share of the time", () => {
    const faults = endlessly();
    const downMs = [0, 0];
    for (let lastMs = 0; faults.nextMs <= farMs; ) {
      const nowMs = faults.nextMs;
      assert.ok(nowMs >= lastMs, "time does not go back");
      for (const region of [0, 1]) if (faults.isDown(region)) downMs[region]! += nowMs - lastMs;
      lastMs = nowMs;
      faults.advance();
    }
    assert.ok(Math.abs(downMs[0]! / farMs - 1 / 3) < 0.01, `${downMs[0]}`);
    assert.ok(Math.abs(downMs[1]! / farMs - 1 / 5) < 0.02, `${downMs[1]}`);
  });

  it("are those of a run that ends there by its duration", () => {
    const [endless, ended] = [endlessly(), new FaultState(servicePlan({ faults: specs, durationMs: farMs }), 1)];
    while (ended.nextMs < farMs) {
      assert.equal(endless.nextMs, ended.nextMs);
      assert.equal(endless.advance(), ended.advance());
      assert.equal(endless.isHealthy(0), ended.isHealthy(0));
    }
  });
});
