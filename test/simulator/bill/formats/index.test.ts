import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BILL_TABLE_FORMATS } from "../../../../simulator/bill/formats/index.ts";

describe("the formats of bills", () => {
  it("each header is of one format only", () => {
    const headers = {
      cur: ["line_item_usage_start_date", "line_item_unblended_cost", "line_item_usage_type"],
      focus: ["BilledCost", "ChargeCategory", "ChargePeriodStart", "RegionId"],
      "cost-explorer-console": ["Service", "Amazon Bedrock($)", "Total costs($)"],
      "cost-explorer-long": ["TimePeriodStart", "Service", "UnblendedCost"],
    };
    for (const [name, columns] of Object.entries(headers))
      assert.deepEqual(
        BILL_TABLE_FORMATS.filter(({ matches }) => matches(columns)).map((format) => format.name),
        [name],
      );
  });
});
