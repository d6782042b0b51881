import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createFcfsQueue, createQueueBackend } from "../../../emulator/backends/queue.ts";
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

  it("lets as many wait as there is room for", () => {
    const queue = createFcfsQueue(1, 2);
    const starts = [0, 0, 0, 0].map((arrivalMs) => queue.admit(arrivalMs, 10)?.startMs);
    assert.deepEqual(starts, [0, 10, 20, undefined]);
    assert.equal(queue.admit(10, 10)?.startMs, 30);
  });
});

describe("queue backend", () => {
  it("ends calls at the instants of the law, and answers 503 when full", () => {
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
