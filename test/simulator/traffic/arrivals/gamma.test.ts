import assert from "node:assert/strict";
import test from "node:test";
import { arrivalSchema } from "../../../../simulator/traffic/arrivals/index.ts";
import { arrivalsOf, gapMoments } from "../pull.ts";

test("gamma: rate and burstiness as asked", () => {
  const n = 400_000;
  for (const asked of [0.5, 1, 3]) {
    const { mean, cv } = gapMoments(arrivalsOf({ gamma: { rate: "20/s", cv: asked } }, n));
    assert.ok(Math.abs(mean / 50 - 1) < (4 * asked) / Math.sqrt(n), `mean ${mean} at cv ${asked}`);
    assert.ok(Math.abs(cv / asked - 1) < 0.03, `cv ${cv}, asked ${asked}`);
  }
});

test("a cv of zero is refused in words", () => {
  const { error } = arrivalSchema.safeParse({ gamma: { rate: "1/s", cv: 0 } });
  assert.match(String(error), /cv must be between 0\.01 and 20/);
});
