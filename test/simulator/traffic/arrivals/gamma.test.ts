import assert from "node:assert/strict";
import test from "node:test";
import { gamma } from "../../../../simulator/traffic/arrivals/gamma.ts";
import { arrivalSchema } from "../../../../simulator/traffic/arrivals/index.ts";
import { arrivalsOf, gapMoments } from "../pull.ts";

test("gamma: rate and burstiness as given", () => {
  const n = 400_000;
  for (const wanted of [0.5, 1, 3]) {
    const { mean, cv } = gapMoments(arrivalsOf({ gamma: { rate: "20/s", cv: wanted } }, n));
    assert.ok(Math.abs(mean / 50 - 1) < (4 * wanted) / Math.sqrt(n), `mean ${mean} at cv ${wanted}`);
    assert.ok(Math.abs(cv / wanted - 1) < 0.03, `cv ${cv}, wanted ${wanted}`);
  }
});

test("a cv of zero is refused with its limits", () => {
  const { error } = arrivalSchema.safeParse({ gamma: { rate: "1/s", cv: 0 } });
  assert.match(String(error), /cv must be between 0\.01 and 20/);
});

test("gamma: the YAML form becomes a plain spec in ms and requests per second", () => {
  assert.deepEqual(gamma.schema.parse({ rate: "20/s", cv: 3 }), { process: "gamma", ratePerS: 20, cv: 3 });
});
