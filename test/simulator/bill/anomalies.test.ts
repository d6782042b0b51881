import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anomaliesOf } from "../../../simulator/bill/anomalies.ts";
import type { BillLine } from "../../../simulator/bill/bill-line.ts";
import { createModelNames } from "../../../simulator/bill/classify.ts";
import { createBill } from "../../../simulator/bill/spend.ts";
import { parseDecimal } from "../../../simulator/bill/usd.ts";

const DAY_MS = 86_400_000;
const FIRST_MS = Date.UTC(2026, 6, 6);

/** Eight weeks: weekends cost a third, and a deterministic ripple of a few percent. */
function usualUsd(day: number): number {
  return (day % 7 >= 5 ? 30 : 100) + 3 * Math.sin(day * 1.7);
}

function billOf(costOf: (day: number) => number | undefined, region = "us-east-1"): readonly BillLine[] {
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
  it("are none in an ordinary week, weekends included", () => assert.deepEqual(anomalies(billOf(usualUsd)), []));

  it("are found by their weekday: a Saturday that costs as much as a Monday", () => {
    const odd = anomalies(billOf((day) => (day === 26 ? 100 : usualUsd(day))));
    assert.deepEqual(odd, ["2026-08-01 us-east-1 day"]);
  });

  it("name a region that began or ended within the bill", () => {
    const later = billOf((day) => (day >= 20 && day < 41 ? usualUsd(day) : undefined), "eu-west-1");
    assert.deepEqual(anomalies(billOf(usualUsd), later), ["2026-07-26 eu-west-1 began", "2026-08-15 eu-west-1 ended"]);
  });
});
