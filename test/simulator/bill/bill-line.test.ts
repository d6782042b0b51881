import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  type BillLine,
  formatCents,
  formatDecimal,
  ONE,
  parseDecimal,
  sumOf,
  withCreditsBySign,
} from "../../../simulator/bill/bill-line.ts";
import { createModelNames } from "../../../simulator/bill/classify.ts";
import { readCostExplorerApi } from "../../../simulator/bill/formats/cost-explorer-api.ts";
import { readCostExplorerConsole } from "../../../simulator/bill/formats/cost-explorer-console.ts";
import { readCostExplorerLong } from "../../../simulator/bill/formats/cost-explorer-long.ts";
import { readCur } from "../../../simulator/bill/formats/cur.ts";
import { createBill, partsOf, spendBy } from "../../../simulator/bill/spend.ts";
import { table } from "./formats/tables.ts";

describe("exact decimals", () => {
  it("reads what exports write, and nothing else", () => {
    assert.equal(parseDecimal("0.0931806"), 93180600000000000n);
    assert.equal(parseDecimal("-3.30"), -33n * 10n ** 17n);
    assert.equal(parseDecimal("1,234,567.5"), 12345675n * 10n ** 17n);
    assert.equal(parseDecimal(" +7 "), 7n * ONE);
    assert.equal(parseDecimal(".5"), ONE / 2n);
    assert.equal(parseDecimal("1.25E-5"), 125n * 10n ** 11n);
    assert.equal(parseDecimal("2e3"), 2000n * ONE);
    for (const text of ["", ".", "-", "12,34", "0,123", "-0,123", "1.2.3", "0x10", "NaN", "1e999", "$5", "1 000"])
      assert.equal(parseDecimal(text), undefined, text);
  });

  it("refuses digits that it could not keep, rather than round them", () => {
    assert.equal(parseDecimal("0.0000000000000000001"), undefined);
    assert.equal(parseDecimal("0.1000000000000000000"), ONE / 10n);
  });

  it("writes every digit and reads it back", () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 30n), 10n ** 30n), (value) => {
        assert.equal(parseDecimal(formatDecimal(value)), value);
      }),
    );
    assert.equal(formatDecimal(-ONE / 4n), "-0.25");
  });

  it("rounds to cents half away from zero", () => {
    const cents = (text: string) => formatCents(parseDecimal(text)!);
    assert.deepEqual(["1.005", "-1.005", "0.004", "-0.004", "1234567.1"].map(cents), [
      "1.01",
      "-1.01",
      "0.00",
      "0.00",
      "1234567.10",
    ]);
  });

  it("sums without loss where doubles lose", () => {
    assert.equal(formatDecimal(sumOf(["0.1", "0.2", "-0.3"].map((text) => parseDecimal(text)!))), "0");
  });
});

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
