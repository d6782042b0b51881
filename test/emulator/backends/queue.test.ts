import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  createFcfsQueue,
  createFixedLatencyBackend,
  createQueueBackend,
  createStallClock,
  scheduledHandle,
} from "../../../emulator/backends/queue.ts";
import { KeyedRandom } from "../../../simulator/random/keyed-random.ts";
import { callOf, manualClock, recordedObserver } from "../support.ts";

/** Mean wait of Poisson arrivals in ms over `count` calls. */
function meanWait(servers: number, meanGapMs: number, service: (uniform: number) => number, count: number): number {
  const queue = createFcfsQueue(servers, Number.POSITIVE_INFINITY);
  const random = new KeyedRandom(7, "test.queue");
  random.seek(0, 0);
  let arrivalMs = 0;
  let total = 0;
  for (let call = 0; call < count; call++) {
    arrivalMs += -Math.log1p(-random.next()) * meanGapMs;
    const slot = queue.admit(arrivalMs, service(random.next()));
    total += slot!.startMs - arrivalMs;
  }
  return total / count;
}

describe("known-answer queue", () => {
  const exponential = (mean: number) => (uniform: number) => -Math.log1p(-uniform) * mean;

  it("waits as Erlang's C formula says: M/M/4 with offered load 3.2", () => {
    // C(4, 3.2) = 0.5964, mean wait = C / (c mu - lambda) with lambda 1.6, service 2: 1.491081.
    const wait = meanWait(4, 1 / 1.6, exponential(2), 400_000);
    assert.ok(Math.abs(wait - 1.491081) < 0.09, `${wait}`);
  });

  it("waits as Pollaczek and Khinchine say: M/D/1 at load 0.8", () => {
    const wait = meanWait(1, 1.25, () => 1, 400_000);
    assert.ok(Math.abs(wait - 2) < 0.12, `${wait}`);
  });

  it("loses as Erlang's B formula says without a waiting room: 10 servers at load 7", () => {
    const queue = createFcfsQueue(10, 0);
    const random = new KeyedRandom(8, "test.loss");
    random.seek(0, 0);
    let arrivalMs = 0;
    let lost = 0;
    for (let call = 0; call < 200_000; call++) {
      arrivalMs += -Math.log1p(-random.next()) / 7;
      if (queue.admit(arrivalMs, exponential(1)(random.next())) === undefined) lost++;
    }
    assert.ok(Math.abs(lost / 200_000 - 0.0787409) < 0.004, `${lost / 200_000}`);
  });

  it("admits as many waiting calls as there is room for", () => {
    const queue = createFcfsQueue(1, 2);
    const starts = [0, 0, 0, 0].map((arrivalMs) => queue.admit(arrivalMs, 10)?.startMs);
    assert.deepEqual(starts, [0, 10, 20, undefined]);
    assert.equal(queue.admit(10, 10)?.startMs, 30);
  });
});

describe("queue backend", () => {
  it("ends calls at the computed instants, and answers 503 when full", () => {
    const { clock, advanceTo } = manualClock();
    const backend = createQueueBackend(clock, {
      servers: 1,
      service: "deterministic",
      meanServiceMs: 100,
      waitingRoom: 1,
    });
    const observers = [recordedObserver(), recordedObserver(), recordedObserver()];
    const admissions = observers.map((observer) => backend.begin(callOf({ wantedOutputTokens: 10 }), 0, observer));
    advanceTo(1000);
    assert.deepEqual(
      observers.map(({ events }) => events),
      [["first@10", "end@100"], ["first@110", "end@200"], []],
    );
    assert.deepEqual(admissions[2], { kind: "refused", fault: { name: "ServiceUnavailableException" } });
  });

  it("keeps regions apart and repeats with the seed", () => {
    const endsOf = (seed: number) => {
      const { clock, advanceTo } = manualClock();
      const backend = createQueueBackend(clock, { servers: 1, service: "exponential", meanServiceMs: 50, seed });
      const observers = ["us-east-1", "eu-west-1", "us-east-1"].map((region) => {
        const observer = recordedObserver();
        backend.begin(callOf({ region, wantedOutputTokens: 1 }), 0, observer);
        return observer;
      });
      advanceTo(1e6);
      return observers.map(({ events }) => events.at(-1));
    };
    assert.deepEqual(endsOf(1), endsOf(1));
    assert.notDeepEqual(endsOf(1), endsOf(2));
  });
});

describe("fixed latency", () => {
  it("puts token k at first + (k - 1) x gap", () => {
    const { clock, advanceTo } = manualClock();
    const backend = createFixedLatencyBackend(clock, { firstTokenMs: 100, perTokenMs: 10 });
    const observer = recordedObserver();
    advanceTo(50);
    const admission = backend.begin(callOf({ wantedOutputTokens: 4 }), 50, observer);
    assert.ok(admission.kind === "accepted");
    const { handle } = admission;
    const written = [149, 150, 159, 160, 179, 180, 999].map((ms) => handle.tokensWritten(ms));
    assert.deepEqual(written, [0, 1, 1, 2, 3, 4, 4]);
    assert.equal(handle.nextTokenMs(155), 160);
    advanceTo(1000);
    assert.deepEqual(observer.events, ["first@150", "end@180"]);
  });
  it("notifies nothing after a call is cancelled", () => {
    const { clock, advanceTo } = manualClock();
    const observer = recordedObserver();
    const admission = createFixedLatencyBackend(clock).begin(callOf(), 0, observer);
    if (admission.kind === "accepted") admission.handle.cancel(1);
    advanceTo(10_000);
    assert.deepEqual(observer.events, []);
  });
});

describe("scheduled handle", () => {
  it("gives as next the instant at which one more token is written, whatever the rounding of the gaps", () => {
    const time = fc.integer({ min: 1000, max: 1e8 }).map((us) => us / 1000);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), time, time, (outputTokens, firstTokenAtMs, spanMs) => {
        const endAtMs = firstTokenAtMs + spanMs;
        const { clock } = manualClock();
        const common = {
          clock,
          observer: recordedObserver(),
          destinationRegion: "r",
          cacheReadTokens: 0,
          cacheWriteTokens: 0,
        };
        const handle = scheduledHandle({ ...common, outputTokens, firstTokenAtMs, endAtMs });
        assert.equal(handle.tokensWritten(endAtMs), outputTokens);
        let nowMs = firstTokenAtMs;
        for (let steps = 0; handle.tokensWritten(nowMs) < outputTokens; steps++) {
          const before = handle.tokensWritten(nowMs);
          nowMs = handle.nextTokenMs(nowMs);
          assert.ok(handle.tokensWritten(nowMs) > before, `stuck at ${nowMs}`);
          assert.ok(steps <= outputTokens);
        }
        assert.ok(nowMs <= endAtMs + 1e-6 * (1 + endAtMs));
      }),
    );
  });
});

describe("work clock of an endpoint that freezes", () => {
  const clock = createStallClock({ everyMs: 20_000, forMs: 2000 });

  it("stops for the last 2 s of every 20 s", () => {
    const instants = [0, 5000, 18_000, 19_000, 20_000, 21_000, 38_000, 39_999, 40_000];
    assert.deepEqual(
      instants.map((ms) => clock.workMs(ms)),
      [0, 5000, 18_000, 18_000, 18_000, 19_000, 36_000, 36_000, 36_000],
    );
    assert.deepEqual(
      [0, 5000, 18_000, 18_001, 36_000, 36_500].map((ms) => clock.instantMs(ms)),
      [0, 5000, 18_000, 20_001, 38_000, 40_500],
    );
  });

  it("may begin later, without freezes before", () => {
    const later = createStallClock({ everyMs: 20_000, forMs: 2000, fromMs: 3000 });
    assert.deepEqual(
      [-5, 2000, 20_999, 22_000, 23_000, 24_000].map((ms) => later.workMs(ms)),
      [-5, 2000, 20_999, 21_000, 21_000, 22_000],
    );
    assert.deepEqual(
      [-5, 3000, 21_000, 21_001].map((ms) => later.instantMs(ms)),
      [-5, 3000, 21_000, 23_001],
    );
  });

  it("loses no work: an instant is the first at which that much work is done", () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 2, max: 1e5 })
          .chain((everyMs) =>
            fc.record({ everyMs: fc.constant(everyMs), forMs: fc.integer({ min: 1, max: everyMs - 1 }) }),
          ),
        fc.integer({ min: 0, max: 1e7 }),
        (stall, ms) => {
          const { workMs, instantMs } = createStallClock(stall);
          assert.equal(workMs(instantMs(ms)), ms);
          const back = instantMs(workMs(ms));
          assert.ok(back <= ms && ms - back <= stall.forMs, `${ms} became ${back}`);
        },
      ),
    );
  });
});

describe("a queue that freezes", () => {
  it("holds calls and their tokens, and resumes afterwards", () => {
    const { clock, advanceTo } = manualClock();
    const backend = createQueueBackend(clock, {
      servers: 1,
      service: "deterministic",
      meanServiceMs: 100,
      stall: { everyMs: 1000, forMs: 200 },
    });
    const observers = [recordedObserver(), recordedObserver(), recordedObserver()];
    const call = callOf({ wantedOutputTokens: 10 });
    const before = backend.begin(call, 0, observers[0]!);
    advanceTo(750);
    const during = backend.begin(call, 750, observers[1]!);
    advanceTo(900);
    // The one in service has 50 ms left when the freeze ends.
    backend.begin(call, 900, observers[2]!);
    assert.ok(before.kind === "accepted" && during.kind === "accepted");
    const { handle } = during;
    assert.deepEqual(
      [799, 801, 950, 1000, 1025, 1050].map((ms) => handle.tokensWritten(ms)),
      [4, 5, 5, 5, 7, 10],
    );
    assert.equal(handle.nextTokenMs(900), 1010, "the next token exists 10 ms after the freeze");
    advanceTo(5000);
    assert.deepEqual(
      observers.map(({ events }) => events),
      [
        ["first@10", "end@100"],
        ["first@760", "end@1050"],
        ["first@1060", "end@1150"],
      ],
    );
  });
});
