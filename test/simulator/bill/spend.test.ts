import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type BillLine, formatDecimal, ONE, parseDecimal, sumOf } from "../../../simulator/bill/bill-line.ts";
import { createModelNames } from "../../../simulator/bill/classify.ts";
import {
  anomaliesOf,
  createBill,
  partsOf,
  spendBy,
  spendByFeature,
  usageDaysOf,
} from "../../../simulator/bill/spend.ts";

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

describe("the days of a bill", () => {
  const dayOf = (day: number) => line({ startMs: Date.UTC(2026, 8, day), endMs: Date.UTC(2026, 8, day + 1) });
  const month = { startMs: Date.UTC(2026, 8, 1), endMs: Date.UTC(2026, 9, 1) };
  const zone = line({ ...month, service: "Amazon Route 53", usageType: "HostedZone" });

  it("are those of what is metered by the day, not the whole month of a hosted zone", () => {
    assert.equal(usageDaysOf(billOf(dayOf(1), dayOf(2), dayOf(4), zone)).size, 3);
    // Taxes and credits are no usage.
    assert.equal(usageDaysOf(billOf(dayOf(1), line({ ...month, kind: "tax" }))).size, 1);
  });

  it("are whole months of a bill by month, and of months that stand beside days", () => {
    assert.equal(usageDaysOf(billOf(line(month), zone)).size, 30);
    const august = line({ startMs: Date.UTC(2026, 7, 1), endMs: Date.UTC(2026, 8, 1) });
    assert.equal(usageDaysOf(billOf(august, dayOf(1), dayOf(2))).size, 33);
    assert.equal(usageDaysOf(billOf(zone)).size, 30);
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

const DAY_MS = 86_400_000;
const FIRST_MS = Date.UTC(2026, 6, 6);

/** Eight weeks: weekends cost a third, and a deterministic ripple of a few percent. */
function usualUsd(day: number): number {
  return (day % 7 >= 5 ? 30 : 100) + 3 * Math.sin(day * 1.7);
}

function eightWeeksOf(costOf: (day: number) => number | undefined, region = "us-east-1"): readonly BillLine[] {
  return Array.from({ length: 56 }, (_, day): BillLine[] => {
    const cost = costOf(day);
    if (cost === undefined) return [];
    return [
      {
        startMs: FIRST_MS + day * DAY_MS,
        endMs: FIRST_MS + (day + 1) * DAY_MS,
        kind: "usage",
        costUsd: parseDecimal(cost.toFixed(6))!,
        quantity: undefined,
        unit: undefined,
        service: "Amazon Bedrock",
        usageType: "USE1-NovaLite-input-tokens",
        operation: undefined,
        region,
        account: undefined,
        identity: undefined,
        tags: {},
        estimated: false,
        line: day + 1,
      },
    ];
  }).flat();
}

function anomalies(...lines: readonly (readonly BillLine[])[]) {
  const exported = {
    format: "test",
    view: "test",
    lines: lines.flat(),
    statedTotalUsd: undefined,
    costBasis: "unblended",
    notes: [],
  };
  const found = anomaliesOf(createBill(exported, createModelNames([])), "region");
  return found.map(({ kind, day, group }) => `${day} ${group} ${kind}`);
}

describe("odd days of a bill", () => {
  it("are none in an ordinary week, weekends included", () => assert.deepEqual(anomalies(eightWeeksOf(usualUsd)), []));

  it("are found by their weekday: a Saturday that costs as much as a Monday", () => {
    const odd = anomalies(eightWeeksOf((day) => (day === 26 ? 100 : usualUsd(day))));
    assert.deepEqual(odd, ["2026-08-01 us-east-1 day"]);
  });

  it("name a region that began or ended within the bill", () => {
    const later = eightWeeksOf((day) => (day >= 20 && day < 41 ? usualUsd(day) : undefined), "eu-west-1");
    assert.deepEqual(anomalies(eightWeeksOf(usualUsd), later), [
      "2026-07-26 eu-west-1 began",
      "2026-08-15 eu-west-1 ended",
    ]);
  });
});
