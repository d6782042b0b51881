import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { certainty } from "../../../reports/bill/certainty.ts";
import { headline, renderBillText } from "../../../reports/bill/text.ts";
import { sumOf } from "../../../simulator/bill/bill-line.ts";
import { createModelNames } from "../../../simulator/bill/classify.ts";
import { readCostExplorerApi } from "../../../simulator/bill/formats/cost-explorer-api.ts";
import { readCostExplorerConsole } from "../../../simulator/bill/formats/cost-explorer-console.ts";
import { createBill, partsOf, remarksOf, spendBy, spendByFeature, usageLines } from "../../../simulator/bill/spend.ts";
import { table } from "../../simulator/bill/formats/tables.ts";

const ROW = { Start: "2028-02-01", End: "2028-02-02" };
/** The headline of one day grouped by usage type and charge type. */
function headlineOf(rows: readonly (readonly [usageType: string, charge: string, usd: string])[]): string {
  const GroupDefinitions = ["USAGE_TYPE", "RECORD_TYPE"].map((Key) => ({ Type: "DIMENSION", Key }));
  const Groups = rows.map(([usageType, charge, Amount]) => ({
    Keys: [usageType, charge],
    Metrics: { UnblendedCost: { Amount, Unit: "USD" } },
  }));
  const answer = { GroupDefinitions, ResultsByTime: [{ TimePeriod: ROW, Groups }] };
  const bill = createBill(readCostExplorerApi(answer, "a.json"), createModelNames([]));
  const none = { groupings: [], candidates: [], anomalies: [], remarks: [], features: [], teamTag: undefined };
  return headline({ bill, parts: partsOf(bill), ...none }, sumOf(usageLines(bill).map(({ line }) => line.costUsd)));
}

describe("a bill in the terminal", () => {
  it("says in its first sentences which share names no model, and that credits alone are no usage", () => {
    assert.match(
      headlineOf([
        ["USE1-MP:USE1_InputTokenCount-Units", "Usage", "3"],
        ["USE1-NovaPro-input-tokens", "Usage", "1"],
      ]),
      /25\.0 % of it \(USD 1\.00\) is of 1 model .* 75\.0 % of it \(USD 3\.00\) does not say of which model/,
    );
    assert.match(
      headlineOf([["USE1-Guardrail-TopicPolicyUnitsConsumed", "Usage", "2"]]),
      /^USD 2\.00 over 1 day .*, of it nothing for tokens of text models: routing moves none of it\.$/,
    );
    assert.match(
      headlineOf([
        ["USE1-NovaPro-input-tokens", "Usage", "9"],
        ["USE1-NovaPro-input-tokens", "Credit", "-4"],
      ]),
      /^USD 5\.00 over 1 day .*, after USD 4\.00 of credits, refunds and discounts on Bedrock; before them USD 9\.00 for tokens/,
    );
    assert.equal(headlineOf([["USE1-NovaPro-input-tokens", "Credit", "-5.5"]]), "USD −5.50, of it no usage.");
  });

  it("does not claim that a bill by service alone has no tokens", () => {
    const exported = readCostExplorerConsole(
      table("Service,Claude Haiku 4.5 (Amazon Bedrock Edition)($),Amazon S3($),Total costs($)\n2026-07-01,3,1,4"),
      "a.csv",
    );
    const bill = createBill(exported, createModelNames([]));
    const none = { groupings: [], candidates: [], anomalies: [], remarks: [], teamTag: undefined };
    const report = { bill, parts: partsOf(bill), ...none, features: spendByFeature(bill) };
    assert.equal(
      headline(report, 0n),
      "USD 4.00 over 1 day (2026-07-01 to 2026-07-01), of it USD 3.00 on Bedrock; this export does not say for what: group it by usage type, too, to see tokens and candidates.",
    );
    assert.match(renderBillText(report, { colour: false, width: 100 }), /Bedrock, for what +USD/);
  });

  it("names the days within a bill that have no usage", () => {
    const billOf = (rows: string) => {
      const bill = createBill(readCostExplorerConsole(table(`team,search($)\n${rows}`), "a.csv"), createModelNames([]));
      return certainty({ bill, candidates: [] }).join(" ");
    };
    assert.match(
      billOf("2026-07-01,3\n2026-07-02,3\n2026-07-04,3\n2026-07-06,3"),
      /2 days within the bill have no usage \(2026-07-03, 2026-07-05\): if a part of the export is missing/,
    );
    assert.doesNotMatch(billOf("2026-07-01,3\n2026-07-02,3"), /no usage/);
  });

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
