import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkOverrides,
  findOverride,
  type RecordedPrice,
  recordedFactors,
  rowsFor,
} from "../../../../simulator/service/pricing/price-overrides.ts";
import { standardKey } from "./fixtures.ts";

const general = { model: "sonnet", input: 1, output: 2 };
const regional = { model: "sonnet", region: "r1", input: 3, output: 4 };
const byId = { model: "acme.model-1", region: "r2", input: 5, output: 6 };

test("the most specific override wins, whatever the order", () => {
  const key = standardKey("sonnet", "r1");
  assert.equal(findOverride([general, regional], key, "acme.model-1", "standard"), regional);
  assert.equal(findOverride([regional, general], key, "acme.model-1", "standard"), regional);
  assert.equal(findOverride([regional, general], standardKey("sonnet", "r9"), "x", "standard"), general);
});

test("an override names the model by the scenario's name or by id", () => {
  assert.equal(findOverride([byId], standardKey("sonnet", "r2"), "acme.model-1", "standard"), byId);
  assert.equal(findOverride([byId], standardKey("haiku", "r2"), "acme.model-2", "standard"), undefined);
});

test("an override without tier is for the standard tier", () => {
  assert.equal(findOverride([general], standardKey("sonnet", "r1"), "x", "batch"), undefined);
});

test("stating the same price twice is refused with both places", () => {
  assert.doesNotThrow(() => checkOverrides([general, regional]));
  assert.throws(
    () => checkOverrides([general, regional, { ...general, tier: "standard" }]),
    /overrides\[2\].*overrides\[0\]/,
  );
});

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
