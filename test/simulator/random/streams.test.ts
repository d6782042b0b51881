import assert from "node:assert/strict";
import test from "node:test";
import xor128 from "seedrandom/lib/xor128.js";
import { createLaw } from "../../../simulator/random/laws/index.ts";
import { blockDraw, purposeStream } from "../../../simulator/random/streams.ts";

const take = (seed: number, purpose: string, n: number) => {
  const stream = purposeStream(seed, purpose);
  return Float64Array.from({ length: n }, () => stream.next());
};

test("the same seed and purpose give the same numbers; others do not", () => {
  assert.deepEqual(take(1, "a", 100), take(1, "a", 100));
  assert.notDeepEqual(take(1, "a", 100), take(2, "a", 100));
  assert.notDeepEqual(take(1, "a", 100), take(1, "b", 100));
  assert.notDeepEqual(take(1, "a", 100), take(2 ** 40 + 1, "a", 100));
});

test("next and fill are one sequence, and it is seedrandom's", () => {
  const stream = purposeStream(5, "x");
  const block = new Float64Array(64);
  const head = [stream.next(), stream.next()];
  stream.fill(block, 64);
  assert.deepEqual([...head, ...block], [...take(5, "x", 66)]);
  const reference = xor128("abc", { state: true });
  const state = reference.state();
  const first = [reference(), reference(), reference()];
  // The recurrence by hand, from Marsaglia's paper.
  let { x, y, z, w } = state;
  const byHand = first.map(() => {
    const t = x ^ (x << 11);
    [x, y, z] = [y, z, w];
    w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
    return (w >>> 0) / 2 ** 32;
  });
  assert.deepEqual(first, byHand);
});

test("uniform in mean, spread and bits, and streams with related names do not cancel out", () => {
  const n = 100_000;
  const names = ["r1 a", "r1 b", "r2 a", "r2 b"];
  const draws = names.map((name) => take(1, name, n));
  for (const values of draws) {
    const mean = values.reduce((sum, u) => sum + u, 0) / n;
    const square = values.reduce((sum, u) => sum + u * u, 0) / n;
    assert.ok(Math.abs(mean - 0.5) < 4 * Math.sqrt(1 / 12 / n));
    assert.ok(Math.abs(square - 1 / 3) < 4 * Math.sqrt(4 / 45 / n));
    assert.ok(values.every((u) => u >= 0 && u < 1));
  }
  const words = draws.map((values) => Uint32Array.from(values, (u) => u * 2 ** 32));
  const cancelled = words[0]!.reduce(
    (count, w, i) => count + ((w ^ words[1]![i]! ^ words[2]![i]! ^ words[3]![i]!) === 0 ? 1 : 0),
    0,
  );
  assert.ok(cancelled <= 2, `${cancelled} of ${n}`);
});

test("cutting draws into blocks differently gives the same sequence", () => {
  const draw = (cuts: readonly number[]) => {
    const next = blockDraw(createLaw({ kind: "exponential", mean: 1 }), purposeStream(3, "blocks"));
    return cuts.flatMap((count) => [...next(count).subarray(0, count)]);
  };
  assert.deepEqual(draw([1000]), draw([1, 2, 500, 497]));
});
