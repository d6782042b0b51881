import assert from "node:assert/strict";
import { test } from "node:test";
import { drawByWeight, fewestInFlight, isEligible } from "../../../simulator/client/pick.ts";
import { contextOf, viewOf } from "../strategies/fixtures.ts";

const context = contextOf("a", "b", "c");

test("a target is eligible when it is in the used part of the list", () => {
  const view = viewOf(context, [0, 2]);
  assert.deepEqual(
    [0, 1, 2].map((target) => isEligible(view, target)),
    [true, false, true],
  );
});

test("the fewest in flight, first among equals, without the one to avoid unless it is alone", () => {
  const view = viewOf(context);
  view.inFlight.set([2, 1, 1]);
  assert.equal(fewestInFlight(view), 1);
  assert.equal(fewestInFlight(view, 1), 2);
  assert.equal(fewestInFlight(viewOf(context, [1]), 1), 1);
});

test("a draw falls to targets in proportion to their weights, evenly without any", () => {
  const view = viewOf(context);
  const weights = Float64Array.of(1, 0, 3);
  assert.deepEqual(
    [0, 0.2499, 0.2501, 0.9999].map((u) => drawByWeight(view, weights, u)),
    [0, 0, 2, 2],
  );
  assert.deepEqual(
    [0.3, 0.34, 0.7].map((u) => drawByWeight(view, new Float64Array(3), u)),
    [0, 1, 2],
  );
});
