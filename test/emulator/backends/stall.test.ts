import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createQueueBackend } from "../../../emulator/backends/queue.ts";
import { createStallClock } from "../../../emulator/backends/stall.ts";
import { callOf, manualClock, recordedObserver } from "../support.ts";

describe("clock of an endpoint that freezes", () => {
  const clock = createStallClock({ everyMs: 20_000, forMs: 2000 });

  it("stands still for the last 2 s of every 20 s", () => {
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

  it("may begin later, and freezes nothing before", () => {
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

  it("loses no work: an instant is the first at which its work is done", () => {
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
  it("keeps calls and their tokens where they are, and goes on afterwards", () => {
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
    // The one in service has 50 ms left when the endpoint wakes.
    backend.begin(call, 900, observers[2]!);
    assert.ok(before.kind === "accepted" && during.kind === "accepted");
    const { handle } = during;
    assert.deepEqual(
      [799, 801, 950, 1000, 1025, 1050].map((ms) => handle.tokensWritten(ms)),
      [4, 5, 5, 5, 7, 10],
    );
    assert.equal(handle.nextTokenMs(900), 1010, "the next token comes 10 ms after it woke");
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
