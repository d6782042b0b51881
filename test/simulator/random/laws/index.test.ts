import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { createLaw, LAWS, type LawSpec, lawSchema } from "../../../../simulator/random/laws/index.ts";

const duration = lawSchema("durationMs");

test("YAML forms become plain specs in ms or counts", () => {
  const cases: [unknown, LawSpec][] = [
    ["1s", { kind: "constant", value: 1000 }],
    [{ constant: "0s" }, { kind: "constant", value: 0 }],
    [{ exponential: { mean: "1s" } }, { kind: "exponential", mean: 1000 }],
    [{ lognormal: { mean: "4s", cv: 1 } }, { kind: "lognormal", mean: 4000, cv: 1 }],
    [{ erlang: { k: 4, mean: "1s" } }, { kind: "erlang", k: 4, mean: 1000 }],
    [{ uniform: { min: "0s", max: "2.5s" } }, { kind: "uniform", min: 0, max: 2500 }],
    [
      { gamma: { mean: "1s", cv: 3 }, clamp: { max: "1m" } },
      { kind: "gamma", mean: 1000, cv: 3, clamp: { max: 60_000 } },
    ],
  ];
  for (const [yaml, spec] of cases) assert.deepEqual(duration.parse(yaml), spec);
  assert.deepEqual(lawSchema("count").parse(1200), { kind: "constant", value: 1200 });
  assert.deepEqual(lawSchema("count").parse("1.2k"), { kind: "constant", value: 1200 });
});

test("mistakes say what and where", () => {
  const message = (yaml: unknown) => String(duration.safeParse(yaml).error?.issues.map((issue) => issue.message));
  assert.match(message({ exponential: { mean: "0s" } }), /mean must be above 0/);
  assert.match(message({ exponentail: { mean: "1s" } }), /Unrecognized key: "exponentail"/);
  assert.match(message({ exponential: { mean: "1s", cv: 2 } }), /Unrecognized key: "cv"/);
  assert.match(message({ erlang: { k: 4, mean: "1s" }, constant: "1s" }), /exactly one of .* not constant and erlang/);
  assert.match(message("soon"), /"soon" is not a duration/);
  assert.match(message({ lognormal: { mean: "1s", cv: 0 } }), /cv must be above 0/);
  assert.match(message({ exponential: { mean: "1s" }, truncate: {} }), /give min, max or both/);
});

test("laws of which no finite values can be drawn are refused, whatever their parameters", () => {
  const refused: [unknown, RegExp][] = [
    [{ lognormal: { mean: "4s", cv: 1e308 } }, /cv must be at most 1000/],
    [{ lognormal: { mean: "4s", cv: 1001 } }, /cv must be at most 1000; write 10 or less/],
    [{ pareto: { alpha: 1e308, mean: "1s", max: "1m" } }, /no finite values can be drawn/],
    [{ pareto: { alpha: 1e-320, min: "1s", max: "1m" } }, /no finite values can be drawn/],
  ];
  for (const [yaml, pattern] of refused) {
    const issues = duration.safeParse(yaml).error?.issues.map((issue) => issue.message);
    assert.match(String(issues), pattern, JSON.stringify(yaml));
  }
  const positive = fc.oneof(fc.double({ min: 1e-3, max: 1000, noNaN: true }), fc.double({ min: 0, noNaN: true }));
  fc.assert(
    fc.property(fc.constantFrom("lognormal", "gamma", "weibull", "pareto"), positive, (name, parameter) => {
      const key = { lognormal: "cv", gamma: "cv", weibull: "shape", pareto: "alpha" }[name]!;
      const rest = name === "pareto" ? { max: "1m" } : {};
      const parsed = duration.safeParse({ [name]: { mean: "1s", [key]: parameter, ...rest } });
      if (!parsed.success) return;
      const law = createLaw(parsed.data);
      for (const u of [2 ** -53, 0.5, 1 - 2 ** -53]) assert.ok(Number.isFinite(law.quantile(u)), law.name);
    }),
  );
});

test("every law has a JSON Schema for editors", () => {
  const schema = JSON.stringify(z.toJSONSchema(duration, { io: "input" }));
  for (const name of Object.keys(LAWS)) assert.match(schema, new RegExp(`"${name}":`));
});

test("every spec survives JSON, and equal specs give one law", () => {
  const spec = duration.parse({ hyperexponential: { p: [0.5, 0.5], means: ["1s", "2s"] } });
  assert.deepEqual(JSON.parse(JSON.stringify(spec)), spec);
  assert.equal(createLaw(spec), createLaw(structuredClone(spec)));
});

test("quantiles ascend and stay finite for every law", () => {
  const positive = fc.double({ min: 0.01, max: 1e6, noNaN: true });
  const cv = fc.double({ min: 0.05, max: 5, noNaN: true });
  const anyLaw: fc.Arbitrary<LawSpec> = fc.oneof(
    positive.map((mean): LawSpec => ({ kind: "exponential", mean })),
    fc.tuple(positive, cv).map(([mean, c]): LawSpec => ({ kind: "lognormal", mean, cv: c })),
    fc.tuple(positive, cv).map(([mean, c]): LawSpec => ({ kind: "gamma", mean, cv: c })),
    fc.tuple(positive, fc.integer({ min: 1, max: 50 })).map(([mean, k]): LawSpec => ({ kind: "erlang", k, mean })),
    fc.tuple(positive, cv).map(([scale, shape]): LawSpec => ({ kind: "weibull", shape: shape + 0.1, scale })),
    fc.tuple(positive, cv).map(([min, alpha]): LawSpec => ({ kind: "pareto", alpha, min, max: min * 100 })),
    fc
      .tuple(positive, positive, fc.double({ min: 0.01, max: 0.99, noNaN: true }))
      .map(([a, b, p]): LawSpec => ({ kind: "hyperexponential", p: [p, 1 - p], means: [a, b] })),
  );
  const uniforms = fc.tuple(
    fc.double({ min: 2 ** -54, max: 1 - 2 ** -53, noNaN: true }),
    fc.double({ min: 2 ** -54, max: 1 - 2 ** -53, noNaN: true }),
  );
  fc.assert(
    fc.property(anyLaw, uniforms, (spec, [a, b]) => {
      const law = createLaw(spec);
      const [low, high] = [law.quantile(Math.min(a, b)), law.quantile(Math.max(a, b))];
      assert.ok(Number.isFinite(high) && low >= 0 && low <= high * (1 + 1e-9), `${law.name}: ${low} then ${high}`);
    }),
    { seed: 1, numRuns: 500 },
  );
});
