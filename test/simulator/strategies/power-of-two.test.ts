import assert from "node:assert/strict";
import { test } from "node:test";
import { powerOfTwo } from "../../../simulator/strategies/power-of-two.ts";
import { contextOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("a", "b", "c", "d");

function choose(inFlight: readonly number[], draws: readonly number[], options: Record<string, unknown> = {}): number {
  const view = viewOf(context);
  view.inFlight.set(inFlight);
  return powerOfTwo.create(options, context).choose(requestOf(), view, 0, uniforms(...draws));
}

test("two draws give two distinct targets; the less loaded wins", () => {
  // First draw: position 0 of 4. Second: position 0 of the remaining b, c, d.
  assert.equal(choose([5, 3, 0, 0], [0, 0]), 1);
  assert.equal(choose([2, 3, 0, 0], [0, 0]), 0);
  // First draw d, second draw position 2 of a, b, c.
  assert.equal(choose([0, 0, 1, 2], [0.99, 0.99]), 2);
});

test("ties go to the first drawn", () => {
  assert.equal(choose([1, 1, 1, 1], [0.5, 0]), 2);
  assert.equal(choose([1, 1, 1, 1], [0, 0.5]), 0);
});

test("every ordered pair of distinct targets is equally likely", () => {
  const counts = new Map<string, number>();
  for (let i = 0; i < 4; i++) {
    for (let j = 0; j < 3; j++) {
      const draws = [(i + 0.5) / 4, (j + 0.5) / 3];
      const first = choose([1, 1, 1, 1], draws);
      const others = [0, 1, 2, 3].map((target) => (target === first ? 2 : 1));
      const second = choose(others, draws);
      counts.set(`${first}${second}`, (counts.get(`${first}${second}`) ?? 0) + 1);
    }
  }
  assert.equal(counts.size, 12);
  for (const [pair, count] of counts) assert.ok(pair[0] !== pair[1] && count === 1, pair);
});

test("d above the number of eligible compares them all", () => {
  assert.equal(choose([4, 3, 2, 1], [0.1, 0.6, 0.2, 0.9], { d: 9 }), 3);
});

test("d of 3 never repeats a target", () => {
  const draws = [0.3, 0.1, 0.9];
  const seen = new Set<number>();
  const loads = [1, 1, 1, 1];
  for (let k = 0; k < 3; k++) {
    const target = choose(loads, draws, { d: 3 });
    assert.ok(!seen.has(target));
    seen.add(target);
    loads[target] = 9;
  }
});

test("d of 1 is a uniform choice, d of 0 is refused", () => {
  assert.equal(choose([9, 0, 0, 0], [0.24], { d: 1 }), 0);
  assert.throws(() => powerOfTwo.create({ d: 0 }, context), /too small/);
});
