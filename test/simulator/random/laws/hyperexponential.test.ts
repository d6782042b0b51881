import assert from "node:assert/strict";
import test from "node:test";
import { hyperexponential } from "../../../../simulator/random/laws/hyperexponential.ts";
import { lawSchema } from "../../../../simulator/random/laws/index.ts";
import { checkLaw } from "../check-law.ts";

test("hyperexponential: a mixture of exponentials", () => {
  checkLaw(hyperexponential.create({ kind: "hyperexponential", p: [0.9, 0.1], means: [500, 5500] }), {
    cdf: (x) => -0.9 * Math.expm1(-x / 500) - 0.1 * Math.expm1(-x / 5500),
    mean: 1000,
    variance: 2 * (0.9 * 500 ** 2 + 0.1 * 5500 ** 2) - 1000 ** 2,
  });
});

test("probabilities that do not sum to 1 are refused with their sum", () => {
  const spec = { hyperexponential: { p: [0.9, 0.2], means: ["1s", "2s"] } };
  assert.match(String(lawSchema("durationMs").safeParse(spec).error?.message), /p must sum to 1, not 1\.1/);
});
