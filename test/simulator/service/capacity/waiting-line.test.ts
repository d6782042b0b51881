import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { QUEUE_LEVELS } from "../../../../simulator/service/capacity/capacity.ts";
import { WaitingLine } from "../../../../simulator/service/capacity/waiting-line.ts";

interface Waiting {
  readonly attempt: number;
  readonly level: number;
  readonly leaveMs: number;
  readonly order: number;
}

describe("the line", () => {
  it("agrees with a sorted list over any joins, takes, departures and evictions", () => {
    const action = fc.oneof(
      { weight: 5, arbitrary: fc.record({ join: fc.nat(QUEUE_LEVELS + 1), patienceMs: fc.option(fc.nat(300)) }) },
      { weight: 3, arbitrary: fc.constant("take" as const) },
      { weight: 2, arbitrary: fc.record({ passMs: fc.nat(120) }) },
      { weight: 1, arbitrary: fc.constant("drain" as const) },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const line = new WaitingLine();
        let list: Waiting[] = [];
        let nowMs = 0;
        let order = 0;
        const freeSlots: number[] = [];
        let slots = 0;
        const first = () => [...list].sort((a, b) => a.level - b.level || a.order - b.order);
        for (const each of actions) {
          if (each === "take") {
            const expected = first()[0];
            assert.equal(line.peek(), expected?.attempt ?? -1);
            assert.equal(line.take(), expected?.attempt ?? -1);
            if (expected !== undefined) freeSlots.push(expected.attempt);
            list = list.filter((waiting) => waiting !== expected);
          } else if (each === "drain") {
            assert.deepEqual(
              line.drain(),
              first().map((waiting) => waiting.attempt),
            );
            freeSlots.push(...list.map((waiting) => waiting.attempt));
            list = [];
          } else if ("passMs" in each) {
            nowMs += each.passMs;
            for (;;) {
              const dueMs = Math.min(Number.POSITIVE_INFINITY, ...list.map((waiting) => waiting.leaveMs));
              assert.equal(line.nextLeaveMs(), dueMs);
              if (dueMs > nowMs) break;
              const attempt = line.leave();
              const gone = list.find((waiting) => waiting.attempt === attempt)!;
              assert.equal(gone.leaveMs, dueMs);
              list = list.filter((waiting) => waiting !== gone);
              freeSlots.push(attempt);
            }
          } else {
            // Slots are recycled, as the table of attempts does.
            const attempt = freeSlots.pop() ?? slots++;
            const patienceMs = each.patienceMs ?? Number.POSITIVE_INFINITY;
            line.join(nowMs, attempt, each.join, patienceMs);
            const level = Math.min(each.join, QUEUE_LEVELS - 1);
            list.push({ attempt, level, leaveMs: nowMs + patienceMs, order: order++ });
          }
          assert.equal(line.length, list.length);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("holds slots of any number", () => {
    const line = new WaitingLine();
    line.join(0, 100_000, 0, Number.POSITIVE_INFINITY);
    line.join(0, 5, 0, Number.POSITIVE_INFINITY);
    assert.deepEqual(line.drain(), [100_000, 5]);
  });
});
