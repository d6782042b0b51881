import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { OFFER } from "../../../../simulator/service/capacity/capacity.ts";
import {
  type CAPACITY_MODELS,
  type CapacitySpec,
  capacitySchema,
  capacitySpecOf,
  gatewaySchema,
  isQueueing,
  isStreaming,
  scaleCapacity,
} from "../../../../simulator/service/capacity/index.ts";
import { type Call, contextOf, type Fate, latencyOf, Run } from "./driver.ts";

/**
 * What every registered capacity model must do, whatever its physics. Blocks of each kind as a scenario writes them; a
 * kind that is not here fails the suite, so that a new model cannot slip through. The first sample of a kind has
 * constant times, room for few calls at a time if the model knows such a limit, and refuses no call.
 */
const SAMPLES: Readonly<Record<string, readonly [object, ...object[]]>> = {
  slots: [
    { servers: 4, service: "300ms", perInputToken: "0.1ms", perOutputToken: "5ms" },
    { servers: 2, service: { exponential: { mean: "400ms" } }, waitingRoom: 3, discipline: "priority" },
    { servers: 3, service: "200ms", maxQueueDelay: "700ms", patience: { exponential: { mean: "500ms" } } },
    { servers: 9, service: "200ms", background: { mean: 4, swing: "50%", noise: "20%", step: "1s" } },
    { servers: 2, service: { exponential: { mean: "400ms" } }, waitingRoom: 20, discipline: "processor-sharing" },
  ],
  batching: [
    { stepBase: "8ms", stepPerSequence: "2ms", maxBatch: 8 },
    {
      stepBase: "5ms",
      stepPerSequence: "1ms",
      maxBatch: 5,
      kvTokens: 1400,
      discipline: "priority",
      prefill: { base: "20ms", perToken: "0.1ms", workPerToken: 0.01 },
      noise: { lognormal: { mean: 1, cv: 0.5 } },
      patience: { exponential: { mean: "900ms" } },
      waitingRoom: 12,
    },
    { stepBase: "5ms", stepPerSequence: "1ms", maxQueueDelay: "1s", maxBatch: 3, background: { mean: 6, step: "1s" } },
  ],
  empirical: [
    {
      cells: [{ ttft: "300ms", tpot: "10ms" }],
      load: [
        [1, 1],
        [40, 2],
      ],
    },
    {
      cells: [
        { hours: [22, 6], maxInputTokens: 500, ttft: { exponential: { mean: "300ms" } }, tpot: "10ms" },
        { ttft: "500ms", tpot: { exponential: { mean: "12ms" } } },
      ],
    },
  ],
  fitted: [
    {
      servers: 6,
      prompt: { base: "80ms", perToken: "0.2ms" },
      output: { perToken: "9ms" },
      load: {
        factors: [
          [1, 1],
          [6, 2],
        ],
      },
    },
    {
      servers: 5,
      prompt: { base: "40ms", perToken: "0.1ms", paced: "serial", slowdown: 0.3, noise: { exponential: { mean: 1 } } },
      output: { perToken: "9ms", sharedNoise: true },
      waitingRoom: 8,
      patience: { exponential: { mean: "900ms" } },
    },
    { prompt: { base: "40ms", perToken: "0.1ms", paced: "in-steps" }, output: { perToken: "5ms" }, waitingRoom: 0 },
    { servers: 4, prompt: { base: "90ms", paced: "in-line" }, output: { perToken: "5ms", whole: true } },
    { servers: 4, prompt: { base: "90ms", paced: "shared" }, maxQueueDelay: "2s", background: { mean: 2, step: "1s" } },
  ],
};

const HERE = "test/simulator/service/capacity/conformance.ts";
const QUEUE_KEYS = ["waitingRoom", "patience", "queueDelayMsMax", "background"] as const;
const near = (actual: number, expected: number, share = 1e-6) =>
  Math.abs(actual - expected) <= share * Math.max(1, Math.abs(expected));

/** Any calls, in bursts and after pauses. */
const someCalls: fc.Arbitrary<readonly Call[]> = fc
  .array(
    fc.record({
      gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 }), fc.integer({ min: 200, max: 4000 })),
      input: fc.integer({ min: 0, max: 900 }),
      output: fc.integer({ min: 1, max: 120 }),
      cached: fc.double({ min: 0, max: 1, noNaN: true }),
      level: fc.integer({ min: 0, max: 3 }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((list) => {
    let atMs = 0;
    return list.map(({ gapMs, input, output, cached, level }) => {
      atMs += gapMs;
      return { atMs, input, output, cacheRead: Math.floor(cached * input), level };
    });
  });

/** So many calls of the same size at one instant. */
const crowd = (count: number, atMs = 0): Call[] =>
  Array.from({ length: count }, () => ({ atMs, input: 100, output: 50 }));

export function conforms(model: (typeof CAPACITY_MODELS)[keyof typeof CAPACITY_MODELS]): void {
  const { kind } = model;
  const samples = SAMPLES[kind];
  describe(`capacity model ${kind}`, () => {
    if (samples === undefined) {
      it("has a sample", () => assert.fail(`tell the conformance suite a sample of ${kind}: SAMPLES in ${HERE}`));
      return;
    }
    const written = samples.map((sample) => ({ kind, ...sample }));
    const specs = written.map((block) => capacitySpecOf(capacitySchema.parse(block)));
    describesItself(model, specs);
    keepsCalls(specs);
    keepsItsQueue(specs);
    standsTrouble(specs);
    goesWithTheRest(written, specs);
  });
}

function describesItself(
  model: (typeof CAPACITY_MODELS)[keyof typeof CAPACITY_MODELS],
  specs: readonly CapacitySpec[],
): void {
  it("accepts its samples, gives plain data, refuses an unknown key by name", () => {
    assert.match(model.summary, /^[A-Z].{20,100}[^.]$/, "the summary is one line for the editor, without a full stop");
    for (const spec of specs) {
      assert.equal(spec.kind, model.kind);
      assert.deepEqual(structuredClone(spec), spec);
    }
    const wrong = capacitySchema.safeParse({ kind: model.kind, ...SAMPLES[model.kind]![0], sevrice: 1 });
    assert.match(JSON.stringify(wrong.error?.issues), /sevrice/);
  });

  it("has all keys of a queue or none, as it says", () => {
    for (const spec of specs) for (const key of QUEUE_KEYS) assert.equal(key in spec, model.isQueueing, key);
  });
}

function keepsCalls(specs: readonly CapacitySpec[]): void {
  it("ends every call once, in the order of cause and effect, and is empty then", () => {
    eachOver(specs, (spec, calls) => {
      const run = played(spec, calls);
      assert.equal(run.inside, 0, "a call is left inside");
      assert.deepEqual([run.capacity.inService, run.capacity.waiting], [0, 0]);
      for (const fate of run.fates) assertCausal(fate, isStreaming(spec));
    });
  });

  it("does the same again given the same calls, and hangs on nothing but its keys", () => {
    eachOver(specs, (spec, calls) => assert.deepEqual(played(spec, calls).fates, played(spec, calls).fates));
  });

  it("lets a first token come before the last where it says so, and tells of it", () => {
    const [first] = played(specs[0]!, crowd(1)).fates;
    assert.equal(first!.firstTokenMs < first!.endedMs, isStreaming(specs[0]!));
    for (const spec of specs) {
      const started: (readonly number[])[] = [];
      const onStart = (_: number, firstMs: number, endMs: number) => started.push([firstMs, endMs]);
      const run = new Run(spec, { ...contextOf(), onStart });
      for (const call of crowd(30)) run.offer(call);
      run.finish();
      const streamed = run.fates.filter(({ firstTokenMs, endedMs }) => firstTokenMs < endedMs);
      if (run.capacity.stepsAt !== undefined) continue;
      for (const { firstTokenMs, endedMs } of streamed) {
        assert.ok(started.some(([from, to]) => from === firstTokenMs && to === endedMs));
      }
    }
  });
}

function keepsItsQueue(specs: readonly CapacitySpec[]): void {
  it("keeps no call waiting where there is room, and starts at once a call that it promised room", () => {
    eachOver(specs, (spec, calls) => {
      const run = new Run(spec);
      for (const call of calls) {
        run.runTo(call.atMs);
        const hadRoom = run.capacity.hasRoom();
        if (hadRoom) assertOpen(run);
        const offer = run.offer(call);
        if (hadRoom && !limitsSize(spec)) assert.equal(offer, OFFER.started);
        // Work that joined and left again may leave a residue of rounding.
        assert.ok(run.capacity.waiting >= 0 && run.capacity.expectedQueueDelayMs() >= -1e-6);
        if (run.capacity.hasRoom()) assertOpen(run);
        if (isQueueing(spec)) assert.ok(run.capacity.waiting <= spec.waitingRoom);
      }
    });
  });

  it("lets those go whose patience is over, at that instant", () => {
    for (const [i, spec] of specs.entries()) {
      if (!isQueueing(spec)) continue;
      const patient = { ...spec, patience: { kind: "constant", value: 450 } } as CapacitySpec;
      const { fates } = played(patient, crowd(60));
      const gone = fates.filter(({ outcome }) => outcome === "abandoned");
      for (const { call, endedMs, startedMs } of gone) {
        assert.ok(Number.isNaN(startedMs) && near(endedMs, call.atMs + 450));
      }
      for (const { call, startedMs, outcome } of fates) {
        if (outcome === "finished") assert.ok(startedMs - call.atMs <= 450 + 1e-6);
      }
      if (i > 0) continue;
      assert.ok(gone.length > 0, "the first sample has room for few at a time: some calls give up");
      // Not to the last digit: the delay to expect may go by what was served so far.
      assert.ok(near(delayAfter(patient, crowd(60)), delayAfter(patient, []), 0.2), "those who went are still counted");
    }
  });
}

function standsTrouble(specs: readonly CapacitySpec[]): void {
  it("is empty at first, and an eviction of no call is one", () => {
    for (const spec of specs) {
      const { capacity } = new Run(spec);
      assert.deepEqual([capacity.inService, capacity.waiting, capacity.hasRoom()], [0, 0, true]);
      assert.deepEqual([capacity.expectedQueueDelayMs(), capacity.isCrowded(0.5)], [0, false]);
      const hasTenants = isQueueing(spec) && spec.background !== null;
      assert.equal(capacity.nextMs < Number.POSITIVE_INFINITY, hasTenants);
      assert.deepEqual(capacity.evict(0), []);
    }
  });

  it("evicts every call once in an outage, and serves as new afterwards", () => {
    eachOver(specs, (spec, calls) => {
      const run = new Run(spec);
      for (const call of calls) run.offer(call);
      const lostMs = calls.at(-1)!.atMs;
      run.evict(lostMs);
      assert.equal(run.inside, 0);
      assert.deepEqual([run.capacity.inService, run.capacity.waiting], [0, 0]);
      if (isQueueing(spec) && spec.background !== null) return;
      assert.equal(run.capacity.nextMs, Number.POSITIVE_INFINITY);
      assert.ok(run.capacity.hasRoom());
      run.offer({ atMs: lostMs + 10, input: 10, output: 20 });
      run.finish();
      assert.equal(run.fates.at(-1)!.outcome, "finished");
    });
  });

  it("serves no call while no capacity is left, slower while some is, and all when it is back", () => {
    for (const spec of specs) {
      const run = new Run(spec);
      run.capacity.setCapacityFactor(0, 0);
      for (const call of crowd(8)) run.offer(call);
      assert.ok(!run.capacity.hasRoom());
      run.runTo(300);
      assert.ok(run.fates.every(({ outcome }) => outcome !== "finished"));
      run.capacity.setCapacityFactor(300, 1);
      run.finish();
      assert.equal(run.inside, 0);
    }
    const endMs = (calls: number, factor: number) => {
      const run = new Run(specs[0]!);
      run.capacity.setCapacityFactor(0, factor);
      for (const call of crowd(calls)) run.offer(call);
      run.finish();
      return lastEndMs(run.fates);
    };
    // A model that a crowd does not slow need not mind that half of it is gone.
    const share = endMs(40, 1) > 1.2 * endMs(1, 1) ? 1.5 : 1;
    assert.ok(endMs(40, 0.5) >= share * endMs(40, 1), `${endMs(40, 0.5)} ms with half, ${endMs(40, 1)} ms with all`);
  });
}

/** @param written the samples as a scenario has them */
function goesWithTheRest(written: readonly object[], specs: readonly CapacitySpec[]): void {
  it("so many units serve so many times the calls as fast, and the same calls no slower", () => {
    for (const spec of specs) assert.deepEqual(scaleCapacity(spec, 1), spec);
    const spec = specs[0]!;
    const one = played(spec, crowd(40)).fates;
    const three = played(scaleCapacity(spec, 3), crowd(120)).fates;
    assert.ok(near(lastEndMs(three), lastEndMs(one), 0.1), `${lastEndMs(three)}, not about ${lastEndMs(one)}`);
    const meanMs = (fates: readonly Fate[]) => fates.reduce((sum, fate) => sum + latencyOf(fate), 0) / fates.length;
    assert.ok(meanMs(played(scaleCapacity(spec, 3), crowd(40)).fates) <= meanMs(one) + 1e-6);
  });

  it("refuses no call as a gateway, if it may be one", () => {
    for (const [i, block] of written.entries()) {
      const judged = gatewaySchema.safeParse(block);
      const keys = judged.error?.issues.map(({ path }) => String(path[0])) ?? [];
      for (const key of keys) assert.ok(key in block, `${key} is no key of the block`);
      const spec = specs[i]!;
      if (keys.length > 0 || limitsSize(spec)) continue;
      const { fates } = played(spec, crowd(200));
      assert.ok(fates.every(({ outcome }) => outcome === "finished"));
    }
  });
}

/** The property over any calls, for every sample. */
function eachOver(specs: readonly CapacitySpec[], check: (spec: CapacitySpec, calls: readonly Call[]) => void): void {
  for (const spec of specs)
    fc.assert(
      fc.property(someCalls, (calls) => check(spec, calls)),
      { numRuns: 40 },
    );
}

/** Delay to expect behind a crowd, once these calls are over, ms. */
function delayAfter(spec: CapacitySpec, calls: readonly Call[]): number {
  const run = played(spec, calls);
  for (const call of crowd(30, 1e6)) run.offer(call);
  return run.capacity.expectedQueueDelayMs();
}

function played(spec: CapacitySpec, calls: readonly Call[]): Run {
  const run = new Run(spec);
  for (const call of calls) run.offer(call);
  run.finish();
  return run;
}

function assertCausal({ call, outcome, startedMs, firstTokenMs, endedMs }: Fate, streams: boolean): void {
  if (outcome === "refused") {
    assert.equal(endedMs, call.atMs);
    return;
  }
  const order = outcome === "finished" ? [call.atMs, startedMs, firstTokenMs, endedMs] : [call.atMs, endedMs];
  for (let k = 1; k < order.length; k++) {
    assert.ok(order[k]! >= order[k - 1]! - 1e-6, `${outcome}: ${order.join(", ")} is out of order`);
  }
  if (!streams && outcome === "finished") assert.equal(firstTokenMs, endedMs);
}

function assertOpen({ capacity }: Run): void {
  assert.deepEqual([capacity.waiting, capacity.expectedQueueDelayMs(), capacity.isCrowded(0.5)], [0, 0, false]);
}

/** A cache of tokens may have no room for a call of this size where there is a place for a smaller one. */
function limitsSize(spec: CapacitySpec): boolean {
  return "kvTokensMax" in spec && spec.kvTokensMax < Number.POSITIVE_INFINITY;
}

function lastEndMs(fates: readonly Fate[]): number {
  return Math.max(...fates.map(({ endedMs }) => endedMs));
}
