import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { kindOfFile } from "../../../scripts/bill/import-bill.ts";
import { loadPriceList } from "../../../scripts/bill/price-list-file.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { readPriceList } from "../../../simulator/bill/price-list.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-"));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const PRICES = { input: "0.0009000000", output: "0.0032000000" };
const product = (kind: "input" | "output") => ({
  attributes: {
    usagetype: `USE1-NovaPro-${kind}-tokens`,
    regionCode: "us-east-1",
    servicename: "Amazon Bedrock",
    model: "Nova Pro",
  },
});
const term = (kind: "input" | "output") => ({
  [`${kind}.J`]: {
    priceDimensions: { x: { unit: "1K tokens", beginRange: "0", pricePerUnit: { USD: PRICES[kind] } } },
  },
});
const json = file(
  "index.json",
  JSON.stringify({
    offerCode: "AmazonBedrock",
    publicationDate: "2026-11-15T00:00:00Z",
    products: { input: product("input"), output: product("output") },
    terms: { OnDemand: { input: term("input"), output: term("output") } },
  }),
);
// As the bulk API writes it: what stands above the products first, columns with and without spaces.
const row = (kind: "input" | "output") =>
  `"${kind}","J","${kind}.J.X","OnDemand","a price, in words","0","Inf","1K tokens","${PRICES[kind]}","USD","us-east-1","USE1-NovaPro-${kind}-tokens","Amazon Bedrock","Nova Pro"`;
const csv = file(
  "index.csv",
  [
    '"FormatVersion","v1.0"',
    '"Disclaimer","For information, only."',
    '"Publication Date","2026-11-15T00:00:00Z"',
    '"Version","20261115"',
    '"OfferCode","AmazonBedrock"',
    '"SKU","OfferTermCode","RateCode","TermType","PriceDescription","StartingRange","EndingRange","Unit","PricePerUnit","Currency","Region Code","usageType","serviceName","Model"',
    row("input"),
    row("output"),
    "",
  ].join("\r\n"),
);
const names = { idOf: (name: string) => (name === "Nova Pro" ? "amazon.nova-pro-v1:0" : undefined) };

it("reads the bulk API's CSV as its JSON, and knows both among files to import", async () => {
  const [ofJson, ofCsv] = [await loadPriceList(json), await loadPriceList(csv)].map((value) =>
    readPriceList(value, "x", names),
  );
  assert.deepEqual(ofCsv, ofJson);
  const [found] = ofCsv!.rows;
  assert.deepEqual([found!.input, found!.output, ofCsv!.asOf], [0.9, 3.2, "2026-11-15"]);
  assert.deepEqual([await kindOfFile(json), await kindOfFile(csv)], ["price list", "price list"]);
});

it("names a file that is neither", async () => {
  await assert.rejects(loadPriceList(file("a.txt", "prices")), MeridianError);
  await assert.rejects(loadPriceList(join(folder, "none.json")), /PRICE_LIST_UNREADABLE/);
  const other = join(folder, "other.csv");
  writeFileSync(other, "secret,columns\n1,2\n");
  await assert.rejects(loadPriceList(other), (error: Error) => {
    assert.match(error.message, /neither JSON nor the CSV of a price list/);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
  assert.throws(() => readPriceList({ offerCode: "x" }, "x", names), /PRICE_LIST_FORMAT/);
});
