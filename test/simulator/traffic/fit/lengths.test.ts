import assert from "node:assert/strict";
import test from "node:test";
import { createLaw } from "../../../../simulator/random/laws/index.ts";
import { fitCorrelation, fitLengths } from "../../../../simulator/traffic/fit/lengths.ts";

const quantilesOf = (law: ReturnType<typeof createLaw>, rows: number) =>
  Int32Array.from({ length: rows }, (_, i) => Math.round(law.quantile((i + 0.5) / rows)));

test("a lognormal where it is one, a table where lengths pile up at a limit", () => {
  const lognormal = fitLengths(quantilesOf(createLaw({ kind: "lognormal", mean: 1200, cv: 0.8 }), 5000))!;
  assert.equal(lognormal.name, "lognormal");
  assert.ok(lognormal.passes);
  const piled = quantilesOf(createLaw({ kind: "lognormal", mean: 1200, cv: 0.8 }), 5000).map((t) => Math.min(t, 1500));
  const table = fitLengths(piled)!;
  assert.deepEqual([table.name, table.passes], ["table of quantiles", true]);
  assert.equal(createLaw(table.spec).quantile(0.95), 1500);
  assert.equal(fitLengths(Int32Array.of(-1, -1)), undefined);
});

test("correlation of the scores; as good as none is left out", () => {
  const x = Int32Array.from({ length: 1000 }, (_, i) => i);
  assert.ok(fitCorrelation(x, x)! > 0.99);
  assert.equal(
    fitCorrelation(
      x,
      x.map((value) => (value * 7919) % 1009),
    ),
    undefined,
  );
});
