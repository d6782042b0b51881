import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createLaw, type LawSpec } from "../../../../simulator/random/laws/index.ts";
import { Batching, type BatchingSpec } from "../../../../simulator/service/capacity/batching.ts";
import { addAttempt, newAttempts } from "../attempts.ts";
import {
  assertReplicated,
  batchingSpec,
  type Call,
  contextOf,
  drive,
  latencyOf,
  meanOf,
  poissonCalls,
} from "./driver.ts";

const near = (actual: number, expected: number, what = "", tolerance = 1e-6) =>
  assert.ok(
    Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)),
    `${what} ${actual}, not ${expected}`,
  );

describe("batching against closed forms", () => {
  const outputs = (law: LawSpec) => {
    const { quantile } = createLaw(law);
    return (u: () => number) => ({ output: Math.max(1, Math.round(quantile(Math.max(1e-9, u())))) });
  };

  it("alpha = 0 is processor sharing: mean latency beta E[w] / (1 - rho), whatever the law of w", () => {
    for (const law of [
      { kind: "constant", value: 100 },
      { kind: "uniform", min: 1, max: 199 },
    ] as const) {
      const work = 2 * 100; // beta E[w], ms
      assertReplicated(
        law.kind,
        work / (1 - 0.6),
        (seed) => {
          const calls = poissonCalls(seed, 8_000, 0.6 / work, outputs(law));
          return meanOf(drive(batchingSpec({ stepBaseMs: 0, stepPerSequenceMs: 2 }), calls, { seed }), latencyOf);
        },
        { errorMax: 0.03 },
      );
    }
  });

  it("beta = 0 is M/G/infinity: every call takes alpha w, however many there are", () => {
    const calls = poissonCalls(5, 500, 0.05, outputs({ kind: "exponential", mean: 80 }));
    for (const fate of drive(batchingSpec({ stepBaseMs: 15, stepPerSequenceMs: 0 }), calls)) {
      near(latencyOf(fate), 15 * fate.call.output!, "latency");
      near(fate.firstTokenMs - fate.call.atMs, 15, "first token");
    }
  });

  it("a single sequence: prefill delay, prefill work, first token, steps", () => {
    const spec = batchingSpec({ prefillBaseMs: 50, prefillPerTokenMs: 0.2, prefillWorkPerToken: 0.01 });
    const step = 20 + 1; // alpha + beta x 1
    const [fate] = drive(spec, [{ atMs: 7, input: 1500, cacheRead: 500, output: 200 }]);
    near(fate!.startedMs, 7, "start");
    near(fate!.firstTokenMs - 7, 50 + 0.2 * 1000 + (0.01 * 1000 + 1) * step, "TTFT");
    near(fate!.endedMs - fate!.firstTokenMs, 199 * step, "the rest");
  });

  it("others' sequences slow every step; a brownout divides the speed", () => {
    const background = { mean: 9, swing: 0, peakHour: 0, noise: 0, noiseTimeMs: 0, stepMs: 1e9 };
    const [fate] = drive(batchingSpec({ background }), [{ atMs: 0, output: 10 }]);
    near(latencyOf(fate!), 10 * (20 + 10), "with 9 others");
    const table = newAttempts();
    const capacity = new Batching(batchingSpec(), contextOf(), table);
    capacity.offer(0, addAttempt(table, { outputTokens: 10 }));
    capacity.advance();
    near(capacity.nextMs, 210);
    capacity.setCapacityFactor(105, 0.25); // five of ten steps done
    near(capacity.nextMs, 105 + 5 * 21 * 4);
    capacity.setCapacityFactor(189, 0); // one more step done
    assert.equal(capacity.nextMs, Number.POSITIVE_INFINITY);
    capacity.setCapacityFactor(1000, 1);
    near(capacity.nextMs, 1000 + 4 * 21);
  });

  it("noise multiplies work and prefill delay alike", () => {
    const spec = batchingSpec({ prefillBaseMs: 100, noise: { kind: "uniform", min: 0.5, max: 1.5 } });
    const calls = Array.from({ length: 50 }, (_, i) => ({ atMs: i * 1e6, output: 10 }));
    const factors = drive(spec, calls).map((fate) => latencyOf(fate) / (100 + 210));
    assert.ok(factors.every((factor) => factor > 0.5 && factor < 1.5));
    near(factors.reduce((sum, factor) => sum + factor, 0) / 50, 1, "mean", 0.15);
    assert.ok(new Set(factors).size === 50);
  });
});

interface Sequence {
  readonly index: number;
  readonly call: Call;
  joinMs: number;
  left: number;
  untilFirst: number;
}

/**
 * The same batch by its definition, without virtual time: between two instants at which anything changes, every
 * decoding sequence gains (elapsed / step) tokens. The queue is strictly first come, first served.
 */
function naive(
  spec: BatchingSpec,
  calls: readonly Call[],
): { firstTokenMs: number; endedMs: number; refused: boolean }[] {
  const fates = calls.map(() => ({ firstTokenMs: NaN, endedMs: NaN, refused: false }));
  const waiting: number[] = [];
  let batch: Sequence[] = [];
  let nowMs = 0;
  let next = 0;
  const need = (index: number) => calls[index]!.input! + calls[index]!.output!;
  const admit = () => {
    while (waiting.length > 0) {
      const index = waiting[0]!;
      const used = batch.reduce((sum, { index: each }) => sum + need(each), 0);
      if (batch.length >= spec.batchMax || used + need(index) > spec.kvTokensMax) return;
      waiting.shift();
      const call = calls[index]!;
      const untilFirst = spec.prefillWorkPerToken * call.input! + 1;
      batch.push({
        index,
        call,
        joinMs: nowMs + spec.prefillBaseMs + spec.prefillPerTokenMs * call.input!,
        left: untilFirst + call.output! - 1,
        untilFirst,
      });
    }
  };
  for (;;) {
    const decoding = batch.filter((each) => each.joinMs <= nowMs);
    const stepMs = spec.stepBaseMs + spec.stepPerSequenceMs * decoding.length;
    let untilMs = next < calls.length ? calls[next]!.atMs : Number.POSITIVE_INFINITY;
    for (const each of batch) {
      if (each.joinMs > nowMs) untilMs = Math.min(untilMs, each.joinMs);
      else untilMs = Math.min(untilMs, nowMs + (each.untilFirst > 1e-9 ? each.untilFirst : each.left) * stepMs);
    }
    if (untilMs === Number.POSITIVE_INFINITY) return fates;
    for (const each of decoding) {
      each.left -= (untilMs - nowMs) / stepMs;
      each.untilFirst -= (untilMs - nowMs) / stepMs;
    }
    nowMs = untilMs;
    for (const each of decoding) {
      const fate = fates[each.index]!;
      if (each.untilFirst <= 1e-9 && Number.isNaN(fate.firstTokenMs)) fate.firstTokenMs = nowMs;
      if (each.left <= 1e-9) fate.endedMs = nowMs;
    }
    batch = batch.filter((each) => Number.isNaN(fates[each.index]!.endedMs));
    admit();
    if (next < calls.length && calls[next]!.atMs <= nowMs) {
      if (need(next) > spec.kvTokensMax) fates[next]!.refused = true;
      else waiting.push(next);
      next++;
      admit();
    }
  }
}

describe("batching against its own definition", () => {
  it("virtual time is exact: every first token and end, with limits, prefill and queue", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            gapMs: fc.integer({ min: 1, max: 900 }),
            input: fc.integer({ min: 0, max: 400 }),
            output: fc.integer({ min: 1, max: 60 }),
          }),
          { minLength: 1, maxLength: 40 },
        ),
        fc.record({
          stepBaseMs: fc.constantFrom(0, 7, 20),
          stepPerSequenceMs: fc.constantFrom(0.5, 3),
          prefillBaseMs: fc.constantFrom(0, 40),
          prefillPerTokenMs: fc.constantFrom(0, 0.3),
          prefillWorkPerToken: fc.constantFrom(0, 0.02),
          batchMax: fc.constantFrom(1, 3, Number.POSITIVE_INFINITY),
          kvTokensMax: fc.constantFrom(450, 900, Number.POSITIVE_INFINITY),
        }),
        (rows, limits) => {
          let atMs = 0.123;
          const calls = rows.map(({ gapMs, input, output }) => ({ atMs: (atMs += gapMs), input, output }));
          const spec = batchingSpec(limits);
          const expected = naive(spec, calls);
          const fates = drive(spec, calls);
          fates.forEach((fate, i) => {
            assert.equal(fate.outcome === "refused", expected[i]!.refused);
            if (expected[i]!.refused) return;
            near(fate.firstTokenMs, expected[i]!.firstTokenMs, `first token of ${i}:`, 1e-7);
            near(fate.endedMs, expected[i]!.endedMs, `end of ${i}:`, 1e-7);
          });
          for (const { startedMs } of fates) {
            const inside = fates.filter((each) => each.startedMs <= startedMs && each.endedMs > startedMs);
            const kv = inside.reduce((sum, { call }) => sum + call.input! + call.output!, 0);
            assert.ok(inside.length <= spec.batchMax && kv <= spec.kvTokensMax);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("the queue in front of a batch", () => {
  const small = { atMs: 0, input: 10, output: 10 };
  const large = { atMs: 1, input: 900, output: 50 };

  it("refuses at once what could never fit, and what finds the waiting room full", () => {
    const spec = batchingSpec({ kvTokensMax: 800, batchMax: 1, waitingRoom: 1 });
    const outcomes = drive(spec, [large, { ...small, atMs: 2 }, { ...small, atMs: 3 }, { ...small, atMs: 4 }]).map(
      (fate) => fate.outcome,
    );
    assert.deepEqual(outcomes, ["refused", "finished", "finished", "refused"]);
  });

  it("refuses when the work that waits is more than the delay allows", () => {
    const spec = batchingSpec({ batchMax: 1, queueDelayMsMax: 500 });
    // Each takes 10 x 21 ms: the fourth finds 420 ms of work ahead in the queue, the fifth 630.
    const fates = drive(
      spec,
      [0, 1, 2, 3, 4].map((atMs) => ({ atMs, output: 10 })),
    );
    assert.deepEqual(
      fates.map((fate) => fate.outcome),
      ["finished", "finished", "finished", "finished", "refused"],
    );
  });

  it("when the first in line gives up, those behind it who fit start at once", () => {
    const spec = batchingSpec({ kvTokensMax: 1000, patience: { kind: "constant", value: 100 } });
    const fates = drive(spec, [
      { atMs: 0, input: 400, output: 300 },
      { atMs: 10, input: 800, output: 100 },
      { atMs: 20, input: 10, output: 10 },
    ]);
    assert.equal(fates[1]!.outcome, "abandoned");
    assert.equal(fates[1]!.endedMs, 110);
    assert.equal(fates[2]!.startedMs, 110);
    assert.equal(fates[2]!.outcome, "finished");
  });

  it("a caller of a higher priority who fits does not wait behind a large one of a lower", () => {
    const calls = [
      { atMs: 0, input: 400, output: 300, level: 2 },
      { atMs: 10, input: 800, output: 100, level: 2 },
      { atMs: 20, input: 10, output: 10, level: 0 },
      { atMs: 30, input: 10, output: 10, level: 2 },
    ];
    const spec = batchingSpec({ kvTokensMax: 1000, discipline: "priority" });
    const fates = drive(spec, calls);
    assert.equal(fates[2]!.startedMs, 20);
    assert.ok(fates[3]!.startedMs >= fates[1]!.startedMs);
    const first = drive(batchingSpec({ kvTokensMax: 1000 }), calls);
    assert.ok(first[2]!.startedMs >= first[1]!.startedMs, "first come, first served has no levels");
  });

  it("evicts all calls and starts afresh, with room and exact times", () => {
    const table = newAttempts();
    const spec = batchingSpec({ batchMax: 2, prefillBaseMs: 30, kvTokensMax: 100 });
    const capacity = new Batching(spec, contextOf(), table);
    const slots = [0, 1, 2].map(() => addAttempt(table, { inputTokens: 40, outputTokens: 10 }));
    for (const slot of slots) capacity.offer(0, slot);
    capacity.advance();
    assert.deepEqual([...capacity.evict(40)].sort(), [...slots].sort());
    assert.deepEqual([capacity.inService, capacity.waiting, capacity.hasRoom()], [0, 0, true]);
    assert.equal(capacity.nextMs, Number.POSITIVE_INFINITY);
    capacity.offer(50, slots[0]!);
    capacity.advance();
    capacity.advance();
    near(capacity.nextMs, 50 + 30 + 10 * 21);
  });
});
