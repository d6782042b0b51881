import assert from "node:assert/strict";
import test from "node:test";
import { steps } from "../../../../simulator/traffic/arrivals/steps.ts";
import { arrivalsUntil } from "../pull.ts";

test("steps: each has its share of the mean rate, and they come again", () => {
  const form = { rate: "10/s", step: "100s", weights: [1, 4, 0, 3] };
  const times = arrivalsUntil({ steps: form }, 800_000);
  const counts = Array.from({ length: 8 }, (_, i) => times.filter((ms) => Math.floor(ms / 100_000) === i).length);
  // Mean 2 a step: 500, 2000, 0 and 1500 requests.
  counts.forEach((count, i) => {
    const expected = [500, 2000, 0, 1500][i % 4]!;
    assert.ok(Math.abs(count - expected) <= 4.5 * Math.sqrt(expected), `${count} in step ${i}`);
  });
  const spec = { process: "steps", ratePerS: 10, stepMs: 100_000, weights: form.weights, cv: 1 };
  assert.deepEqual(steps.schema.parse(form), spec);
  assert.throws(() => steps.schema.parse({ ...form, weights: [0] }), /above 0/);
});
