import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openBill } from "../../../scripts/bill/open-bill.ts";
import { formatDecimal } from "../../../simulator/bill/bill-line.ts";

const FILE = "scenarios/bills/focus-1.0.csv.gz";

describe("the bill that a command is asked about", () => {
  it("is the file, its models by their ids, named by its name", async () => {
    const { bill, from, title, names } = await openBill(FILE, {});
    assert.deepEqual([from, title, formatDecimal(bill.totalUsd)], [FILE, "focus-1.0.csv.gz", "2654.08313879"]);
    assert.ok(bill.lines.some(({ modelId }) => modelId === "amazon.nova-lite-v1:0"));
    assert.equal(names.idOf("Claude Haiku 4.5"), "anthropic.claude-haiku-4-5-20251001-v1:0");
  });

  it("takes a model's id from the command line before the table", async () => {
    const mapModel = ["NovaLite=amazon.nova-pro-v1:0", "Zeta=amazon.nova-micro-v1:0"];
    const { bill, names } = await openBill(FILE, { mapModel });
    assert.equal(names.idOf("Zeta"), "amazon.nova-micro-v1:0");
    assert.ok(bill.lines.some(({ modelId }) => modelId === "amazon.nova-pro-v1:0"));
    assert.ok(bill.lines.every(({ modelId }) => modelId !== "amazon.nova-lite-v1:0"));
    await assert.rejects(openBill(FILE, { mapModel: ["Zeta"] }), /PAIR_SYNTAX/);
  });

  it("is a file or a source of the store, not both", async () => {
    await assert.rejects(openBill(FILE, { source: "cur" }), /BILL_SOURCE_OF_FILE/);
  });
});
