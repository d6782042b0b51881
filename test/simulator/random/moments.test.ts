import test from "node:test";
import { momentsOf } from "../../../simulator/random/moments.ts";
import { near } from "./check-law.ts";

test("moments from quantiles: exponential and uniform", () => {
  const exponential = momentsOf((u) => -Math.log1p(-u));
  near(exponential.mean, 1, 1e-9, "mean");
  near(exponential.variance, 1, 1e-7, "variance");
  const uniform = momentsOf((u) => u);
  near(uniform.mean, 0.5, 1e-12, "mean");
  near(uniform.variance, 1 / 12, 1e-12, "variance");
});
