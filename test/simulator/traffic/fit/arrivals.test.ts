import assert from "node:assert/strict";
import test from "node:test";
import { loadTrace } from "../../../../scripts/io/traces.ts";
import { windowRates } from "../../../../simulator/traffic/describe.ts";
import { distanceOf, fitArrivals, simulate } from "../../../../simulator/traffic/fit/arrivals.ts";

const timesOf = async (name: string): Promise<Float64Array> => {
  const { recording } = await loadTrace(name, ".");
  assert.ok(recording.kind === "trace");
  return recording.columns.arrivalMs;
};

test("code completions: the fit has their bursts and silences, and Poisson is told to fail", async () => {
  const fits = fitArrivals(await timesOf("azure-code-2023"), undefined);
  const [chosen] = fits;
  assert.ok(chosen!.passes);
  const made = windowRates(simulate(chosen!.spec, 20 * 3_436_000), 1);
  assert.ok(Math.abs(made.emptyShare - 0.73) < 0.05, String(made.emptyShare));
  assert.ok(made.requestsMax > 40);
  assert.equal(fits.find(({ name }) => name === "Poisson")!.passes, false);
});

test("conversations: CV and dispersion; a Poisson process is recognised for what it is", async () => {
  const [chosen] = fitArrivals(await timesOf("azure-conv-2023"), undefined);
  const cv = chosen!.comparisons.find(({ name }) => name.startsWith("CV"))!;
  assert.ok(Math.abs(cv.fitted - 1.09) < 0.05, String(cv.fitted));
  for (const each of chosen!.comparisons.filter(({ name }) => name.startsWith("dispersion"))) {
    assert.ok(Math.abs(each.fitted / each.recorded - 1) < 0.25, each.name);
  }
  const [simple] = fitArrivals(simulate({ process: "poisson", ratePerS: 3 }, 900_000), undefined);
  assert.deepEqual([simple!.name, simple!.passes], ["Poisson", true]);
});

test("the distance of two samples", () => {
  assert.equal(distanceOf(Float64Array.of(1, 2, 3, 4), Float64Array.of(1, 2, 3, 4)), 0);
  assert.equal(distanceOf(Float64Array.of(1, 2), Float64Array.of(3, 4)), 1);
  assert.equal(distanceOf(Float64Array.of(1, 3), Float64Array.of(2, 4)), 0.5);
});
