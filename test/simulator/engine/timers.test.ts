import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { DelayLine, TIMER, Timers } from "../../../simulator/engine/timers.ts";
import type { ClientPlan } from "../../../simulator/scenario/plan.ts";
import { ATTEMPT, ATTEMPT_INTS, createAttemptTable } from "../../../simulator/service/attempt-table.ts";

const client = (attemptMs: number, requestMs: number, afterMs: number): ClientPlan => ({
  retry: { mode: "none" },
  timeout: { attemptMs, requestMs, connectMs: Infinity, firstByteMs: Infinity, idleMs: Infinity },
  isStreaming: true,
  broken: { again: "never", callsMax: 0, delayMs: 0 },
  hedge: {
    afterMs,
    quantile: 0,
    hedgesMax: afterMs < Number.POSITIVE_INFINITY ? 1 : 0,
    budgetShare: Number.POSITIVE_INFINITY,
  },
});

/** Rows whose generations are those of the timers that a test sets. */
function rowsOf(generations: Readonly<Record<number, number>>) {
  const rows = createAttemptTable();
  for (const [slot, generation] of Object.entries(generations)) {
    rows.ints[Number(slot) * ATTEMPT_INTS + ATTEMPT.generation] = generation;
    rows.ints[Number(slot) * ATTEMPT_INTS + ATTEMPT.attemptGeneration] = generation;
  }
  return rows;
}

it("timers of rows that have moved on are dropped together", () => {
  const rows = rowsOf({ 1: 10, 2: 20, 3: 30 });
  const timers = new Timers(client(50, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY), rows);
  for (const slot of [1, 2, 3]) timers.set(TIMER.timeout, slot, slot, 10 * slot);
  for (const slot of [1, 2]) rows.ints[slot * ATTEMPT_INTS + ATTEMPT.attemptGeneration] = 11;
  assert.equal(timers.nextMs, 51);
  assert.equal(timers.take(), -1, "the first is void, and so is the second");
  assert.equal(timers.nextMs, 53);
  assert.equal(timers.take(), TIMER.timeout);
  assert.deepEqual([timers.slot, timers.generation, timers.nextMs], [3, 30, Number.POSITIVE_INFINITY]);
});

it("timers of three delays fall due in order of time, at equal instants timeouts before deadlines before hedges", () => {
  const timers = new Timers(client(50, 100, 25), rowsOf({ 1: 10, 2: 20, 3: 30, 4: 40, 5: 50 }));
  timers.set(TIMER.timeout, 0, 1, 10);
  timers.set(TIMER.hedge, 25, 2, 20);
  timers.set(TIMER.deadline, 0, 3, 30);
  timers.set(TIMER.timeout, 50, 4, 40);
  timers.set(TIMER.hedge, 75, 5, 50);
  const taken = [];
  while (timers.nextMs < Number.POSITIVE_INFINITY) {
    const ms = timers.nextMs;
    const timer = timers.take();
    taken.push([ms, timer, timers.slot, timers.generation]);
  }
  assert.deepEqual(taken, [
    [50, TIMER.timeout, 1, 10],
    [50, TIMER.hedge, 2, 20],
    [100, TIMER.timeout, 4, 40],
    [100, TIMER.deadline, 3, 30],
    [100, TIMER.hedge, 5, 50],
  ]);
});

it("a client without timers has none", () => {
  const none = Number.POSITIVE_INFINITY;
  const rows = createAttemptTable();
  const timers = new Timers(client(none, none, none), rows);
  assert.deepEqual(
    [TIMER.timeout, TIMER.deadline, TIMER.hedge].map((timer) => timers.has(timer)),
    [false, false, false],
  );
  assert.equal(timers.isUsed, false);
  assert.equal(timers.nextMs, none);
  assert.equal(timers.take(), -1);
  assert.equal(new Timers(client(none, 5, none), rows).isUsed, false, "a deadline is the request's, not an attempt's");
});

it("timers of one delay fall due in the order in which they were set, however many", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(50)), { maxLength: 4000, size: "max" }), fc.nat(1000), (steps, delayMs) => {
      const line = new DelayLine(delayMs);
      const list: (readonly [number, number, number])[] = [];
      let nowMs = 0;
      steps.forEach((gapMs, i) => {
        if (gapMs === null) {
          if (list.length === 0) return;
          assert.deepEqual([line.topMs, line.topSlot, line.topGeneration], list.shift());
          line.pop();
        } else {
          nowMs += gapMs;
          line.push(nowMs, i, i * 3);
          list.push([nowMs + delayMs, i, i * 3]);
        }
        assert.equal(line.size, list.length);
        assert.equal(line.topMs, list[0]?.[0] ?? Number.POSITIVE_INFINITY);
      });
    }),
    { numRuns: 40 },
  );
});

it("grows with its head in the middle", () => {
  const line = new DelayLine(10);
  for (let i = 0; i < 1000; i++) line.push(i, i, 0);
  for (let i = 0; i < 700; i++) line.pop();
  for (let i = 1000; i < 6000; i++) line.push(i, i, 0);
  for (let i = 700; i < 6000; i++) {
    assert.deepEqual([line.topMs, line.topSlot], [i + 10, i]);
    line.pop();
  }
  assert.equal(line.topMs, Number.POSITIVE_INFINITY);
});
