import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { distinct, jobValues, type SweepJob, shardOf } from "../../../simulator/sweep/job.ts";

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
