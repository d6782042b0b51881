import test from "node:test";
import { lawSchema } from "../../../../simulator/random/laws/index.ts";
import { type ParetoSpec, pareto } from "../../../../simulator/random/laws/pareto.ts";
import { checkLaw, near } from "../check-law.ts";

test("bounded pareto with alpha 3: moments by hand", () => {
  const [min, max] = [2, 10];
  const mass = 1 - (min / max) ** 3;
  const mean = (3 * min ** 3 * (min ** -2 - max ** -2)) / (2 * mass);
  const square = (3 * min ** 3 * (1 / min - 1 / max)) / mass;
  checkLaw(pareto.create({ kind: "pareto", alpha: 3, min, max }), {
    cdf: (x) => (1 - (min / x) ** 3) / mass,
    mean,
    variance: square - mean * mean,
  });
});

test("bounded pareto with alpha 1: the mean is a logarithm", () => {
  const law = pareto.create({ kind: "pareto", alpha: 1, min: 1, max: 100 });
  near(law.mean, Math.log(100) / 0.99, 1e-9, "mean");
});

test("a pareto given by its mean has that mean", () => {
  const spec = lawSchema("durationMs").parse({ pareto: { alpha: 1.3, mean: "1s", max: "10m" } }) as ParetoSpec;
  near(pareto.create(spec).mean, 1000, 1e-9, "mean");
});
