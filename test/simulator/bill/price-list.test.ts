import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { loadReference } from "../../../scripts/io/reference.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { createModelNames } from "../../../simulator/bill/classify.ts";
import { ageDays, readPriceList, staleRows, updateBook } from "../../../simulator/bill/price-list.ts";

const { models, prices } = await loadReference();
const names = createModelNames(models.ids.map((id) => ({ id, name: models.nameOf(id)! })));
const LIST = JSON.parse(readFileSync(join(import.meta.dirname, "fixtures", "price-list.json"), "utf8"));
const imported = readPriceList(LIST, "price-list.json", names);
const HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0";

function rowOf(model: string, region: string, tier: string) {
  const row = imported.rows.find((each) => each.model === model && each.region === region && each.tier === tier);
  assert.ok(row, `${model} ${region} ${tier}`);
  return row;
}

describe("an AWS price list", () => {
  it("gives prices per million tokens whatever unit it counts in", () => {
    const nova = rowOf("amazon.nova-pro-v1:0", "us-east-1", "standard");
    assert.deepEqual([nova.input, nova.output], [0.9, 3.6]);
    assert.deepEqual(rowOf("amazon.nova-pro-v1:0", "us-east-1", "batch").input, 0.45);
    assert.deepEqual([nova.asOf, nova.source], ["2026-11-01", "AWS Price List, AmazonBedrock"]);
  });

  it("takes the product that names its tier, and cache prices with it", () => {
    const haiku = rowOf(HAIKU, "us-east-1", "standard");
    assert.deepEqual([haiku.input, haiku.output, haiku.cacheRead, haiku.cacheWrite1h], [1.1, 5.5, 0.11, 2.2]);
    const global = rowOf(HAIKU, "us-east-1", "global");
    assert.deepEqual([global.input, global.routing], [1, "global"]);
  });

  it("learns a region from the list's own prefixes", () => {
    assert.equal(rowOf("amazon.nova-pro-v1:0", "xx-north-1", "standard").input, 0.95);
  });

  it("says what it left out, and why", () => {
    const left = Object.fromEntries(imported.left.map(({ reason, products }) => [reason, products]));
    assert.equal(left["of a custom model"], 1);
    assert.equal(left["capacity that is paid by the hour"], 1);
    assert.equal(left["no tokens of a text model"], 1);
    assert.equal(left["the model is not in the table of models"], 1);
  });

  it("is refused when it is something else", () => {
    assert.throws(() => readPriceList({ prices: [] }, "x.json", names), MeridianError);
  });
});

describe("a price book of one's own", () => {
  const { book, changes, confirmed } = updateBook(prices, imported);

  it("has the new prices over the old ones, and says what changed", () => {
    const nova = changes.find(({ after }) => after.model.includes("nova-pro") && after.tier === "standard");
    assert.deepEqual([nova?.before?.input, nova?.after.input], [0.8, 0.9]);
    assert.equal(changes.length + confirmed, imported.rows.length);
    assert.equal(book.prices.length, prices.prices.length + changes.filter(({ before }) => !before).length);
  });

  it("is the same after a second import", () => {
    const again = updateBook(book, imported);
    assert.deepEqual(again.book, book);
    assert.deepEqual([again.changes.length, again.gone.length], [0, 0]);
  });

  it("names rows of the offer that a later list lacks", () => {
    const later = updateBook(book, { ...imported, rows: imported.rows.slice(1) });
    assert.deepEqual(later.gone, imported.rows.slice(0, 1));
  });

  it("ages", () => {
    const row = imported.rows[0]!;
    assert.equal(ageDays(row, Date.UTC(2027, 0, 30)), 90);
    assert.equal(ageDays({ ...row, asOf: "2026-11" }, Date.UTC(2026, 10, 3)), 2);
    assert.equal(staleRows(imported.rows, 90, Date.UTC(2027, 0, 30)).length, 0);
    assert.equal(staleRows(imported.rows, 89, Date.UTC(2027, 0, 30)).length, imported.rows.length);
  });
});
