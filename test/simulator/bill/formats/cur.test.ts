import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatDecimal } from "../../../../simulator/bill/bill-line.ts";
import { isCur, readCur } from "../../../../simulator/bill/formats/cur.ts";
import { createBill, tagKeysOf } from "../../../../simulator/bill/spend.ts";
import { table } from "./tables.ts";

const OLD =
  "lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/LineItemType,lineItem/UnblendedCost,lineItem/UsageAmount,lineItem/UsageType,lineItem/ProductCode,pricing/unit,product/region,resourceTags/user:team\n" +
  "2026-09-03T00:00:00Z,2026-09-03T01:00:00Z,Usage,1.5E-2,250,USE1-NovaLite-input-tokens,AmazonBedrock,1K tokens,us-east-1,search";

describe("Cost and Usage Reports", () => {
  it("of the older form have their tags in columns", () => {
    assert.ok(isCur(table(OLD).columns) && !isCur(["a"]));
    const { lines } = readCur(table(OLD), "a.csv");
    assert.deepEqual(
      lines.map(({ costUsd, unit, region, tags, service }) => [formatDecimal(costUsd), unit, region, tags, service]),
      [["0.015", "1K tokens", "us-east-1", { team: "search" }, "AmazonBedrock"]],
    );
  });

  it("of Data Exports have product and tags as JSON, and the caller where it was asked for", () => {
    const columns = [
      "line_item_usage_start_date",
      "line_item_line_item_type",
      "line_item_unblended_cost",
      "product",
      "resource_tags",
      "line_item_iam_principal",
    ];
    const rows = [
      [
        "2026-09-03 00:00:00",
        "Usage",
        "1",
        '{"product_name": "Claude Haiku 4.5 (Amazon Bedrock Edition)"}',
        '{"user_team": "search"}',
        "arn:x",
      ],
    ];
    const [line] = readCur({ columns, rows, lineOf: () => 2 }, "a.csv").lines;
    assert.deepEqual(
      [line!.service, line!.tags, line!.identity],
      ["Claude Haiku 4.5 (Amazon Bedrock Edition)", { team: "search" }, "arn:x"],
    );
  });

  it("have cost categories beside their tags, as columns or as JSON, and team tags before them", () => {
    const older = OLD.replace("resourceTags/user:team", "resourceTags/user:team,costCategory/Unit").replace(
      ",search",
      ",search,retail",
    );
    const [line] = readCur(table(older), "a.csv").lines;
    assert.deepEqual(line!.tags, { "category:Unit": "retail", team: "search" });
    const columns = ["line_item_usage_start_date", "line_item_unblended_cost", "cost_category"];
    const read = readCur({ columns, rows: [["2026-09-03", "5", '{"Unit": "retail"}']], lineOf: () => 2 }, "a.csv");
    assert.deepEqual(read.lines[0]!.tags, { "category:Unit": "retail" });
    const bill = createBill({ ...read, lines: [...read.lines, line!] }, { idOf: () => undefined });
    // The category has nearly all of the spend; the tag is still the first.
    assert.deepEqual(tagKeysOf(bill), ["team", "category:Unit"]);
  });

  it("may lack columns: the kind of line, its end, its unblended cost", () => {
    const few = "line_item_net_unblended_cost,line_item_usage_type,line_item_usage_start_date\n0.5,Tax,2026-09-01";
    const { lines, notes, costBasis } = readCur(table(few), "a.csv");
    assert.deepEqual([lines[0]!.kind, formatDecimal(lines[0]!.costUsd), costBasis], ["tax", "0.5", "net unblended"]);
    assert.match(notes.join(" "), /no column line_item_line_item_type/);
  });

  it("tell apart what a line is charged for, and keep what they do not know apart with a note", () => {
    const kindOf = (type: string) => readCur(table(OLD.replace(",Usage,", `,${type},`)), "a.csv").lines[0]!.kind;
    assert.deepEqual(["Tax", "Credit", "Refund", "EdpDiscount", "SavingsPlanRecurringFee"].map(kindOf), [
      "tax",
      "credit",
      "refund",
      "discount",
      "commitment",
    ]);
    const gift = readCur(table(OLD.replace(",Usage,", ",Gift,")), "a.csv");
    assert.deepEqual(
      [gift.lines[0]!.kind, gift.notes],
      ["fee", ["line types that are not known are kept apart as fees: Gift"]],
    );
    assert.equal(kindOf("SppDiscount"), "discount");
  });
});
