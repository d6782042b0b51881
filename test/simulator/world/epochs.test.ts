import assert from "node:assert/strict";
import { it } from "node:test";
import { Epochs } from "../../../simulator/world/epochs.ts";

it("an instant belongs to the epoch that began last, and one step may pass several", () => {
  const epochs = new Epochs(Float64Array.of(0, 10, 20, 40));
  const ms = [0, 9.9, 10, 45, 1e9];
  assert.deepEqual(
    ms.map((each) => epochs.at(each)),
    [0, 0, 1, 3, 3],
  );
  assert.equal(epochs.nextMs, Number.POSITIVE_INFINITY);
  assert.equal(new Epochs(new Float64Array(0)).at(5), 0, "without prices there is one");
});
