import assert from "node:assert/strict";
import test from "node:test";
import { createLaw } from "../../../simulator/random/laws/index.ts";
import { purposeStream } from "../../../simulator/random/streams.ts";
import { renewalProcess } from "../../../simulator/traffic/renewal-process.ts";

test("the first arrival comes after one gap, and sums go on over calls", () => {
  const process = renewalProcess(createLaw({ kind: "constant", value: 4 }), (name) => purposeStream(1, name));
  const times = new Float64Array(5);
  const rows = new Int32Array(5);
  assert.equal(process.fill(times, 0, 2, rows), 2);
  assert.equal(process.fill(times, 2, 5, rows), 5);
  assert.deepEqual([...times], [4, 8, 12, 16, 20]);
});

test("an infinite mean gap gives no arrivals", () => {
  const never = createLaw({ kind: "exponential", mean: Number.POSITIVE_INFINITY });
  const process = renewalProcess(never, (name) => purposeStream(1, name));
  assert.equal(process.fill(new Float64Array(5), 2, 5, new Int32Array(5)), 2);
});
