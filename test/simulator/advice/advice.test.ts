import assert from "node:assert/strict";
import { it } from "node:test";
import { rangeOr, withRanges } from "../../../simulator/advice/advice.ts";

interface Found {
  readonly name: string;
  readonly usd: number | null;
}
const found = (...usd: readonly (number | null)[]): readonly Found[] =>
  usd.map((each, i) => ({ name: `c${i}`, usd: each }));
const ranged = (...all: readonly (readonly Found[])[]) =>
  withRanges(all, ({ name }) => name, { usd: (each) => each.usd });

it("a mean with Student's interval over replications, matched by key", () => {
  const [a, b] = ranged(found(1, null), found(2, null).toReversed(), found(6, null));
  // 1, 2 and 6: mean 3, s = sqrt(7), t(0.975, 2) = 4.3027.
  assert.equal(a!.ranges!.usd.value, 3);
  assert.ok(Math.abs(a!.ranges!.usd.high! - (3 + 4.30265 * Math.sqrt(7 / 3))) < 1e-4);
  assert.equal(a!.usd, 1);
  assert.equal(b!.ranges!.usd.value, null);
});

it("no range of one replication, and the figure alone in its place", () => {
  const [alone] = ranged(found(5));
  assert.equal(alone!.ranges, undefined);
  assert.deepEqual(rangeOr(alone!.ranges, 5), { value: 5, low: null, high: null, n: 1 });
});
