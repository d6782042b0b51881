import assert from "node:assert/strict";
import test, { describe, it } from "node:test";
import fc from "fast-check";
import xor128 from "seedrandom/lib/xor128.js";
import { createLaw, type LawSpec } from "../../../simulator/random/laws/index.ts";
import {
  blockDraw,
  compileBlockSampler,
  compileSampler,
  cumulativeShares,
  purposeStream,
  stepSampler,
} from "../../../simulator/random/sampler.ts";
import { near } from "./check-law.ts";

const LAWS: LawSpec[] = [
  { kind: "exponential", mean: 10 },
  { kind: "lognormal", mean: 10, cv: 2 },
  { kind: "gamma", mean: 10, cv: 0.5 },
  { kind: "hyperexponential", p: [0.9, 0.1], means: [5, 55] },
  { kind: "pareto", alpha: 1.5, min: 1, max: 1e6 },
];

describe("compiled laws", () => {
  it("the table agrees with the exact quantile everywhere, at cell edges and in far tails too", () => {
    const anywhere = fc.oneof(
      fc.double({ min: 0, max: 1 - 2 ** -53, noNaN: true }),
      fc.integer({ min: 1, max: 52 }).map((k) => 2 ** -k),
      fc.integer({ min: 1, max: 53 }).map((k) => 1 - 2 ** -k),
      fc.constantFrom(1 / 16, 15 / 16, 0.5, 2 ** -24, 1 - 2 ** -24),
    );
    for (const spec of LAWS) {
      const law = createLaw(spec);
      const sample = compileSampler(law);
      fc.assert(
        fc.property(anywhere, (u) => near(sample(u), law.quantile(Math.max(u, 2 ** -54)), 2e-5, `${law.name} at ${u}`)),
        { seed: 2, numRuns: 400 },
      );
    }
  });

  it("samples ascend with the uniform, so common random numbers keep their order", () => {
    for (const spec of LAWS) {
      const sample = compileSampler(createLaw(spec));
      let previous = 0;
      for (let i = 0; i < 50_000; i++) {
        const value = sample(i / 50_000);
        assert.ok(value >= previous);
        previous = value;
      }
    }
  });

  it("few draws, without a table, give the same values", () => {
    for (const spec of LAWS) {
      const few = compileSampler(createLaw({ ...spec, clamp: { min: 0, max: 1e9 } }), 100);
      const table = compileSampler(createLaw({ ...spec, clamp: { min: 0, max: 1e9 } }));
      assert.notEqual(few, table);
      for (let i = 0; i < 2000; i++) {
        const u = i % 4 === 3 ? ((i * 0.618033988749895) % 1) ** 12 : (i * 0.618033988749895) % 1;
        for (const at of [u, 1 - u]) assert.equal(few(at), table(at), `${spec.kind} at ${at}`);
      }
    }
  });

  it("a block gives the same values as single draws", () => {
    const uniforms = Float64Array.from({ length: 1000 }, (_, i) => (i * 0.618033988749895) % 1);
    const out = new Float64Array(1000);
    for (const spec of [
      ...LAWS,
      { kind: "constant", value: 3 } as const,
      { kind: "uniform", min: 1, max: 2 } as const,
    ]) {
      const law = createLaw(spec);
      const sample = compileSampler(law);
      compileBlockSampler(law)(uniforms, out, 1000);
      assert.deepEqual(out, uniforms.map(sample));
    }
  });

  it("a law without finite quantiles is caught when it is compiled", () => {
    const broken = {
      name: "broken",
      mean: 1,
      variance: 1,
      cdf: () => 0,
      quantile: (u: number) => 1 / (u - 0.5) ** 0 - Math.log(u - u),
    };
    assert.throws(() => compileSampler(broken), /INVARIANT_BROKEN/);
  });
});

describe("discrete values", () => {
  it("agrees with a search from the start, for any weights", () => {
    const weights = fc.array(fc.nat(20), { minLength: 1, maxLength: 50 }).filter((list) => list.some((w) => w > 0));
    fc.assert(
      fc.property(weights, fc.double({ min: 0, max: 1 - 2 ** -53, noNaN: true }), (list, u) => {
        const upTo = cumulativeShares(list);
        const values = Float64Array.from(list, (_, i) => i);
        const found = stepSampler(values, upTo)(u);
        assert.equal(
          found,
          upTo.findIndex((share) => share > u),
        );
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it("cumulative shares end at exactly 1", () => {
    assert.deepEqual([...cumulativeShares([1, 1, 2])], [0.25, 0.5, 1]);
    assert.equal(cumulativeShares([0.1, 0.2, 0.3]).at(-1), 1);
  });
});

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
