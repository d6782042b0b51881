import assert from "node:assert/strict";
import test from "node:test";
import { arrivalSchema } from "../../../../simulator/traffic/arrivals/index.ts";
import { renewal } from "../../../../simulator/traffic/arrivals/renewal.ts";
import { arrivalsOf, gapMoments } from "../pull.ts";

test("renewal: uniform gaps keep their law", () => {
  const { mean, cv } = gapMoments(
    arrivalsOf({ renewal: { interarrival: { uniform: { min: "0s", max: "2.5s" } } } }, 200_000),
  );
  assert.ok(Math.abs(mean / 1250 - 1) < (4 / Math.sqrt(3)) * Math.sqrt(1 / 200_000), `mean ${mean}`);
  assert.ok(Math.abs(cv - 1 / Math.sqrt(3)) < 0.005, `cv ${cv}`);
});

test("gaps that are always zero are refused: they would never end", () => {
  assert.equal(arrivalSchema.safeParse({ renewal: { interarrival: "0s" } }).success, false);
});

test("renewal: the YAML form becomes a plain spec in ms and requests per second", () => {
  assert.deepEqual(renewal.schema.parse({ interarrival: "2s" }), {
    process: "renewal",
    interarrival: { kind: "constant", value: 2000 },
  });
});
