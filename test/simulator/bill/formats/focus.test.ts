import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFocus, readFocus } from "../../../../simulator/bill/formats/focus.ts";
import { formatDecimal } from "../../../../simulator/bill/usd.ts";
import { problemsOf } from "./tables.ts";

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

describe("FOCUS", () => {
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

  it("refuses a category that it does not know", () => {
    assert.match(
      problemsOf(() => read(row("Gift"))),
      /a\.csv:2: ChargeCategory is unknown: "Gift"/,
    );
  });
});
