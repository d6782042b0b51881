import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CapacitySpec } from "../../../simulator/service/capacity/index.ts";
import { VirtualClock } from "../../../simulator/service/capacity/station.ts";
import type { CachedPrefix } from "../../../simulator/service/prompt-cache.ts";
import { Service, type ServiceListener } from "../../../simulator/service/service.ts";
import { type AttemptRow, addAttempt, newAttempts, readAttempt } from "./attempts.ts";
import { batchingSpec, slotsSpec } from "./capacity/driver.ts";
import { endpointPlan, routePlan, servicePlan } from "./plan.ts";

/** What a driver that paces streams asks of the service beyond what the simulator does. */
function serviceOf(capacity: CapacitySpec, listener: Partial<ServiceListener> = {}) {
  const attempts = newAttempts();
  const plan = servicePlan({
    endpoints: [endpointPlan(0, { capacity, cacheTtlMs: 60_000, cacheMinimumTokens: 1000 })],
    routes: [routePlan([0])],
  });
  const service = new Service(plan, 1, attempts, { onOutcome() {}, ...listener });
  return {
    service,
    attempts,
    send(atMs: number, row: AttemptRow = {}) {
      while (service.nextMs <= atMs) service.advance();
      const slot = addAttempt(attempts, row);
      service.receive(atMs, slot);
      return slot;
    },
    advanceTo(ms: number) {
      while (service.nextMs <= ms) service.advance();
    },
  };
}

describe("pacing", () => {
  it("virtual time can be read ahead without moving it", () => {
    const clock = new VirtualClock();
    clock.setUnitMs(20);
    clock.synchronise(100, true);
    assert.deepEqual([clock.unitsAt(100), clock.unitsAt(140), clock.unitsAt(90)], [5, 7, 5]);
    assert.deepEqual([clock.units, clock.unitMs], [5, 20]);
    clock.setUnitMs(Number.POSITIVE_INFINITY);
    assert.equal(clock.unitsAt(1e6), 5);
  });

  it("a batch states how many steps it has done, and how long one takes now", () => {
    const { service, send, advanceTo } = serviceOf(batchingSpec({ stepBaseMs: 8, stepPerSequenceMs: 2 }));
    const slot = send(0, { outputTokens: 100 });
    const capacity = service.capacityOf(slot);
    assert.equal(capacity.stepMs, 10);
    assert.equal(capacity.stepsAt?.(250), 25);
    send(300, { outputTokens: 100 });
    assert.equal(capacity.stepMs, 12);
    assert.equal(capacity.stepsAt?.(420), 30 + 10);
    advanceTo(30 * 10 + 70 * 12);
    assert.equal(capacity.stepMs, 10, "the first has left");
  });

  it("where tokens are fixed when service begins, their first and last instant are announced then", () => {
    const started: (readonly number[])[] = [];
    const onStart: ServiceListener["onStart"] = (attempt, firstMs, endMs) => started.push([attempt, firstMs, endMs]);
    const spec = slotsSpec({ service: { kind: "constant", value: 100 }, perOutputTokenMs: 10 });
    const slots = serviceOf(spec, { onStart });
    const first = slots.send(0, { outputTokens: 10 });
    const second = slots.send(50, { outputTokens: 1 });
    assert.deepEqual(started, [[first, 110, 200]], "the second waits");
    slots.advanceTo(200);
    assert.deepEqual(started[1], [second, 310, 310]);

    const cell = {
      hourFrom: 0,
      hourTo: 24,
      inputTokensMax: Number.POSITIVE_INFINITY,
      outputTokensMax: Number.POSITIVE_INFINITY,
      ttftMs: { kind: "constant", value: 500 },
      tpotMs: { kind: "constant", value: 20 },
    } as const;
    started.length = 0;
    const third = serviceOf({ kind: "empirical", cells: [cell], load: [] }, { onStart }).send(1000, {
      outputTokens: 6,
    });
    assert.deepEqual(started, [[third, 1500, 1600]]);
  });

  it("a prompt cached at several lengths reads the longest cached and writes the rest", () => {
    let next: readonly CachedPrefix[] = [];
    const spec = slotsSpec({ servers: 10, service: { kind: "constant", value: 1 } });
    const { send, attempts } = serviceOf(spec, { prefixes: () => next });
    const use = (atMs: number, ...prefixes: CachedPrefix[]) => {
      next = prefixes;
      const slot = send(atMs, { inputTokens: 9000, prefixTokens: prefixes.at(-1)!.tokens, prefixId: 0 });
      return [readAttempt(attempts, slot, "cacheReadTokens"), readAttempt(attempts, slot, "cacheWriteTokens")];
    };
    const [short, a, b] = [
      { id: 1, tokens: 999 },
      { id: 2, tokens: 2000 },
      { id: 3, tokens: 5000 },
    ];
    assert.deepEqual(use(0, short, a), [0, 2000]);
    assert.deepEqual(use(10, short, a, b), [2000, 3000]);
    assert.deepEqual(use(20, a, b), [5000, 0]);
    assert.deepEqual(use(30, short), [0, 0], "below the least length");
    assert.deepEqual(use(61_000, a), [0, 2000], "its time is over");
  });
});
