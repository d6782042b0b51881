import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { importBill } from "../../../scripts/bill/import-bill.ts";
import { openBill, readStoredBill } from "../../../scripts/bill/open-bill.ts";
import { type BillExport, type BillLine, formatDecimal, parseDecimal } from "../../../simulator/bill/bill-line.ts";

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

let root = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "meridian-stored-"));
});
after(() => rm(root, { recursive: true }));

const LINE: BillLine = {
  startMs: Date.UTC(2026, 8, 1),
  endMs: Date.UTC(2026, 8, 2),
  kind: "usage",
  costUsd: parseDecimal("0.000000000000000001")!,
  quantity: parseDecimal("12.5")!,
  unit: "1K tokens",
  service: "Amazon Bedrock",
  usageType: "USE1-NovaLite-input-tokens",
  operation: "Inference",
  region: "us-east-1",
  account: "111122223333",
  identity: "arn:aws:iam::111122223333:role/o'brien",
  tags: { team: "search", 'odd "key"': "ä" },
  estimated: true,
  line: 1,
};
const exported = (view: string, ...lines: BillLine[]): BillExport => ({
  format: "test",
  view,
  lines,
  statedTotalUsd: undefined,
  costBasis: "unblended",
  notes: [],
});
const NAMES = { idOf: () => undefined };

describe("a bill from the store", () => {
  it("has every line as it was imported, to the last digit", async () => {
    await assert.rejects(readStoredBill(root, undefined), /BILL_STORE_EMPTY/);
    const tax = {
      ...LINE,
      kind: "tax" as const,
      account: undefined,
      identity: undefined,
      quantity: undefined,
      unit: undefined,
      tags: {},
      estimated: false,
      line: 2,
    };
    await importBill(root, exported("cur", LINE, tax), NAMES, undefined);
    const { lines, view, costBasis } = await readStoredBill(root, undefined);
    const byKind = [...lines].sort((a, b) => (a.kind < b.kind ? 1 : -1)).map((line, i) => ({ ...line, line: i + 1 }));
    assert.deepEqual(byKind, [LINE, tax]);
    assert.deepEqual([view, costBasis], ["cur", "unblended"]);
  });

  it("is of the source with most days, or of the one that is asked for, never of two", async () => {
    const day = 86_400_000;
    const next = { ...LINE, startMs: LINE.startMs + day, endMs: LINE.endMs + day };
    await importBill(root, exported("focus", LINE, next), NAMES, undefined);
    const found = await readStoredBill(root, undefined);
    assert.deepEqual([found.view, found.lines.length], ["focus", 2]);
    assert.match(found.notes.join(" "), /also has cur/);
    assert.equal((await readStoredBill(root, "cur")).view, "cur");
    await assert.rejects(readStoredBill(root, "cure"), /BILL_SOURCE_UNKNOWN/);
  });
});
