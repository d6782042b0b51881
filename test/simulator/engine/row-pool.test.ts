import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { RowPool } from "../../../simulator/engine/row-pool.ts";

const pool = () => new RowPool((slot) => ({ slot, generation: 0 }));

it("never hands out a row in use, uses released ones again, and marks each use by a generation of its own", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(99), { maxLength: 400 }), (choices) => {
      const rows = pool();
      const used: { slot: number; generation: number }[] = [];
      const seen = new Set<string>();
      let most = 0;
      for (const choice of choices) {
        if (choice < 40 && used.length > 0) rows.release(used.splice(choice % used.length, 1)[0]!);
        else {
          const row = rows.allocate();
          assert.ok(!used.includes(row));
          assert.equal(rows.rows[row.slot], row);
          const use = `${row.slot}/${row.generation}`;
          assert.ok(!seen.has(use));
          seen.add(use);
          used.push(row);
        }
        most = Math.max(most, used.length);
        assert.equal(rows.inUse, used.length);
      }
      assert.equal(rows.rows.length, most);
      assert.deepEqual(
        rows.rowsInUse().map((row) => row.slot),
        used.map((row) => row.slot).sort((a, b) => a - b),
      );
    }),
  );
});

it("grows with what is released", () => {
  const rows = pool();
  const all = Array.from({ length: 1000 }, () => rows.allocate());
  for (const row of all) rows.release(row);
  assert.equal(rows.inUse, 0);
  assert.equal(rows.allocate(), all[999], "the row used last, since it is still in the cache");
});
