import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { certainty } from "../../../reports/bill/certainty.ts";
import { createModelNames } from "../../../simulator/bill/classify.ts";
import { readCostExplorerLong } from "../../../simulator/bill/formats/cost-explorer-long.ts";
import { createBill } from "../../../simulator/bill/spend.ts";
import { table } from "../../simulator/bill/formats/tables.ts";

const HEAD = "date,service,usage_type,record_type,unblended_cost,estimated";
const line = (day: string, kind: string, usd: number, estimated = false) =>
  `2026-09-${day},Amazon Bedrock,USE1-NovaLite-input-tokens,${kind},${usd},${estimated}`;

function textOf(...lines: readonly string[]): string {
  const bill = createBill(readCostExplorerLong(table([HEAD, ...lines].join("\n")), "a.csv"), createModelNames([]));
  return certainty({ bill, candidates: [] }).join("\n");
}

describe("how sure the figures of a bill are", () => {
  it("says which costs are summed, and nothing that is not so", () => {
    const text = textOf(line("01", "Usage", 10), line("02", "Usage", 10));
    assert.match(text, /^USD are exact: .* Cost basis: unblended\.$/m);
    assert.doesNotMatch(text, /may still change|Discounts|no usage|At most saved/);
  });

  it("says from which day on amounts may still change", () => {
    const text = textOf(line("01", "Usage", 10), line("02", "Usage", 7, true), line("03", "Usage", 5, true));
    assert.match(text, /^USD 12\.00 from 2026-09-02 on may still change: the export calls them estimated\.$/m);
  });

  it("says by how much discounts in lines of their own lower prices and savings", () => {
    const text = textOf(line("01", "Usage", 200), line("01", "Enterprise Discount Program Discount", -30));
    assert.match(text, /Discounts on tokens, USD 30\.00, stand in lines of their own: .* 15\.0 % less after them/);
  });
});
