import assert from "node:assert/strict";
import { test } from "node:test";
import { placed, replicationPoints, unbeaten } from "../../../../reports/charts/parts/frontier-layers.ts";
import { EDGES, fixture } from "../../fixture.ts";

test("only strategies with both a cost and a latency are placed", () => {
  assert.equal(placed(fixture()).length, 8);
  assert.equal(placed(EDGES["nothing served"]!).length, 0);
});

test("the line falls: along the line a higher cost has a lower p95, strictly", () => {
  const line = unbeaten(placed(fixture()));
  assert.ok(line.length > 1);
  line.slice(1).forEach((point, at) => {
    assert.ok(point.usd > line[at]!.usd && point.ms < line[at]!.ms);
  });
});

test("ties in both are beaten by the first only", () => {
  const [first] = placed(fixture());
  const twin = { ...first!, index: 99 };
  assert.deepEqual(unbeaten([twin, first!]), [first]);
});

test("replications without a served request are not drawn", () => {
  const result = fixture();
  const [strategy] = result.strategies;
  const [one, ...rest] = strategy!.replications;
  assert.equal(
    replicationPoints({ ...strategy!, replications: [{ ...one!, e2eMsP95: null }, ...rest] }, result).length,
    9,
  );
});
