import assert from "node:assert/strict";
import { test } from "node:test";
import normalCdf from "@stdlib/stats-base-dists-normal-cdf";
import { bestOf, knConstants, knSelect, ocbaShares, rinottConstant } from "../../../simulator/compare/selection.ts";
import { purposeStream } from "../../../simulator/random/sampler.ts";
import { budget } from "../../budget.ts";
import { normalFrom } from "./fixtures.ts";

const near = (found: number, wanted: number, relative: number) =>
  assert.ok(Math.abs(found / wanted - 1) <= relative, `${found} is not ${wanted}`);

test("Rinott's constant is that of published tables", () => {
  near(rinottConstant({ k: 2, n0: 20, P: 0.95 }), 2.4525, 5e-4);
  // Ten systems: the definition, with chi-square values drawn as sums of squares.
  const normal = normalFrom(purposeStream(2, "rinott"));
  const chiSquare = () => Array.from({ length: 19 }, normal).reduce((sum, z) => sum + z * z, 0);
  const [drawn, others] = [Array.from({ length: 300 }, chiSquare), Array.from({ length: 300 }, chiSquare)];
  const h = rinottConstant({ k: 10, n0: 20, P: 0.95 });
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const found = mean(
    drawn.map((y) => mean(others.map((x) => normalCdf(h / Math.sqrt(19 * (1 / x + 1 / y)), 0, 1))) ** 9),
  );
  near(found, 0.95, 0.015);
  // Many values: h for two systems becomes sqrt(2) times the normal quantile.
  near(rinottConstant({ k: 2, n0: 4000, P: 0.95 }), Math.SQRT2 * 1.6448536, 2e-3);
});

test("KN's constants are those of its definition", () => {
  const { eta, h2 } = knConstants({ k: 10, n0: 20, alpha: 0.05 });
  near(eta, 0.3029338036492749, 1e-9);
  near(h2, 11.511484538672446, 1e-9);
});

test("KN keeps the best in at least 95 of 100 when it is better by delta, and ends in time", (t) => {
  const random = purposeStream(9, "kn");
  const normal = normalFrom(random);
  const experiments = budget(1000, 200);
  let right = 0;
  for (let e = 0; e < experiments; e++) {
    const common = Array.from({ length: 400 }, normal);
    const values = [10, 9, 10, 10].map((mean) => common.map((each) => mean + each + 1.5 * normal()));
    const { best, atMost, survivors } = knSelect(values, { delta: 1 });
    if (best === 1) right++;
    if (atMost <= 400) assert.equal(survivors.length, 1);
  }
  t.diagnostic(`KN: the best is kept in ${right} of ${experiments}`);
  assert.ok(right / experiments >= 0.95 - 3 * Math.sqrt((0.05 * 0.95) / experiments), `${right} of ${experiments}`);
});

test("OCBA's shares have its two properties", () => {
  const [means, variances] = [
    [1, 1.5, 3, 2],
    [1, 4, 1, 2],
  ];
  const shares = ocbaShares(means, variances);
  near(
    shares.reduce((sum, each) => sum + each, 0),
    1,
    1e-12,
  );
  near(shares[1]! / shares[2]!, 4 / 0.5 ** 2 / (1 / 2 ** 2), 1e-9);
  near(
    shares[0]! ** 2,
    [1, 2, 3].reduce((sum, i) => sum + shares[i]! ** 2 / variances[i]!, 0),
    1e-9,
  );
});

test("the best is named, a difference that does not matter is said to be that, else it is open", () => {
  const base = [1000, 1010, 990, 1005, 995, 1002, 998, 1008, 992, 1000];
  const jitter = (by: number) => base.map((value, i) => value + by + (i % 2 === 0 ? 2 : -2));
  assert.deepEqual(bestOf([base, jitter(50), jitter(80)], 10).answer, "best");
  assert.deepEqual(bestOf([base, jitter(1), jitter(2)], 10).answer, "equal");
  assert.deepEqual(bestOf([base, jitter(1), jitter(2)], 0.5).answer, "open");
  assert.equal(bestOf([jitter(50), base], 1).least, 1);
  assert.equal(bestOf([[1], [2]], 0.5).answer, "open");
});
