import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createLaw, type LawSpec } from "../../../simulator/random/laws/index.ts";
import {
  compileBlockSampler,
  compileSampler,
  cumulativeShares,
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
