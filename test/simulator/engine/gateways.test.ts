import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Gateways } from "../../../simulator/engine/gateways.ts";
import { assertReplicated, poissonCalls, slotsSpec } from "../world/capacity/driver.ts";

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
