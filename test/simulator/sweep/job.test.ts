import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  distinct,
  gridValues,
  jobValues,
  parseRange,
  type SweepJob,
  shardOf,
  valueAt,
} from "../../../simulator/sweep/job.ts";

const jobs: readonly SweepJob[] = ["a", "b", "a", "c", "d", "e"].map((key, i) => ({ key, values: [i] }));

describe("jobs of a sweep", () => {
  it("with equal keys are one", () => {
    assert.deepEqual(
      distinct(jobs).map(({ key }) => key),
      ["a", "b", "c", "d", "e"],
    );
  });

  it("are cut into parts that meet nowhere and leave nothing out", () => {
    for (const count of [1, 2, 3, 7]) {
      const parts = Array.from({ length: count }, (_, index) => shardOf(jobs, index, count).map(({ key }) => key));
      assert.deepEqual(parts.flat().sort(), ["a", "b", "c", "d", "e"], `${count} parts`);
      const sizes = parts.map((part) => part.length);
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
    }
  });

  it("write what is left as it is as null", () => assert.deepEqual(jobValues([1, undefined]), [1, null]));
});

describe("factors", () => {
  it("read ranges with steps, units and a logarithm", () => {
    assert.deepEqual(gridValues(parseRange("a", "0.5..4x8")!), [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]);
    assert.deepEqual(gridValues(parseRange("a", "100k..400k x3")!), ["100k", "250k", "400k"]);
    assert.deepEqual(gridValues(parseRange("a", "1s..100s x3 log")!), ["1s", "10s", "100s"]);
    assert.deepEqual(gridValues(parseRange("a", "5s..1m x2")!), ["5s", "60s"]);
    assert.deepEqual(gridValues(parseRange("a", "0..4k x3")!), ["0k", "2k", "4k"]);
    assert.deepEqual(gridValues(parseRange("a", "500k..2M x2")!), ["500k", "2000k"]);
    assert.equal(parseRange("a", "0..1")!.steps, 8);
    assert.deepEqual(gridValues(parseRange("a", "-1..1x3")!), [-1, 0, 1]);
  });

  it("write numbers without the noise of binary fractions", () => {
    assert.deepEqual(gridValues(parseRange("a", "0.1..0.4x4")!), [0.1, 0.2, 0.3, 0.4]);
  });

  it("leave what is not a range to YAML, and refuse ranges that are none", () => {
    for (const text of ["500k", "[1, 2]", "a..b", "../x"]) assert.equal(parseRange("a", text), undefined, text);
    for (const text of ["1..", "1...2", "2s..x"]) assert.throws(() => parseRange("a", text), /SWEEP_RANGE/, text);
    assert.throws(() => parseRange("a", "1k..2s"), /different units/);
    assert.throws(() => parseRange("a", "2..2"), /not a range/);
    assert.throws(() => parseRange("a", "0..4 log"), /cannot be logarithmic/);
    assert.throws(() => parseRange("a", "0..4x1"), /1 steps/);
  });

  it("take a list by position", () => {
    const factor = { kind: "list", path: "a", values: ["x", "y", "z"] } as const;
    assert.deepEqual(
      [0, 0.34, 0.99, 1].map((at) => valueAt(factor, at)),
      ["x", "y", "z", "z"],
    );
  });
});
