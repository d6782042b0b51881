import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { DelayLine } from "../../../simulator/engine/delay-line.ts";

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
