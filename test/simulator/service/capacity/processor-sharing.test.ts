import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LawSpec } from "../../../../simulator/random/laws/index.ts";
import { ProcessorSharing } from "../../../../simulator/service/capacity/processor-sharing.ts";
import { addAttempt, newAttempts } from "../attempts.ts";
import { assertReplicated, contextOf, drive, latencyOf, meanOf, poissonCalls, shareOf, slotsSpec } from "./driver.ts";

const sharing = (over: Parameters<typeof slotsSpec>[0] = {}) =>
  slotsSpec({ discipline: "processor-sharing", service: { kind: "constant", value: 1000 }, ...over });

describe("processor sharing", () => {
  it("M/G/1-PS: mean latency E[S] / (1 - rho), whatever the law of service", () => {
    for (const service of [
      { kind: "constant", value: 1000 },
      { kind: "lognormal", mean: 1000, cv: 1 },
    ] as const satisfies readonly LawSpec[]) {
      assertReplicated(
        service.kind,
        2500,
        (seed) => meanOf(drive(sharing({ service }), poissonCalls(seed, 12_000, 0.0006), { seed }), latencyOf),
        { errorMax: 0.04 },
      );
    }
  });

  it("M/M/3-PS: the mean latency of M/M/3, by Little's law on the same birth-death chain", () => {
    const [servers, rate] = [3, 2.1];
    let weight = 1;
    let total = 1;
    let inSystem = 0;
    for (let k = 1; k < 400; k++) {
      weight *= rate / Math.min(k, servers);
      total += weight;
      inSystem += k * weight;
    }
    const latencyMs = (inSystem / total / rate) * 1000;
    const spec = sharing({ servers, service: { kind: "exponential", mean: 1000 } });
    assertReplicated(
      "E[T]",
      latencyMs,
      (seed) => meanOf(drive(spec, poissonCalls(seed, 12_000, rate / 1000), { seed }), latencyOf),
      { errorMax: 0.04 },
    );
  });

  it("a limit on those inside: M/M/1/K-PS refuses rho^K (1 - rho) / (1 - rho^(K+1))", () => {
    const [rho, k] = [0.8, 5];
    const spec = sharing({ waitingRoom: k - 1, service: { kind: "exponential", mean: 1000 } });
    assertReplicated(
      "refused",
      (rho ** k * (1 - rho)) / (1 - rho ** (k + 1)),
      (seed) => shareOf(drive(spec, poissonCalls(seed, 12_000, rho / 1000), { seed }), "refused"),
      { errorMax: 0.05 },
    );
  });

  it("two calls of 1 s, 400 ms apart, on one server: ends at 1600 and 2000", () => {
    const ends = drive(sharing(), [{ atMs: 0 }, { atMs: 400 }]).map((fate) => fate.endedMs);
    assert.deepEqual(ends.map(Math.round), [1600, 2000]);
  });

  it("a brownout slows all calls; with nothing left none progresses, and eviction empties it", () => {
    const table = newAttempts();
    const capacity = new ProcessorSharing(sharing({ servers: 2 }), contextOf(), table);
    capacity.offer(0, addAttempt(table));
    assert.equal(capacity.nextMs, 1000);
    capacity.setCapacityFactor(500, 0.25);
    assert.equal(capacity.nextMs, 500 + 500 * 2);
    capacity.setCapacityFactor(700, 0);
    assert.equal(capacity.nextMs, Number.POSITIVE_INFINITY);
    assert.equal(capacity.hasRoom(), false);
    assert.equal(capacity.evict(800).length, 1);
    assert.equal(capacity.inService, 0);
    capacity.setCapacityFactor(900, 1);
    capacity.offer(1000, addAttempt(table));
    assert.equal(capacity.nextMs, 2000);
  });

  it("unlimited servers, none of which is left, lose no time to arithmetic", () => {
    const table = newAttempts();
    const capacity = new ProcessorSharing(sharing({ servers: Number.POSITIVE_INFINITY }), contextOf(), table);
    capacity.offer(0, addAttempt(table));
    capacity.setCapacityFactor(100, 0);
    assert.equal(capacity.nextMs, Number.POSITIVE_INFINITY);
    capacity.setCapacityFactor(300, 1);
    assert.equal(capacity.nextMs, 1200);
  });

  it("token times are work too", () => {
    const spec = sharing({ perInputTokenMs: 1, perOutputTokenMs: 2, service: { kind: "constant", value: 0 } });
    const [fate] = drive(spec, [{ atMs: 0, input: 100, cacheRead: 40, output: 10 }]);
    assert.equal(latencyOf(fate!), 60 + 20);
  });
});
