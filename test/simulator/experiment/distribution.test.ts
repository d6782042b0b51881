import assert from "node:assert/strict";
import { test } from "node:test";
import { BUCKETS, bucketOf } from "../../../simulator/engine/histogram.ts";
import { distribution } from "../../../simulator/experiment/distribution.ts";

test("the pooled shares of two replications, to the last request, within a bucket of the truth", () => {
  const counts = [new Uint32Array(BUCKETS), new Uint32Array(BUCKETS)];
  // 1 ... 20,000 ms, every other one in each replication: the share below x is x / 20,000.
  for (let ms = 1; ms <= 20_000; ms++) counts[ms % 2]![bucketOf(ms)]!++;
  const points = distribution(counts);
  assert.ok(points.length >= 200 && points.length < 1000, String(points.length));
  assert.equal(points.at(-1)!.share, 1);
  points.forEach(({ ms, share }, at) => {
    assert.ok(Math.abs(share - ms / 20_000) <= 0.01, `${ms} ms: ${share}`);
    if (at > 0) assert.ok(ms > points[at - 1]!.ms && share > points[at - 1]!.share);
  });
});

test("nothing served, no points", () => assert.deepEqual(distribution([new Uint32Array(BUCKETS)]), []));
