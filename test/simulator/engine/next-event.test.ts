import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { NextEvent } from "../../../simulator/engine/next-event.ts";

it("the earliest of a set of clocks; equal instants: the lower index", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 13 }),
      fc.array(fc.tuple(fc.nat(12), fc.oneof(fc.nat(6), fc.constant(Number.POSITIVE_INFINITY))), { maxLength: 120 }),
      (count, updates) => {
        const clocks = new NextEvent(count);
        const instants = new Array<number>(count).fill(Number.POSITIVE_INFINITY);
        assert.equal(clocks.ms, Number.POSITIVE_INFINITY);
        for (const [index, ms] of updates) {
          instants[index % count] = ms;
          clocks.update(index % count, ms);
          assert.equal(clocks.ms, Math.min(...instants));
          if (clocks.ms < Number.POSITIVE_INFINITY) assert.equal(clocks.index, instants.indexOf(clocks.ms));
        }
      },
    ),
    { numRuns: 300 },
  );
});

it("no clocks at all: nothing is ever due", () => {
  assert.equal(new NextEvent(0).ms, Number.POSITIVE_INFINITY);
});
