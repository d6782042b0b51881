import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Fitted } from "../../../../simulator/service/capacity/fitted.ts";
import type { FittedSpec } from "../../../../simulator/service/capacity/fitted-work.ts";
import type { CapacitySpec } from "../../../../simulator/service/capacity/index.ts";
import { addAttempt, newAttempts } from "../attempts.ts";
import { batchingSpec, type Call, contextOf, drive, latencyOf, poissonCalls, slotsSpec } from "./driver.ts";

const fitted = (over: Partial<FittedSpec>): FittedSpec => ({
  kind: "fitted",
  servers: Number.POSITIVE_INFINITY,
  promptBaseMs: 0,
  promptPerTokenMs: 0,
  prompts: "own",
  promptSlowdown: 0,
  perOutputTokenMs: 0,
  promptNoise: null,
  outputNoise: null,
  sharedNoise: false,
  isWhole: false,
  load: [],
  counts: "all",
  applies: "continuously",
  waitingRoom: Number.POSITIVE_INFINITY,
  patience: null,
  queueDelayMsMax: Number.POSITIVE_INFINITY,
  background: null,
  ...over,
});

const near = (actual: number, expected: number, what: string) =>
  assert.ok(
    Math.abs(actual - expected) <= 1e-6 * Math.max(1, Math.abs(expected)),
    `${what} ${actual}, not ${expected}`,
  );

/** First tokens and ends of both models agree call by call. */
function assertSame(one: CapacitySpec, other: CapacitySpec, calls: readonly Call[]): void {
  const others = drive(other, calls);
  drive(one, calls).forEach((fate, i) => {
    near(fate.firstTokenMs, others[i]!.firstTokenMs, `first token of ${i}`);
    near(fate.endedMs, others[i]!.endedMs, `end of ${i}`);
  });
}

const busy = (perMs: number, count = 400) =>
  poissonCalls(4, count, perMs, (u) => ({ input: Math.round(u() * 900), output: 1 + Math.round(u() * 200) }));

describe("a fitted station is the models that it stands for", () => {
  it("with a flat curve: c servers and a line", () => {
    const parts = { perInputTokenMs: 0.2, perOutputTokenMs: 9 };
    const slots = slotsSpec({ servers: 4, service: { kind: "constant", value: 80 }, ...parts });
    const same = fitted({ servers: 4, promptBaseMs: 89, promptPerTokenMs: 0.2, perOutputTokenMs: 9 });
    assertSame(same, slots, busy(0.0035));
  });

  it("with a straight curve: continuous batching", () => {
    // The first token of the batch is a step of its own, which a prompt part of one step at the curve's pace is here.
    const batching = batchingSpec({ stepBaseMs: 8, stepPerSequenceMs: 2, batchMax: 12 });
    const points = [
      [1, 1],
      [2, 1.2],
    ] as const;
    const same = fitted({ servers: 12, promptBaseMs: 10, prompts: "shared", perOutputTokenMs: 10, load: points });
    assertSame(same, batching, busy(0.004));
  });

  it("with a curve that rises from the origin: processor sharing with a cap", () => {
    const sharing = slotsSpec({
      servers: 3,
      service: { kind: "constant", value: 0 },
      perOutputTokenMs: 5,
      discipline: "processor-sharing",
    });
    const load = [
      [3, 1],
      [6, 2],
    ] as const;
    const same = fitted({ isWhole: true, prompts: "shared", promptBaseMs: 5, perOutputTokenMs: 5, load });
    const calls = busy(0.004);
    const others = drive(sharing, calls);
    for (const [i, fate] of drive(same, calls).entries()) near(fate.endedMs, others[i]!.endedMs, `end of ${i}`);
  });

  it("with prompts in line: one server after the other (Lindley's recursion)", () => {
    const calls = busy(0.004, 200);
    let freeMs = 0;
    drive(fitted({ prompts: "in-line", promptBaseMs: 20, promptPerTokenMs: 0.3 }), calls).forEach((fate, i) => {
      freeMs = Math.max(freeMs, calls[i]!.atMs) + 20 + 0.3 * calls[i]!.input!;
      near(fate.firstTokenMs, freeMs, `first token of ${i}`);
    });
  });
});

describe("a fitted station by hand", () => {
  const two: readonly Call[] = [
    { atMs: 0, input: 100, output: 11 },
    { atMs: 50, input: 100, output: 1 },
  ];

  it("in-line holds up the next prompt and no output", () => {
    const [first, second] = drive(fitted({ prompts: "in-line", promptPerTokenMs: 1, perOutputTokenMs: 10 }), two);
    assert.deepEqual([first!.firstTokenMs, first!.endedMs], [100, 200]);
    assert.deepEqual([second!.firstTokenMs, second!.endedMs], [200, 200]);
  });

  it("serial slows all calls by the factor while it reads", () => {
    const spec = fitted({ prompts: "serial", promptPerTokenMs: 1, promptSlowdown: 1, perOutputTokenMs: 10 });
    const [first, second] = drive(spec, two);
    // Reading goes at half the pace: 100 ms of work in 200; then the second is read while the first writes at half.
    assert.deepEqual([first!.firstTokenMs, second!.firstTokenMs, first!.endedMs], [200, 400, 400]);
  });

  it("in steps, the base of one prompt passes while another is read", () => {
    const spec = fitted({ prompts: "in-steps", promptBaseMs: 60, promptPerTokenMs: 1, perOutputTokenMs: 10 });
    const [first, second] = drive(spec, two);
    assert.equal(first!.firstTokenMs, 160);
    // Its base is over at 110, the other prompt is read at 160.
    assert.equal(second!.firstTokenMs, 260);
  });

  it("at-start settles the slowdown by who is there, itself among them", () => {
    const points = [
      [1, 1],
      [2, 3],
    ] as const;
    const spec = fitted({ applies: "at-start", promptBaseMs: 10, perOutputTokenMs: 10, load: points });
    const [first, second] = drive(spec, [
      { atMs: 0, output: 11 },
      { atMs: 50, output: 11 },
    ]);
    assert.equal(first!.endedMs, 110);
    assert.equal(second!.endedMs, 50 + 10 + 3 * 100);
  });

  it("a whole answer has its first token at the end", () => {
    const [fate] = drive(fitted({ isWhole: true, promptBaseMs: 5, perOutputTokenMs: 10 }), [{ atMs: 0, output: 11 }]);
    assert.deepEqual([fate!.firstTokenMs, fate!.endedMs], [105, 105]);
  });

  it("noise has mean 1, drawn apart for both parts or as one", () => {
    const noise = { kind: "uniform", min: 0.5, max: 1.5 } as const;
    const calls = Array.from({ length: 4000 }, (_, i) => ({ atMs: i * 1000, output: 11 }));
    for (const sharedNoise of [false, true]) {
      const spec = fitted({
        promptBaseMs: 100,
        perOutputTokenMs: 10,
        promptNoise: noise,
        outputNoise: noise,
        sharedNoise,
      });
      const fates = drive(spec, calls);
      const mean = fates.reduce((sum, fate) => sum + latencyOf(fate), 0) / fates.length;
      assert.ok(Math.abs(mean - 200) < 3, `${mean}`);
      const differ = fates.filter(({ call, firstTokenMs, endedMs }) => {
        return Math.abs(firstTokenMs - call.atMs - (endedMs - firstTokenMs)) > 1e-6;
      });
      assert.equal(differ.length > 0, !sharedNoise);
    }
  });

  it("a brownout halves the pace, an outage evicts all calls, and none is lost", () => {
    const table = newAttempts();
    const station = new Fitted(fitted({ prompts: "shared", promptBaseMs: 100, servers: 2 }), contextOf(), table);
    const slots = [0, 1, 2].map((requestId) => addAttempt(table, { requestId, inputTokens: 1, outputTokens: 1 }));
    for (const slot of slots) station.offer(0, slot);
    assert.deepEqual([station.inService, station.waiting, station.hasRoom()], [2, 1, false]);
    station.setCapacityFactor(50, 0.5);
    assert.equal(station.nextMs, 150);
    assert.deepEqual([...station.evict(60)].sort(), [...slots].sort());
    assert.deepEqual([station.inService, station.waiting, station.nextMs], [0, 0, Number.POSITIVE_INFINITY]);
  });

  it("a full waiting room refuses, and the impatient leave", () => {
    const spec = fitted({ servers: 1, promptBaseMs: 100, waitingRoom: 1, patience: { kind: "constant", value: 30 } });
    const outcomes = drive(spec, [{ atMs: 0 }, { atMs: 1 }, { atMs: 2 }]).map(({ outcome }) => outcome);
    assert.deepEqual(outcomes, ["finished", "abandoned", "refused"]);
  });
});

describe("a fitted station loses no call", () => {
  it("whatever it is made of", () => {
    fc.assert(
      fc.property(
        fc.record({
          prompts: fc.constantFrom("own", "shared", "in-line", "serial", "in-steps"),
          counts: fc.constantFrom("all", "decoding"),
          applies: fc.constantFrom("continuously", "at-start"),
          servers: fc.constantFrom(1, 3, Number.POSITIVE_INFINITY),
          promptBaseMs: fc.constantFrom(0, 40),
          promptPerTokenMs: fc.constantFrom(0, 0.1),
          promptSlowdown: fc.constantFrom(0, 2),
          perOutputTokenMs: fc.constantFrom(0, 3),
          isWhole: fc.boolean(),
        }),
        (over) => {
          const load = [
            [1, 1],
            [5, 2],
          ] as const;
          for (const fate of drive(fitted({ ...over, load }), busy(0.01, 60))) {
            assert.equal(fate.outcome, "finished");
            assert.ok(fate.call.atMs <= fate.startedMs + 1e-9 && fate.startedMs <= fate.firstTokenMs + 1e-9);
            assert.ok(fate.firstTokenMs <= fate.endedMs + 1e-9);
          }
        },
      ),
      { numRuns: 150, seed: 8 },
    );
  });
});
