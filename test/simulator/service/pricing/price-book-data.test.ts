import assert from "node:assert/strict";
import { test } from "node:test";
import { priceBookDataSchema } from "../../../../simulator/service/pricing/price-book-data.ts";
import { BOOK_DATA } from "./fixtures.ts";

test("the bundled prices have their shape, and the rules become numbers", () => {
  assert.equal(BOOK_DATA.prices.length, 613);
  assert.equal(BOOK_DATA.rulesObserved.priority, 1.75);
  assert.equal(BOOK_DATA.rulesObserved.batch, 0.5);
  assert.equal(BOOK_DATA.rulesObserved.novaCacheWrite, 0);
});

test("no key is priced twice", () => {
  const names = BOOK_DATA.prices.map((row) => [row.model, row.region, row.tier, row.routing].join("/"));
  assert.equal(new Set(names).size, names.length);
});

test("a negative price or a rule without a number is refused", () => {
  const [row] = BOOK_DATA.prices;
  assert.equal(priceBookDataSchema().safeParse({ ...BOOK_DATA, prices: [{ ...row, input: -1 }] }).success, false);
  const rulesObserved = { ...BOOK_DATA.rulesObserved, batch: "half" };
  assert.equal(priceBookDataSchema().safeParse({ ...BOOK_DATA, rulesObserved }).success, false);
});
