import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createRing } from "../../emulator/ring.ts";

describe("ring", () => {
  it("keeps the newest items in order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat()),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: -2, max: 12 }),
        (items, capacity, limit) => {
          const ring = createRing<number>(capacity);
          for (const item of items) ring.push(item);
          const kept = Math.max(0, Math.min(limit, capacity, items.length));
          assert.deepEqual(ring.last(limit), items.slice(items.length - kept));
          assert.equal(ring.total, items.length);
        },
      ),
    );
  });
});
