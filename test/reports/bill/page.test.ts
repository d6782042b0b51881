import assert from "node:assert/strict";
import { it } from "node:test";
import { renderBillHtml } from "../../../reports/bill/page.ts";
import { tornadoSvg } from "../../../reports/bill/projection.ts";
import { ONE } from "../../../simulator/bill/bill-line.ts";
import { createBill, partsOf, remarksOf, spendBy, spendByFeature } from "../../../simulator/bill/spend.ts";

const line = {
  startMs: Date.UTC(2026, 8, 1),
  endMs: Date.UTC(2026, 8, 2),
  kind: "usage" as const,
  costUsd: 12n * ONE,
  quantity: ONE,
  unit: "1K tokens",
  service: "Amazon Bedrock",
  usageType: "USE1-NovaLite-input-tokens",
  operation: undefined,
  region: "us-east-1",
  account: "1",
  identity: undefined,
  tags: { team: "<i>x</i>" },
  estimated: false,
  line: 1,
};

it("escapes what the bill says, and leaves out parts that are not there", () => {
  const exported = {
    format: "f",
    view: "v",
    lines: [line],
    statedTotalUsd: undefined,
    costBasis: "unblended",
    notes: ["2 lines stand there <b>twice</b>"],
  };
  const bill = createBill(exported, { idOf: () => undefined });
  const groupings = [{ dimension: "tag:team" as const, groups: spendBy(bill, "tag:team") }];
  const report = {
    bill,
    parts: partsOf(bill),
    groupings,
    candidates: [],
    anomalies: [],
    remarks: remarksOf(bill),
    features: spendByFeature(bill),
    teamTag: "team",
  };
  const page = { report, byDay: spendBy(bill, "day"), replay: undefined, projection: undefined, file: "b.csv" };
  const html = renderBillHtml(page);
  assert.ok(html.includes("&lt;i&gt;x&lt;/i&gt;") && !html.includes("<i>x"));
  assert.ok(html.includes("2026-09-01") && html.includes("12.00") && html.includes("Signed off"));
  for (const part of ["What routing would save", "The months ahead", "Who could be routed"])
    assert.ok(!html.includes(part));
  assert.ok(html.includes("Of the export: 2 lines stand there &lt;b&gt;twice&lt;/b&gt;."));
  const odd = { kind: "began" as const, group: "<b>", day: "2026-09-01", costUsd: ONE };
  const standing = { ...report, anomalies: [{ dimension: "region" as const, anomaly: odd }] };
  assert.match(
    renderBillHtml({ ...page, report: standing }),
    /What stands out<\/h2><ul><li>2026-09-01 {2}region &lt;b&gt; was billed for the first time/,
  );
  assert.ok(!html.includes("What stands out"));
  // A model that the table lacks is named.
  assert.match(html, /NovaLite is not in the table of models/);
});

it("a tornado has the widest driver on top, and bars on both sides of the middle", () => {
  const drivers = [
    { driver: "price", lowUsd: 90n * ONE, highUsd: 100n * ONE },
    { driver: "growth", lowUsd: 60n * ONE, highUsd: 160n * ONE },
  ];
  const svg = String(tornadoSvg(drivers, 100));
  assert.ok(svg.indexOf(">growth<") < svg.indexOf(">price<"));
  const [growth, price] = [...svg.matchAll(/<rect x="([\d.]+)" y="\d+" width="([\d.]+)"/g)].map((m) => [
    Number(m[1]),
    Number(m[2]),
  ]);
  assert.ok(Math.abs(growth![1]! / price![1]! - 10) < 1e-6);
});
