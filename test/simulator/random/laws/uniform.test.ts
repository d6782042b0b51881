import test from "node:test";
import { uniform } from "../../../../simulator/random/laws/uniform.ts";
import { checkLaw } from "../check-law.ts";

test("uniform: (x - a) / (b - a)", () => {
  checkLaw(uniform.create({ kind: "uniform", min: 0, max: 2500 }), {
    cdf: (x) => x / 2500,
    mean: 1250,
    variance: 2500 ** 2 / 12,
  });
});
