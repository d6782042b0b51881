import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { callsOf } from "../../../simulator/calibrate/calls.ts";
import type { Variant } from "../../../simulator/calibrate/candidate-model.ts";
import { estimateParameters } from "../../../simulator/calibrate/estimate-parameters.ts";
import { peakInside } from "../../../simulator/calibrate/fit-calls.ts";
import { drawBlocks, estimatesOf } from "../../../simulator/calibrate/intervals.ts";
import { purposeKey } from "../../../simulator/random/keyed-random.ts";
import { asksOf, callsFrom, FOREIGN } from "./foreign.ts";

describe("blocks of a resample", () => {
  const rows = Array.from({ length: 103 }, (_, i) => 2 * i);

  it("are runs of neighbours, as many rows in all, the same for the same key", () => {
    const drawn = drawBlocks(rows, 20, purposeKey(1, "test/blocks"));
    assert.equal(drawn.length, rows.length);
    drawn.forEach((row, n) => {
      if (n % 20 > 0) assert.equal(row, drawn[n - 1]! + 2, `row ${n}`);
    });
    assert.deepEqual(drawBlocks(rows, 20, purposeKey(1, "test/blocks")), drawn);
    assert.notDeepEqual(drawBlocks(rows, 20, purposeKey(2, "test/blocks")), drawn);
  });

  it("are a quarter of a short series at most; of nothing there is nothing", () => {
    const drawn = drawBlocks(rows.slice(0, 8), 20, purposeKey(1, "test/blocks"));
    for (const n of [1, 3, 5, 7]) assert.equal(drawn[n], drawn[n - 1]! + 2);
    assert.deepEqual(drawBlocks([], 20, 1), []);
  });
});

describe("intervals of parameters", () => {
  const workers = FOREIGN[0]!;
  const calls = callsOf(callsFrom(workers, asksOf(2, workers.perS * 1.2, 500), 52));
  const variant: Variant = { curve: "flat", prompts: "own", counts: "all", applies: "continuously", isWhole: false };
  const fitted = estimateParameters(calls, variant, 10)!;
  const estimates = estimatesOf(calls, variant, fitted, { peak: peakInside(calls) });
  const named = (name: string) => estimates.find((each) => each.name === name)!;

  it("are Student's, on the spread of 16 resamples: t(0.975, 15) is 2.13145 in the tables", () => {
    const values = Array.from({ length: 16 }, (_, sample) => {
      const key = purposeKey(sample, "calibration/blocks");
      return estimateParameters(calls, variant, 10, (rows) => drawBlocks(rows, 20, key))!.perOutputTokenMs;
    });
    const mean = values.reduce((sum, value) => sum + value, 0) / 16;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 15);
    const { value, low, high } = named("output.perToken");
    assert.ok(Math.abs((high - value) / deviation - 2.13145) < 1e-5, `${(high - value) / deviation}`);
    assert.ok(Math.abs(high - value - (value - low)) < 1e-12);
  });

  it("of a value that polishing has moved hold what the calls give, too, and reach as far beyond each", () => {
    const moved = { ...fitted, perOutputTokenMs: fitted.perOutputTokenMs * 0.9 };
    const polished = estimatesOf(calls, variant, moved, { peak: peakInside(calls) });
    const { value, low, high } = polished.find(({ name }) => name === "output.perToken")!;
    const direct = named("output.perToken");
    assert.equal(value, moved.perOutputTokenMs);
    assert.equal(high, direct.high);
    assert.ok(Math.abs(value - low - (direct.value - direct.low)) < 1e-12);
  });

  it("are without bound where there are too few resamples, but never below 0", () => {
    const [, base] = estimatesOf(calls, variant, fitted, { peak: 10, resamples: 1 });
    assert.deepEqual([base!.low, base!.high], [0, Number.POSITIVE_INFINITY]);
  });

  it("of the servers hold the true number, and have no upper end where calls never waited", () => {
    const { low, high } = named("servers");
    assert.ok(low <= 10 && high >= 10, `${low} to ${high}`);
    const unlimited = { ...fitted, servers: Number.POSITIVE_INFINITY };
    const [servers] = estimatesOf(calls, variant, unlimited, { peak: 10, resamples: 1 });
    assert.deepEqual([servers!.low, servers!.high], [10, Number.POSITIVE_INFINITY]);
  });
});
