import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Jitter, LEG } from "../../../simulator/engine/attempt-draws.ts";
import { Gateways, Network } from "../../../simulator/engine/network.ts";
import { FaultState } from "../../../simulator/service/fault-state.ts";
import type { FaultSpec } from "../../../simulator/service/service-plan.ts";
import { assertReplicated, poissonCalls, slotsSpec } from "../service/capacity/driver.ts";
import { fault, servicePlan } from "../service/plan.ts";

const DAY_MS = 86_400_000;
const always = { atMs: 0, forMs: DAY_MS };

function network(jitterCv: number, faults: readonly FaultSpec[] = [], rttMs = [10, 80, 0, 300]) {
  const state = new FaultState(servicePlan({ faults }), 1);
  while (state.nextMs <= 0) state.advance();
  const plan = { rttMs: Float64Array.from(rttMs), jitterCv };
  const legs = new Network(plan, Int32Array.of(0, 1), 2, state, 7);
  const jitter = new Jitter(jitterCv, 7);
  return {
    oneWayMs(origin: number, target: number, leg: 0 | 1, request: number, attempt: number): number {
      const ms = legs.halfOfMs(origin, target) * jitter.factor(leg, request, attempt);
      return legs.delayMs(ms, target, leg, request, attempt);
    },
  };
}

const delays = (one: ReturnType<typeof network>, count: number, leg: 0 | 1 = LEG.there) =>
  Array.from({ length: count }, (_, request) => one.oneWayMs(0, 1, leg, request, 0));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("the way to a region and back", () => {
  it("half a round trip each way, by origin and region", () => {
    const one = network(0);
    assert.deepEqual([one.oneWayMs(0, 0, 0, 1, 0), one.oneWayMs(0, 1, 1, 1, 0)], [5, 40]);
    assert.deepEqual([one.oneWayMs(1, 0, 0, 1, 0), one.oneWayMs(1, 1, 1, 1, 0)], [0, 150]);
  });

  it("jitter has mean 1 and its coefficient of variation; each leg of each attempt draws for itself", () => {
    const one = network(0.3);
    const there = delays(one, 20_000);
    assert.ok(Math.abs(mean(there) - 40) < (4 * 40 * 0.3) / Math.sqrt(20_000), `mean ${mean(there)}`);
    const deviation = Math.sqrt(mean(there.map((ms) => (ms - 40) ** 2)));
    assert.ok(Math.abs(deviation / 12 - 1) < 0.04, `deviation ${deviation}`);
    assert.deepEqual(delays(one, 50), there.slice(0, 50));
    const back = delays(one, 20_000, LEG.back);
    const correlation = mean(there.map((ms, i) => (ms - 40) * (back[i]! - 40))) / 12 ** 2;
    assert.ok(Math.abs(correlation) < 0.04, `correlation ${correlation}`);
    assert.notEqual(one.oneWayMs(0, 1, 0, 3, 0), one.oneWayMs(0, 1, 0, 3, 1));
  });

  it("a surge adds half of itself to each way, also where there is no round trip", () => {
    const one = network(0, [fault("latency-surge", { region: -1, amount: 90, ...always })]);
    assert.equal(one.oneWayMs(0, 0, 0, 1, 0), 5 + 45);
    assert.equal(one.oneWayMs(1, 0, 1, 1, 0), 45);
  });

  it("lost messages come 200, 600, 1400 ms later, as often as geometric losses in a row say", () => {
    const one = network(0, [fault("packet-loss", { region: 1, amount: 0.3, ...always })]);
    const extra = delays(one, 20_000).map((ms) => Math.round(ms - 40));
    const share = (ms: number) => extra.filter((each) => each === ms).length / extra.length;
    [0, 200, 600, 1400].forEach((ms, losses) => {
      const expected = 0.3 ** losses * 0.7;
      assert.ok(Math.abs(share(ms) - expected) < 4 * Math.sqrt((expected * (1 - expected)) / 20_000), `${ms} ms`);
    });
    assert.equal(one.oneWayMs(0, 0, 0, 1, 0), 5, "only in the region that loses");
    assert.ok(Math.max(...extra) <= 200 * (2 ** 6 - 1));
  });
});

/** Instants at which requests have passed, in their order of arrival. */
function pass(gateways: Gateways, arrivals: readonly number[]): number[] {
  const passedMs: number[] = [];
  const advanceTo = (ms: number) => {
    while (gateways.nextMs <= ms) {
      const nowMs = gateways.nextMs;
      const request = gateways.advance();
      if (request >= 0) passedMs[request] = nowMs;
    }
  };
  arrivals.forEach((ms, i) => {
    advanceTo(ms);
    gateways.enter(ms, i, i);
  });
  advanceTo(1e12);
  return passedMs;
}

const constant = (value: number, servers = 1) => slotsSpec({ servers, service: { kind: "constant", value } });

describe("stations in front of the router", () => {
  it("are passed in order, each with its queue", () => {
    const passed = pass(new Gateways([constant(100), constant(300, 2)], 1), [0, 0, 0]);
    assert.deepEqual(passed, [400, 500, 700]);
  });

  it("M/M/1 then M/M/2: Jackson's mean time, the sum of both", () => {
    const stations = [
      slotsSpec({ service: { kind: "exponential", mean: 1000 / 3 } }),
      slotsSpec({ servers: 2, service: { kind: "exponential", mean: 800 } }),
    ];
    // 1 / (3 - 2) + 0.8 / (1 - 0.8^2) = 3.2222 s, at 2 calls a second.
    assertReplicated(
      "E[T]",
      3222.2222,
      (seed) => {
        const arrivals = poissonCalls(seed, 12_000, 0.002).map((call) => call.atMs);
        const passed = pass(new Gateways(stations, seed), arrivals);
        const times = passed.map((ms, i) => ms - arrivals[i]!).slice(1200);
        return times.reduce((sum, ms) => sum + ms, 0) / times.length;
      },
      { errorMax: 0.05 },
    );
  });

  it("hold many at once", () => {
    const passed = pass(new Gateways([constant(1, Number.POSITIVE_INFINITY)], 1), new Array<number>(5000).fill(7));
    assert.equal(passed.length, 5000);
    assert.ok(passed.every((ms) => ms === 8));
  });
});
