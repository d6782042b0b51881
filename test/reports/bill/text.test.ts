import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderBillText } from "../../../reports/bill/text.ts";
import { createModelNames } from "../../../simulator/bill/classify.ts";
import { readCostExplorerConsole } from "../../../simulator/bill/formats/cost-explorer-console.ts";
import { createBill, partsOf, remarksOf, spendBy, spendByFeature } from "../../../simulator/bill/spend.ts";
import { table } from "../../simulator/bill/formats/tables.ts";

describe("a bill in the terminal", () => {
  it("says plainly when the export does not say for what", () => {
    const exported = readCostExplorerConsole(
      table("team,search($),No tag key: team($),Total costs($)\n2026-07-01,3,1,4"),
      "a.csv",
    );
    const bill = createBill(exported, createModelNames([]));
    const text = renderBillText(
      {
        bill,
        parts: partsOf(bill),
        groupings: [
          { dimension: "tag:team", groups: spendBy(bill, "tag:team") },
          { dimension: "model", groups: spendBy(bill, "model") },
        ],
        candidates: [],
        anomalies: [],
        remarks: remarksOf(bill),
        features: spendByFeature(bill),
        teamTag: "team",
      },
      { colour: false, width: 100 },
    );
    const words = text.replaceAll(/\s+/g, " ");
    assert.match(
      words,
      /USD 4\.00 over 1 day \(2026-07-01 to 2026-07-01\), of it USD 4\.00 of usage; 25\.0 % of it has no team; this export does not say for what/,
    );
    assert.match(text, /\(untagged\) +1\.00 +30 +25\.0 %/);
    assert.doesNotMatch(text, /By model/);
  });
});
