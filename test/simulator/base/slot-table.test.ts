import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { SlotTable } from "../../../simulator/base/slot-table.ts";

it("recycles slots: rows of those in use stay, generations distinguish a slot's uses", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(100)), { maxLength: 300 }), (steps) => {
      const table = new SlotTable({ ints: 3, floats: 2 }, 4);
      const inUse = new Map<number, number>();
      const generations = new Map<number, number>();
      steps.forEach((release, i) => {
        if (release === null) {
          const slot = table.allocate();
          assert.ok(!inUse.has(slot), "a slot is given once");
          assert.equal(table.ints[slot * 3], generations.get(slot) ?? 0);
          table.ints[slot * 3 + 2] = i;
          table.floats[slot * 2 + 1] = i / 8;
          inUse.set(slot, i);
        } else if (inUse.size > 0) {
          const slot = [...inUse.keys()][release % inUse.size]!;
          inUse.delete(slot);
          generations.set(slot, (generations.get(slot) ?? 0) + 1);
          table.release(slot);
        }
        assert.equal(table.inUse, inUse.size);
        assert.ok(table.capacity >= inUse.size);
        for (const [slot, value] of inUse) {
          assert.deepEqual([table.ints[slot * 3 + 2], table.floats[slot * 2 + 1]], [value, value / 8]);
        }
      });
      assert.deepEqual(
        table.slotsInUse(),
        [...inUse.keys()].sort((a, b) => a - b),
      );
    }),
    { numRuns: 60 },
  );
});
