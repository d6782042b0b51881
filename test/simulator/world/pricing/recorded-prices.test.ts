import assert from "node:assert/strict";
import { test } from "node:test";
import { type RecordedPrice, recordedFactors, rowsFor } from "../../../../simulator/world/pricing/recorded-prices.ts";

const LIST = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 };

function row(atMs: number, more: Partial<RecordedPrice>): RecordedPrice {
  const nothing = { factor: undefined, inputUsdPerMTok: undefined, outputUsdPerMTok: undefined };
  return { atMs, region: "r1", model: undefined, ...nothing, ...more };
}

test("rows that name the model go before rows that do not; time order", () => {
  const rows = [
    row(20, { factor: 2 }),
    row(10, { factor: 1 }),
    row(5, { factor: 9, model: "m" }),
    row(0, { region: "r2" }),
  ];
  assert.deepEqual(
    rowsFor(rows, "r1", ["m"]).map((entry) => entry.factor),
    [9],
  );
  assert.deepEqual(
    rowsFor(rows, "r1", ["other"]).map((entry) => entry.factor),
    [1, 2],
  );
});

test("a row holds from its instant until the next", () => {
  const rows = [row(10, { factor: 1.1 }), row(20, { factor: 1.2 })];
  assert.equal(recordedFactors(rows, 9, LIST), undefined);
  assert.deepEqual(recordedFactors(rows, 10, LIST), { input: 1.1, output: 1.1 });
  assert.deepEqual(recordedFactors(rows, 19, LIST), { input: 1.1, output: 1.1 });
  assert.deepEqual(recordedFactors(rows, 20, LIST), { input: 1.2, output: 1.2 });
});

test("recorded prices become factors for input and output apart", () => {
  const rows = [row(0, { inputUsdPerMTok: 6, outputUsdPerMTok: 7.5 })];
  assert.deepEqual(recordedFactors(rows, 0, LIST), { input: 2, output: 0.5 });
});
