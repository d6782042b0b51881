import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatDecimal } from "../../../../simulator/bill/bill-line.ts";
import {
  chargeKindOf,
  isCostExplorerLong,
  readCostExplorerLong,
  tagOf,
} from "../../../../simulator/bill/formats/cost-explorer-long.ts";
import { problemsOf, table } from "./tables.ts";

const HEADER =
  "TimePeriodStart,TimePeriodEnd,Region,Service,UsageType,Tag,UnblendedCost,UsageQuantity,UsageUnit,Currency,Estimated";
const ROW = "2026-07-01,2026-07-02,us-east-1,Amazon Bedrock,USE1-NovaLite-input-tokens,team$a,1,10,1K tokens,USD,true";
const read = (text: string) => readCostExplorerLong(table(text), "a.csv");

describe("GetCostAndUsage, flattened", () => {
  it("is read by the API's names", () => {
    assert.ok(isCostExplorerLong(HEADER.split(",")));
    const [line] = read(`${HEADER}\n${ROW}`).lines;
    assert.deepEqual(
      [
        line!.endMs - line!.startMs,
        formatDecimal(line!.costUsd),
        formatDecimal(line!.quantity!),
        line!.unit,
        line!.tags,
        line!.estimated,
      ],
      [86_400_000, "1", "10", "1K tokens", { team: "a" }, true],
    );
  });

  it("is read by other scripts' names, too: snake case, a date, a named tag, a record type", () => {
    const text =
      "date,linked_account,service,usage_type,record_type,tag_team,amortized_cost\n2026-07-01,123,Amazon Bedrock,X,Credit,search,-5";
    assert.ok(isCostExplorerLong(table(text).columns));
    const { lines, costBasis } = read(text);
    const [{ startMs, endMs, kind, account, tags, costUsd } = lines[0]!] = lines;
    assert.deepEqual(
      [endMs - startMs, kind, account, tags, formatDecimal(costUsd), costBasis],
      [86_400_000, "credit", "123", { team: "search" }, "-5", "amortized"],
    );
  });

  it("by month without the ends of months has months of their own length", () => {
    const row = (month: string) => `2026-${month}-01,Amazon Bedrock,USE1-NovaLite-input-tokens,28`;
    const { lines, notes } = read(["date,service,usage_type,cost", row("01"), row("02")].join("\n"));
    assert.deepEqual(
      lines.map(({ startMs, endMs }) => (endMs - startMs) / 86_400_000),
      [31, 28],
    );
    assert.match(notes.join(), /each is taken for a whole one/);
  });

  it("has no rows of totals, which would count spend twice", () => {
    const total = "2026-07-01,2026-07-02,Total,Total,Total,,1,,,USD,false";
    const problems = problemsOf(() => read([HEADER, ROW, total].join("\n")));
    assert.match(problems, /a\.csv:3: "Total" is a row of totals, which would count spend twice/);
    // A team may be called so.
    assert.equal(read([HEADER, ROW.replace("team$a", "team$Total")].join("\n")).lines.length, 1);
  });

  it("names every bad row at once", () => {
    const bad = [
      ROW.replace("2026-07-01", "2026-02-30"),
      ROW.replace(",1,10,", ",x,10,"),
      ROW.replace("USD", "EUR"),
      ROW.replace(",1,10,", ",,10,"),
    ];
    const problems = problemsOf(() => read([HEADER, ROW, ...bad].join("\n")));
    assert.match(problems, /a\.csv:3: TimePeriodStart is not a date: "2026-02-30"/);
    assert.match(problems, /a\.csv:4: UnblendedCost is not a number: "x"/);
    assert.match(problems, /a\.csv:5: the currency is EUR/);
    assert.match(problems, /a\.csv:6: UnblendedCost is empty/);
  });
});

describe("values of Cost Explorer", () => {
  it("tags carry their key before the first dollar sign", () => {
    assert.deepEqual(tagOf("team$search"), { team: "search" });
    assert.deepEqual(tagOf("team$"), { team: "" });
    assert.deepEqual(tagOf("user:team$a$b"), { team: "a$b" });
    assert.deepEqual(tagOf("search", "team"), { team: "search" });
  });

  it("record types are told apart", () => {
    const kinds = [
      "Usage",
      "Tax",
      "Credit",
      "Refund",
      "Enterprise Discount Program Discount",
      "Savings Plan Upfront Fee",
    ];
    assert.deepEqual(
      kinds.map((kind) => chargeKindOf(kind)),
      ["usage", "tax", "credit", "refund", "discount", "commitment"],
    );
    assert.equal(chargeKindOf(undefined), "usage");
    // What a reservation or a plan covers is usage, in the API's words and in the console's.
    for (const covered of ["SavingsPlanCoveredUsage", "DiscountedUsage", "Reservation applied usage"])
      assert.equal(chargeKindOf(covered), "usage", covered);
    for (const fee of ["RIFee", "SavingsPlanRecurringFee", "Recurring reservation fee"])
      assert.equal(chargeKindOf(fee), "commitment", fee);
    assert.deepEqual([chargeKindOf(undefined, "Tax"), chargeKindOf("Usage", "Tax")], ["tax", "usage"]);
  });
});
