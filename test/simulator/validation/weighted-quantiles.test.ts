import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { createQuantileColumn, quantileOf } from "../../../simulator/validation/weighted-quantiles.ts";

/** By the definition: copies as the weights say, sorted, the first that enough are not above. */
function naive(values: readonly number[], weights: readonly number[], share: number): number {
  const copies = values.flatMap((value, i) => (Number.isNaN(value) ? [] : Array<number>(weights[i]!).fill(value)));
  copies.sort((a, b) => a - b);
  return copies.find((_, i) => i + 1 >= share * copies.length - 1e-9) ?? Number.NaN;
}

it("weighted quantiles are those of as many copies, whatever is missing", () => {
  const row = fc.tuple(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(Number.NaN)), fc.nat(3));
  fc.assert(
    fc.property(fc.array(row, { maxLength: 30 }), (rows) => {
      const [values, weights] = [rows.map(([value]) => value), rows.map(([, weight]) => weight)];
      const shares = [0.01, 0.5, 0.95, 1];
      const out = new Float64Array(4);
      const column = createQuantileColumn(values);
      column.at(shares, out, weights);
      assert.deepEqual(
        [...out],
        shares.map((share) => naive(values, weights, share)),
      );
      column.at(shares, out);
      assert.deepEqual(
        [...out],
        shares.map((share) =>
          naive(
            values,
            values.map(() => 1),
            share,
          ),
        ),
      );
      assert.equal(column.count, values.filter((value) => !Number.isNaN(value)).length);
    }),
  );
});

it("of 20 values p95 is the 19th, in spite of binary fractions", () => {
  const values = Array.from({ length: 20 }, (_, i) => i + 1);
  assert.equal(quantileOf(values, 0.95), 19);
  assert.ok(Number.isNaN(quantileOf([], 0.5)));
});
