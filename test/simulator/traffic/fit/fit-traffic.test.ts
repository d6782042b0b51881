import assert from "node:assert/strict";
import test from "node:test";
import { simulate } from "../../../../simulator/traffic/fit/arrivals.ts";
import { fitTraffic } from "../../../../simulator/traffic/fit/fit-traffic.ts";

test("one process can be asked for, and is judged as in the choice", () => {
  const arrivalMs = simulate({ process: "gamma", ratePerS: 1, cv: 4 }, 900_000);
  const tokens = new Int32Array(arrivalMs.length).fill(100);
  const columns = { arrivalMs, inputTokens: tokens, outputTokens: tokens };
  const [chosen] = fitTraffic(columns)!.classes;
  const [only] = fitTraffic(columns, "poisson")!.classes;
  assert.deepEqual(only!.arrivals, [chosen!.arrivals.find(({ name }) => name === "Poisson")]);
  assert.equal(only!.passes, false);
  assert.throws(() => fitTraffic(columns, "diurnal"), /TRAFFIC_PROCESS {2}--process diurnal/);
});

test("large tenants are fitted on their own, each with its own burstiness, small ones together", () => {
  const steady = simulate({ process: "poisson", ratePerS: 1 }, 900_000);
  const bursty = simulate({ process: "gamma", ratePerS: 1, cv: 4 }, 900_000);
  const rows = [...Array.from(steady, (ms) => [ms, 0]), ...Array.from(bursty, (ms) => [ms, 1])].sort(
    (a, b) => a[0]! - b[0]!,
  );
  const tokens = Int32Array.from(rows, (_, i) => 100 + (i % 50));
  const fit = fitTraffic({
    arrivalMs: Float64Array.from(rows, ([ms]) => ms!),
    inputTokens: tokens,
    outputTokens: tokens,
    tenantIndex: Uint16Array.from(rows, ([, tenant]) => tenant!),
    tenantNames: ["steady", "bursty"],
  })!;
  assert.deepEqual(new Set(fit.classes.map(({ name }) => name)), new Set(["steady", "bursty"]));
  assert.equal(fit.classes.find(({ name }) => name === "steady")!.arrivals[0]!.name, "Poisson");
  assert.notEqual(fit.classes.find(({ name }) => name === "bursty")!.arrivals[0]!.name, "Poisson");
  assert.equal(fitTraffic({ arrivalMs: Float64Array.of(1), inputTokens: tokens, outputTokens: tokens }), undefined);
});
