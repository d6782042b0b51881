import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createClock } from "../../../emulator/model/clock.ts";
import { manualClock } from "../support.ts";

describe("EmulatorClock", () => {
  it("runs deadlines in order of time, ties in order of scheduling", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), (delays) => {
        const { clock, advanceTo } = manualClock();
        const ran: number[] = [];
        for (const [index, delay] of delays.entries()) clock.schedule(delay, () => ran.push(index));
        advanceTo(100);
        const expected = delays.map((_, index) => index).sort((a, b) => delays[a]! - delays[b]! || a - b);
        assert.deepEqual(ran, expected);
      }),
    );
  });

  it("does not run a cancelled deadline, nor one that is not due", () => {
    const { clock, advanceTo } = manualClock();
    const ran: string[] = [];
    clock.schedule(10, () => ran.push("cancelled")).cancel();
    clock.schedule(20, () => ran.push("due"));
    clock.schedule(40, () => ran.push("later"));
    advanceTo(30);
    assert.deepEqual(ran, ["due"]);
  });

  it("keeps no timer once all deadlines are cancelled, in any order", () => {
    let armed = 0;
    const clock = createClock(1, {
      nowMs: () => 0,
      wake: () => {
        armed++;
        return () => armed--;
      },
    });
    const deadlines = [30, 10, 20].map((dueMs) => clock.schedule(dueMs, () => {}));
    assert.equal(armed, 1);
    for (const deadline of deadlines) deadline.cancel();
    assert.equal(armed, 0);
    clock.schedule(5, () => {});
    assert.equal(armed, 1);
  });

  it("continues after a callback that throws", () => {
    const { clock, advanceTo } = manualClock();
    const ran: string[] = [];
    clock.schedule(1, () => {
      throw new Error("broken");
    });
    clock.schedule(2, () => ran.push("next"));
    assert.throws(() => advanceTo(1), /broken/);
    advanceTo(5);
    assert.deepEqual(ran, ["next"]);
  });

  it("runs faster than its source by the scale", () => {
    let sourceMs = 1000;
    const clock = createClock(10, { nowMs: () => sourceMs, wake: () => () => {} });
    sourceMs += 7;
    assert.equal(clock.nowMs(), 70);
  });

  it("runs no callback and keeps no timer once stopped", () => {
    let pending = 0;
    const wake = () => {
      pending++;
      return () => {
        pending--;
      };
    };
    const clock = createClock(1, { nowMs: () => 0, wake });
    clock.schedule(10, () => assert.fail("ran"));
    clock.schedule(5, () => assert.fail("ran"));
    clock.stop();
    assert.equal(pending, 0);
  });

  it("keeps absolute deadlines on the wall clock: 100 deadlines a millisecond apart do not drift", async () => {
    const clock = createClock();
    const startMs = clock.nowMs();
    let count = 0;
    const endMs = await new Promise<number>((resolve) => {
      const next = (index: number): void => {
        if (index === 100) resolve(clock.nowMs());
        else clock.schedule(startMs + index + 1, () => next(index + 1));
        count = index;
      };
      next(0);
    });
    assert.equal(count, 100);
    // Chained relative timers would take 110 ms or more here; a busy host may be late once, not every time.
    assert.ok(endMs - startMs >= 99 && endMs - startMs < 160, `${endMs - startMs} ms`);
  });
});
