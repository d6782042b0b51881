import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { purposeStream } from "../../../simulator/random/sampler.ts";
import { judge } from "../../../simulator/validate/equivalence.ts";
import {
  createQuantileColumn,
  type PairedQuantity,
  pairedIntervals,
} from "../../../simulator/validate/paired-intervals.ts";
import { budget } from "../../budget.ts";
import { autoregressive, normals, quantileFigure, ratioFigure, uniforms } from "./synthetic.ts";

const MARGIN = 0.05;
const RESAMPLES = budget(200, 100);

/** p95 of lognormal latencies that are alike in time, on both sides up to noise of their own; the ratio is known. */
function pairs(n: number, ratio: number, seed: number, noise = 0.1): PairedQuantity {
  const common = autoregressive(n, 0.7, seed);
  const own = [normals(seed + 10_000), normals(seed + 20_000)] as const;
  const side = (factor: number, draw: () => number) =>
    common.map((value) => factor * 1000 * Math.exp(0.4 * value + noise * draw()));
  return {
    simulated: quantileFigure(side(ratio, own[0]), 0.95),
    measured: quantileFigure(side(1, own[1]), 0.95),
    isRelative: true,
  };
}

function shareOfRuns(runs: number, isHit: (seed: number) => boolean): number {
  let hits = 0;
  for (let seed = 1; seed <= runs; seed++) if (isHit(seed)) hits++;
  return hits / runs;
}

function judged(quantity: PairedQuantity, n: number, seed: number, margin = MARGIN) {
  const how = { resamples: RESAMPLES, random: purposeStream(seed, "test") };
  const { results } = pairedIntervals([quantity], n, how);
  return judge(results[0]!.difference, margin);
}

describe("intervals of paired differences, as tests of equivalence", () => {
  it("call a p95 that is off by just its margin equivalent in at most 5 % of runs", () => {
    for (const [n, ratio] of [
      [600, 1 + MARGIN],
      [600, 1 - MARGIN],
      [2000, 1 + MARGIN],
    ] as const) {
      const wrong = shareOfRuns(200, (seed) => judged(pairs(n, ratio, seed), n, seed) === "equivalent");
      // Standard error 1.5 points.
      assert.ok(wrong <= 0.05 + 0.03, `${n} requests, ratio ${ratio}: ${wrong}`);
    }
  });

  it("call one that is right equivalent most of the time, and never different", () => {
    const outcomes = Array.from({ length: 60 }, (_, i) => judged(pairs(2000, 1, i + 1), 2000, i + 1));
    assert.ok(outcomes.filter((outcome) => outcome === "equivalent").length >= 51, String(outcomes));
    assert.ok(!outcomes.includes("different"));
  });

  it("call one that is off by three margins different", () => {
    const outcomes = Array.from({ length: 30 }, (_, i) => judged(pairs(2000, 1 + 3 * MARGIN, i + 1), 2000, i + 1));
    assert.ok(
      outcomes.every((outcome) => outcome === "different"),
      String(outcomes),
    );
  });

  it("know that neighbours are alike, even where the sides share no draws", () => {
    const n = 2000;
    const ones = Array<number>(n).fill(1);
    // P(x > 0.2533) = 0.4 and P(x > 0.5244) = 0.3: a true difference of just the margin.
    const quantity = (seed: number): PairedQuantity => {
      const side = (limit: number, at: number) => [...autoregressive(n, 0.8, at)].map((x) => (x > limit ? 1 : 0));
      return {
        simulated: ratioFigure(side(0.2533, seed), ones),
        measured: ratioFigure(side(0.5244, seed + 5000), ones),
        isRelative: false,
      };
    };
    // Draws of single requests would be wrong in about a fifth of the runs.
    const wrong = shareOfRuns(150, (seed) => judged(quantity(seed), n, seed, 0.1) === "equivalent");
    assert.ok(wrong <= 0.05 + 0.04, String(wrong));
  });

  it("give exact limits to shares with hardly any events, and blocks to all quantities alike", () => {
    const n = 1800;
    const ones = Array<number>(n).fill(1);
    const none: PairedQuantity = {
      simulated: ratioFigure(Array(n).fill(0), ones),
      measured: ratioFigure(Array(n).fill(0), ones),
      isRelative: false,
    };
    const random = purposeStream(1, "test");
    const { results, blockRequests } = pairedIntervals([none, pairs(n, 1, 3)], n, { resamples: 50, random });
    const { value, low, high } = results[0]!.difference;
    assert.equal(value, 0);
    assert.ok(Math.abs(high - (1 - 0.025 ** (1 / n))) < 1e-6 && low === -high);
    assert.ok(blockRequests >= 1 && blockRequests <= n / 10);
    const same = pairedIntervals([none, pairs(n, 1, 3)], n, { resamples: 50, random: purposeStream(1, "test") });
    assert.deepEqual(same.results, results, "the same seed, the same interval");
  });

  it("have no interval where there is nothing, and none of a part that most resamples miss", () => {
    const n = 200;
    const u = uniforms(3);
    const missing = new Float64Array(n).fill(Number.NaN);
    const one = missing.map((_, i) => (i === 7 ? u() : Number.NaN));
    const quantities = [missing, one].map((values): PairedQuantity => {
      const figure = quantileFigure(values, 0.5);
      return { simulated: figure, measured: figure, isRelative: true };
    });
    const { results } = pairedIntervals(quantities, n, { resamples: 50, random: purposeStream(1, "test") });
    for (const { difference } of results) assert.equal(judge(difference, 1), "too few");
  });
});

/** By the definition: copies as the weights say, sorted, the first that enough are not above. */
function naive(values: readonly number[], weights: readonly number[], share: number): number {
  const copies = values.flatMap((value, i) => (Number.isNaN(value) ? [] : Array<number>(weights[i]!).fill(value)));
  copies.sort((a, b) => a - b);
  return copies.find((_, i) => i + 1 >= share * copies.length - 1e-9) ?? Number.NaN;
}

it("weighted quantiles are those of as many copies, whatever is missing", () => {
  const row = fc.tuple(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(Number.NaN)), fc.nat(3));
  fc.assert(
    fc.property(fc.array(row, { maxLength: 30 }), (rows) => {
      const [values, weights] = [rows.map(([value]) => value), rows.map(([, weight]) => weight)];
      const shares = [0.01, 0.5, 0.95, 1];
      const out = new Float64Array(4);
      const column = createQuantileColumn(values);
      column.at(shares, out, weights);
      assert.deepEqual(
        [...out],
        shares.map((share) => naive(values, weights, share)),
      );
      column.at(shares, out);
      assert.deepEqual(
        [...out],
        shares.map((share) =>
          naive(
            values,
            values.map(() => 1),
            share,
          ),
        ),
      );
      assert.equal(column.count, values.filter((value) => !Number.isNaN(value)).length);
    }),
  );
});
