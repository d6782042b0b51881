import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatDecimal, ONE } from "../../../../simulator/bill/bill-line.ts";
import { isFocus, readFocus } from "../../../../simulator/bill/formats/focus.ts";
import { createBill, daysOf, tokenLines } from "../../../../simulator/bill/spend.ts";

const COLUMNS = [
  "BilledCost",
  "ChargeCategory",
  "ChargeClass",
  "ChargePeriodStart",
  "ChargePeriodEnd",
  "ConsumedQuantity",
  "ConsumedUnit",
  "Tags",
];
const row = (category: string, chargeClass = "") => [
  "2.5",
  category,
  chargeClass,
  "2026-09-01T00:00:00Z",
  "2026-09-02T00:00:00Z",
  "3",
  "Units",
  '[["user:team", "search"], ["env", null]]',
];
const read = (...rows: string[][]) => readFocus({ columns: COLUMNS, rows, lineOf: (at) => at + 2 }, "a.csv");

const EXPORT = { format: "focus", view: "focus", statedTotalUsd: undefined, costBasis: "billed", notes: [] };

describe("FOCUS", () => {
  it("as AWS writes it has cost categories beside its tags", () => {
    const columns = [...COLUMNS, "x_CostCategories"];
    const rows = [[...row("Usage"), '{"Unit": "retail"}']];
    const [line] = readFocus({ columns, rows, lineOf: () => 2 }, "a.csv").lines;
    assert.deepEqual(line!.tags, { "category:Unit": "retail", team: "search" });
  });

  it("is read with its categories, corrections and maps as lists of pairs", () => {
    assert.ok(isFocus(COLUMNS) && !isFocus(["BilledCost"]));
    const { lines } = read(
      row("Usage"),
      row("Usage", "Correction"),
      row("Purchase"),
      row("Tax"),
      row("Credit"),
      row("Adjustment"),
    );
    assert.deepEqual(
      lines.map(({ kind }) => kind),
      ["usage", "correction", "commitment", "tax", "credit", "fee"],
    );
    assert.deepEqual(
      [formatDecimal(lines[0]!.costUsd), lines[0]!.tags.team, lines[0]!.unit],
      ["2.5", "search", "Units"],
    );
  });

  it("is read in version 1.2, with columns that 1.0 has not and lines of a month", () => {
    const more = [
      "ServiceName",
      "x_UsageType",
      "RegionId",
      "PricingCurrency",
      "SkuMeter",
      "SkuPriceDetails",
      "InvoiceId",
    ];
    const columns = [...COLUMNS, ...more].toReversed();
    const month = ["12", "Usage", "", "2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z", "3000", "1K tokens", ""];
    const extra = [
      "Amazon Bedrock Service",
      "USE1-NovaPro-mantle-input-tokens-standard",
      "us-east-1",
      "USD",
      "m",
      "{}",
      "1",
    ];
    const { lines } = readFocus({ columns, rows: [[...month, ...extra].toReversed()], lineOf: () => 2 }, "a.csv");
    const bill = createBill({ ...EXPORT, lines }, { idOf: () => undefined });
    const [only] = tokenLines(bill);
    assert.deepEqual([only?.tokenKind, only?.region, only?.tokens], ["input", "us-east-1", 3_000_000n * ONE]);
    assert.equal(daysOf(bill.lines).size, 30);
  });

  it("is priced by the pricing unit where nothing was metered", () => {
    const columns = [...COLUMNS, "PricingQuantity", "PricingUnit"];
    const plain = row("Usage").with(5, "").with(6, "null");
    const { lines } = readFocus({ columns, rows: [[...plain, "7", "1K tokens"]], lineOf: () => 2 }, "a.csv");
    assert.deepEqual([formatDecimal(lines[0]!.quantity!), lines[0]!.unit], ["7", "1K tokens"]);
  });

  it("keeps a category that it does not know apart, with a note", () => {
    const { lines, notes } = read(row("Gift"));
    assert.deepEqual([lines[0]!.kind, notes], ["fee", ['charge category "Gift" is not known: kept apart as a fee']]);
  });
});
