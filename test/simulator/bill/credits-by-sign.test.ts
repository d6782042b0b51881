import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type BillLine, formatDecimal, ONE } from "../../../simulator/bill/bill-line.ts";
import { createModelNames } from "../../../simulator/bill/classify.ts";
import { withCreditsBySign } from "../../../simulator/bill/credits-by-sign.ts";
import { readCostExplorerApi } from "../../../simulator/bill/formats/cost-explorer-api.ts";
import { readCostExplorerConsole } from "../../../simulator/bill/formats/cost-explorer-console.ts";
import { readCostExplorerLong } from "../../../simulator/bill/formats/cost-explorer-long.ts";
import { readCur } from "../../../simulator/bill/formats/cur.ts";
import { createBill, partsOf, spendBy } from "../../../simulator/bill/spend.ts";
import { table } from "./formats/tables.ts";

const LONG = "date,service,usage_type,cost,quantity,usage_unit";
const USAGE = "2026-09-01,Amazon Bedrock,USE1-NovaLite-input-tokens,6,100000,1K tokens";
const CREDIT = "2026-09-01,Amazon Bedrock,USE1-NovaLite-input-tokens,-4,0,1K tokens";

describe("lines below zero of an export without charge types", () => {
  it("are credits, so that tokens keep the price that was paid for them", () => {
    const exported = readCostExplorerLong(table([LONG, USAGE, CREDIT].join("\n")), "a.csv");
    const bill = createBill(exported, createModelNames([{ id: "amazon.nova-lite-v1:0", name: "Nova Lite" }]));
    assert.deepEqual(
      partsOf(bill).map(({ kind, costUsd }) => [kind, formatDecimal(costUsd)]),
      [
        ["usage", "6"],
        ["credit", "-4"],
      ],
    );
    assert.equal(formatDecimal(bill.totalUsd), "2");
    // USD 6 for 100 million tokens; with the credit it would be 0.02.
    const [nova] = spendBy(bill, "model");
    assert.equal(formatDecimal(nova!.effectiveUsdPerMTok.input ?? 0n), "0.06");
    assert.match(exported.notes.join(), /1 line below zero is taken for credits, USD 4\.00 in all/);
  });

  it("are what the export says where it says it", () => {
    const typed = [`${LONG},charge_type`, `${CREDIT},Usage`].join("\n");
    assert.equal(readCostExplorerLong(table(typed), "a.csv").lines[0]!.kind, "usage");
    const cur = "line_item_usage_start_date,line_item_line_item_type,line_item_unblended_cost\n2026-09-01,Usage,-1";
    assert.equal(readCur(table(cur), "a.csv").lines[0]!.kind, "usage");
  });

  it("are found in every form of Cost Explorer, and in a report without line types", () => {
    const cur = "line_item_usage_start_date,line_item_unblended_cost\n2026-09-01,-1";
    assert.equal(readCur(table(cur), "a.csv").lines[0]!.kind, "credit");
    const console = (by: string, group: string) =>
      readCostExplorerConsole(table(`${by},${group}($),Total costs($)\n2026-09-02,-1,-1`), "a.csv").lines[0]!.kind;
    assert.deepEqual([console("Region", "eu-west-1"), console("Charge type", "Usage")], ["credit", "usage"]);
    const answer = (groups: object[], keys: string[]) =>
      readCostExplorerApi(
        {
          GroupDefinitions: groups,
          ResultsByTime: [
            {
              TimePeriod: { Start: "2026-09-01", End: "2026-09-02" },
              Groups: [{ Keys: keys, Metrics: { UnblendedCost: { Amount: "-1", Unit: "USD" } } }],
            },
          ],
        },
        "a.json",
      ).lines[0]!.kind;
    const [region, charge] = ["REGION", "RECORD_TYPE"].map((Key) => ({ Type: "DIMENSION", Key }));
    assert.deepEqual([answer([region!], ["eu-west-1"]), answer([charge!], ["Usage"])], ["credit", "usage"]);
  });

  it("leave an export without them as it is", () => {
    const line = { kind: "usage", costUsd: ONE } as BillLine;
    const exported = { format: "t", view: "t", lines: [line], statedTotalUsd: undefined, costBasis: "t", notes: [] };
    assert.equal(withCreditsBySign(exported), exported);
  });
});
