import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BillLine } from "../../../simulator/bill/bill-line.ts";
import { createBill, partsOf, spendBy, spendByFeature } from "../../../simulator/bill/spend.ts";
import { formatDecimal, ONE, sumOf } from "../../../simulator/bill/usd.ts";

const line = (change: Partial<BillLine>): BillLine => ({
  startMs: Date.UTC(2026, 8, 1),
  endMs: Date.UTC(2026, 8, 2),
  kind: "usage",
  costUsd: ONE,
  quantity: ONE,
  unit: "1K tokens",
  service: "Amazon Bedrock",
  usageType: "USE1-NovaLite-input-tokens",
  operation: undefined,
  region: "us-east-1",
  account: undefined,
  identity: undefined,
  tags: {},
  estimated: false,
  line: 1,
  ...change,
});
const billOf = (...lines: BillLine[]) =>
  createBill(
    { format: "test", view: "test", lines, statedTotalUsd: undefined, costBasis: "unblended", notes: [] },
    { idOf: () => undefined },
  );
const keys = (groups: readonly { readonly key: string | undefined; readonly costUsd: bigint }[]) =>
  groups.map(({ key, costUsd }) => [key, formatDecimal(costUsd)]);

describe("spend by tag", () => {
  it("takes lines without a tag that others have for untagged, and says nothing where no line has it", () => {
    const bill = billOf(line({ tags: { team: "a" }, costUsd: 3n * ONE }), line({}), line({ tags: { team: "" } }));
    assert.deepEqual(keys(spendBy(bill, "tag:team")), [
      ["a", "3"],
      ["", "2"],
    ]);
    assert.deepEqual(keys(spendBy(bill, "tag:squad")), [[undefined, "5"]]);
  });
});

describe("the rest of a bill", () => {
  const bill = billOf(
    line({}),
    line({ usageType: "USE1-Guardrail-ContentPolicyUnitsConsumed", costUsd: 2n * ONE }),
    line({ usageType: "USE1-CustomModelImport-v1.0-ModelUnits" }),
    line({ usageType: "USE1-NovaPro-ProvisionedThroughput-NoCommit-ModelUnits", costUsd: 5n * ONE }),
    line({ kind: "credit", costUsd: -ONE }),
  );

  it("is said for what it is, the dearest first", () => {
    assert.deepEqual(keys(spendByFeature(bill)), [
      ["provisioned throughput", "5"],
      ["guardrails", "2"],
      ["custom model import", "1"],
    ]);
  });

  it("adds up with the tokens to the whole", () => {
    assert.equal(sumOf(partsOf(bill).map(({ costUsd }) => costUsd)), bill.totalUsd);
    assert.equal(formatDecimal(bill.totalUsd), "8");
  });
});
