import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { addPacked, packCounts } from "../../../simulator/engine/packed-counts.ts";

const counts = fc
  .array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(200), fc.nat(2 ** 32 - 1)), { maxLength: 400 })
  .map((all) => Uint32Array.from(all));

it("what was packed comes back, from any count on", () => {
  fc.assert(
    fc.property(counts, fc.nat(400), (all, from) => {
      const packed = packCounts(all);
      const rest = new Uint32Array(Math.max(0, all.length - from));
      addPacked(packed, from, rest);
      assert.deepEqual(rest, all.slice(from));
    }),
  );
});

it("is added to what is there, and no further than there is room", () => {
  const sums = Uint32Array.of(10, 0, 1);
  addPacked(packCounts(Uint32Array.of(7, 7, 1, 2, 3, 9)), 2, sums);
  assert.deepEqual([...sums], [11, 2, 4]);
});

it("takes a byte for a small count and three for a thousand zeros", () => {
  const all = new Uint32Array(1010).fill(100, 1000);
  assert.equal(packCounts(all).length, 3 + 10);
  assert.deepEqual([...packCounts(Uint32Array.of(0, 0, 0, 5, 300))], [0, 3, 5, 0xac, 2]);
  assert.equal(packCounts(new Uint32Array(5000)).length, 0);
});
