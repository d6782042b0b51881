import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { LawSpec } from "../../../../simulator/random/laws/index.ts";
import { Slots, type SlotsSpec } from "../../../../simulator/service/capacity/slots.ts";
import { budget } from "../../../budget.ts";
import { addAttempt, newAttempts } from "../attempts.ts";
import {
  assertReplicated,
  contextOf,
  drive,
  type Fate,
  latencyOf,
  meanOf,
  poissonCalls,
  shareOf,
  slotsSpec,
  waitOf,
} from "./driver.ts";

/** Enough for the standard errors that each test asks for. */
const CALLS = budget(14_000, 8_000);
const EXPONENTIAL: LawSpec = { kind: "exponential", mean: 1000 };

/** Calls at a rate per second through slots; what is said of them. */
const run = (seed: number, ratePerS: number, over: Partial<SlotsSpec>) =>
  drive(slotsSpec(over), poissonCalls(seed, CALLS, ratePerS / 1000), { seed });

/** Runs by seed, each made once for all that is asked of it. */
function once(make: (seed: number) => readonly Fate[]): (seed: number) => readonly Fate[] {
  const made = new Map<number, readonly Fate[]>();
  return (seed) => {
    const fates = made.get(seed) ?? make(seed);
    made.set(seed, fates);
    return fates;
  };
}

/** Erlang's loss formula by its recursion. */
function erlangB(servers: number, erlangs: number): number {
  let blocking = 1;
  for (let k = 1; k <= servers; k++) blocking = (erlangs * blocking) / (k + erlangs * blocking);
  return blocking;
}

/** Stationary law of a birth-death chain with the given rates, states 0..n. */
function birthDeath(states: number, birth: (k: number) => number, death: (k: number) => number): number[] {
  const weights = [1];
  for (let k = 1; k < states; k++) weights.push((weights[k - 1]! * birth(k - 1)) / death(k));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

describe("slots against closed forms", () => {
  it("M/M/1: mean latency 1/(mu - lambda)", () => {
    assertReplicated("E[T]", 2500, (seed) => meanOf(run(seed, 0.6, {}), latencyOf));
  });

  it("M/G/1: Pollaczek and Khinchine's mean wait, constant and lognormal service", () => {
    for (const [service, squareS] of [
      [{ kind: "constant", value: 1000 }, 1],
      [{ kind: "lognormal", mean: 1000, cv: 1.5 }, 1 + 1.5 ** 2],
    ] as const) {
      const waitMs = ((0.6 * squareS) / (2 * (1 - 0.6))) * 1000;
      assertReplicated(service.kind, waitMs, (seed) => meanOf(run(seed, 0.6, { service }), waitOf), { errorMax: 0.06 });
    }
  });

  it("M/M/4: Erlang C's share that waits, and its mean wait", () => {
    const [servers, rate] = [4, 3];
    const blocking = erlangB(servers, rate);
    const waits = blocking / (1 - (rate / servers) * (1 - blocking));
    const runs = once((seed) => run(seed, rate, { servers }));
    assertReplicated("share", waits, (seed) => meanOf(runs(seed), (fate) => (waitOf(fate) > 0 ? 1 : 0)));
    assertReplicated("wait", (waits / (servers - rate)) * 1000, (seed) => meanOf(runs(seed), waitOf), {
      errorMax: 0.08,
    });
  });

  it("M/G/10/10: Erlang B, whatever the law of service", () => {
    for (const service of [EXPONENTIAL, { kind: "constant", value: 1000 }, { kind: "lognormal", mean: 1000, cv: 2 }]) {
      assertReplicated(
        service.kind as string,
        erlangB(10, 7),
        (seed) => shareOf(run(seed, 7, { servers: 10, waitingRoom: 0, service: service as LawSpec }), "refused"),
        { errorMax: 0.08 },
      );
    }
  });

  it("M/M/3/10: the share refused", () => {
    const full = birthDeath(
      11,
      () => 4,
      (k) => Math.min(k, 3) * 1.5,
    )[10]!;
    const service: LawSpec = { kind: "exponential", mean: 1000 / 1.5 };
    assertReplicated(
      "refused",
      full,
      (seed) => shareOf(run(seed, 4, { servers: 3, waitingRoom: 7, service }), "refused"),
      { errorMax: 0.08 },
    );
  });

  it("Erlang A: the share that loses patience", () => {
    const [servers, rate, patienceRate] = [5, 5, 0.5];
    const law = birthDeath(
      200,
      () => rate,
      (k) => Math.min(k, servers) + Math.max(0, k - servers) * patienceRate,
    );
    const leaving = law.reduce((sum, p, k) => sum + p * Math.max(0, k - servers) * patienceRate, 0) / rate;
    const patience: LawSpec = { kind: "exponential", mean: 1000 / patienceRate };
    assertReplicated("abandoned", leaving, (seed) => shareOf(run(seed, rate, { servers, patience }), "abandoned"), {
      errorMax: 0.08,
    });
  });

  it("non-preemptive priorities: Cobham's mean waits", () => {
    const [high, low] = [0.3, 0.4];
    const residualS = high + low; // sum of lambda_i E[S^2] / 2 with E[S^2] = 2
    const waits = [residualS / (1 - high), residualS / ((1 - high) * (1 - high - low))];
    const level = (u: () => number) => ({ level: u() < high / (high + low) ? 1 : 2 });
    const runs = once((seed) => {
      const calls = poissonCalls(seed, CALLS, (high + low) / 1000, level);
      return drive(slotsSpec({ discipline: "priority" }), calls, { seed });
    });
    waits.forEach((waitS, i) => {
      const ofLevel = (seed: number) => runs(seed).filter(({ call }) => call.level === i + 1);
      assertReplicated(`level ${i}`, waitS * 1000, (seed) => meanOf(ofLevel(seed), waitOf), { errorMax: 0.06 });
    });
  });

  it("a background by hour takes servers: blocking follows Erlang B of what is left", () => {
    // Of 10 servers others hold 3 (1 + cos(2 pi (h - 15) / 24)): 6 at 15:00, 3 at 09:00, none at 03:00.
    const background = { mean: 3, swing: 1, peakHour: 15, noise: 0, noiseTimeMs: 0, stepMs: 60_000 };
    const spec = { servers: 10, waitingRoom: 0, service: { kind: "exponential", mean: 200 } as LawSpec, background };
    const during = (hour: number, free: number) =>
      assertReplicated(
        `at ${hour}:00`,
        erlangB(free, 6),
        (seed) => {
          // Ten minutes around the hour at most: the occupancy is within 0.05 of its value there.
          const calls = poissonCalls(seed, budget(16_000, 8_000), 0.03);
          return shareOf(
            drive(slotsSpec(spec), calls, { seed, localHourAtStart: hour - budget(1 / 12, 1 / 24) }),
            "refused",
          );
        },
        { errorMax: 0.08 },
      );
    during(15, 4);
    during(9, 7);
    during(3, 10);
  });
});

describe("slots, one call at a time", () => {
  it("token times add to the service time, and set the first token", () => {
    const spec = slotsSpec({
      service: { kind: "constant", value: 100 },
      perInputTokenMs: 0.5,
      perOutputTokenMs: 10,
    });
    const [fate] = drive(spec, [{ atMs: 5, input: 300, cacheRead: 100, output: 21 }]);
    assert.equal(fate!.endedMs, 5 + 100 + 0.5 * 200 + 10 * 21);
    assert.equal(fate!.firstTokenMs, fate!.endedMs - 20 * 10);
  });

  it("serves in order of arrival, whatever the level, unless priorities are asked for", () => {
    const calls = [0, 1, 2, 3].map((atMs) => ({ atMs, level: 3 - atMs }));
    const order = (discipline: "fcfs" | "priority") =>
      drive(slotsSpec({ service: { kind: "constant", value: 100 }, discipline }), calls).map((fate) => fate.startedMs);
    assert.deepEqual(order("fcfs"), [0, 100, 200, 300]);
    assert.deepEqual(order("priority"), [0, 300, 200, 100]);
  });

  it("refuses when the delay to expect is too long", () => {
    const spec = slotsSpec({ service: { kind: "constant", value: 1000 }, queueDelayMsMax: 2500 });
    const fates = drive(
      spec,
      Array.from({ length: 5 }, () => ({ atMs: 0 })),
    );
    assert.deepEqual(
      fates.map((fate) => fate.outcome),
      ["finished", "finished", "finished", "refused", "refused"],
    );
  });

  it("no server idles while a call waits, whatever the arrivals", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(3000), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        (gaps, servers) => {
          let atMs = 0;
          const calls = gaps.map((gap) => ({ atMs: (atMs += gap) }));
          const spec = slotsSpec({ servers });
          const fates = drive(spec, calls, {
            watch: (capacity) => {
              assert.ok(capacity.waiting === 0 || capacity.inService === servers);
              assert.ok(capacity.inService <= servers);
              assert.equal(capacity.hasRoom(), capacity.inService < servers && capacity.waiting === 0);
            },
          });
          // An independent account: each call starts at the first server that gets free.
          const freeMs = new Array<number>(servers).fill(0);
          for (const fate of fates) {
            const server = freeMs.indexOf(Math.min(...freeMs));
            const startMs = Math.max(fate.call.atMs, freeMs[server]!);
            assert.ok(Math.abs(fate.startedMs - startMs) < 1e-6);
            freeMs[server] = startMs + (fate.endedMs - fate.startedMs);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("a brownout lets those in service end and starts fewer; its end starts the rest at once", () => {
    const table = newAttempts();
    const spec = slotsSpec({ servers: 4, service: { kind: "constant", value: 1000 } });
    const capacity = new Slots(spec, contextOf(), table);
    for (let i = 0; i < 8; i++) capacity.offer(0, addAttempt(table));
    assert.deepEqual([capacity.inService, capacity.waiting], [4, 4]);
    capacity.setCapacityFactor(10, 0.5);
    assert.equal(capacity.inService, 4);
    for (let i = 0; i < 4; i++) capacity.advance();
    assert.deepEqual([capacity.inService, capacity.waiting], [2, 2]);
    capacity.setCapacityFactor(1500, 1);
    assert.deepEqual([capacity.inService, capacity.waiting], [4, 0]);
    capacity.setCapacityFactor(1600, 0);
    assert.equal(capacity.hasRoom(), false);
    assert.equal(capacity.expectedQueueDelayMs(), Number.POSITIVE_INFINITY);
  });

  it("unlimited servers with nothing left start no call, and go on afterwards", () => {
    const table = newAttempts();
    const spec = slotsSpec({ servers: Number.POSITIVE_INFINITY, service: { kind: "constant", value: 1000 } });
    const capacity = new Slots(spec, contextOf(), table);
    capacity.setCapacityFactor(0, 0);
    capacity.offer(1, addAttempt(table));
    assert.deepEqual([capacity.inService, capacity.waiting, capacity.nextMs], [0, 1, Number.POSITIVE_INFINITY]);
    capacity.setCapacityFactor(5, 1);
    assert.deepEqual([capacity.inService, capacity.waiting, capacity.nextMs], [1, 0, 1005]);
  });

  it("evicts all calls, those in service first, and starts afresh", () => {
    const table = newAttempts();
    const spec = slotsSpec({
      servers: 2,
      service: { kind: "constant", value: 1000 },
      patience: { kind: "constant", value: 5000 },
    });
    const capacity = new Slots(spec, contextOf(), table);
    const slots = Array.from({ length: 5 }, () => addAttempt(table));
    for (const slot of slots) capacity.offer(0, slot);
    assert.deepEqual(capacity.evict(500), slots);
    assert.deepEqual([capacity.inService, capacity.waiting], [0, 0]);
    assert.equal(capacity.nextMs, Number.POSITIVE_INFINITY);
    capacity.offer(600, slots[0]!);
    assert.equal(capacity.nextMs, 1600);
  });
});
