import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { importBill, importPriceList, kindOfFile } from "../../../scripts/bill/import-bill.ts";
import type { ImportedLines } from "../../../scripts/bill/import-parts.ts";
import { readBillFile } from "../../../scripts/bill/read-bill.ts";
import { openStoreReader } from "../../../scripts/store/reader.ts";
import { UNKNOWN_ACCOUNT } from "../../../scripts/store/tables/bills.ts";
import { STORE_TABLES, STORE_VIEWS } from "../../../scripts/store/tables/index.ts";
import { type BillLine, formatDecimal, ONE } from "../../../simulator/bill/bill-line.ts";
import { meridianHere } from "../run-meridian.ts";

const root = mkdtempSync(join(tmpdir(), "meridian-"));
after(() => rmSync(root, { recursive: true }));
const names = { idOf: () => undefined };

async function rowsOf(sql: string) {
  // The view of labels is of runs, which are not opened here.
  const views = STORE_VIEWS.filter(({ name }) => name === "bill_totals");
  const reader = await openStoreReader(root, { tables: STORE_TABLES, views });
  try {
    return (await reader.query(sql)).rows;
  } finally {
    reader.close();
  }
}

/** A line of a cent and a trillionth on a day of September, or of the whole month. */
function line(day: number, over: Partial<BillLine> = {}): BillLine {
  const startMs = Date.UTC(2026, 8, day);
  return {
    startMs,
    endMs: startMs + 86_400_000,
    kind: "usage",
    costUsd: ONE / 100n + 1_000_000n,
    quantity: ONE,
    unit: "1K tokens",
    service: "Amazon Bedrock",
    usageType: "USE1-NovaLite-input-tokens",
    operation: undefined,
    region: "us-east-1",
    account: "111122223333",
    identity: undefined,
    tags: { team: "search" },
    estimated: false,
    line: day,
    ...over,
  };
}

const exportOf = (lines: readonly BillLine[], view = "cur") => ({
  format: view,
  view,
  lines,
  statedTotalUsd: undefined,
  costBasis: "unblended",
  notes: [],
});

describe("bills in the store", () => {
  it("stand once by source, account and day: importing again replaces, a part replaces its own days", async () => {
    const first = await importBill(root, exportOf([line(1), line(1), line(2), line(3)]), names, undefined);
    assert.deepEqual([first.replacedDays, first.days, first.lines], [0, 3, 4]);
    assert.equal(formatDecimal(first.storedUsd), "0.040000000004");
    await importBill(root, exportOf([line(1), line(1), line(2), line(3)]), names, undefined);
    const part = await importBill(root, exportOf([line(3, { costUsd: ONE }), line(4)]), names, undefined);
    assert.equal(part.replacedDays, 1);
    await importBill(root, exportOf([line(1, { account: undefined })]), names, undefined);
    await importBill(root, exportOf([line(1)], "focus"), names, undefined);
    assert.deepEqual(await rowsOf("SELECT source, account, total_usd::VARCHAR, lines FROM bill_totals"), [
      ["cur", "111122223333", "1.040000000004000000", 5],
      ["cur", UNKNOWN_ACCOUNT, "0.010000000001000000", 1],
      ["focus", "111122223333", "0.010000000001000000", 1],
    ]);
  });

  it("parts of one export in one command are added up; the same days again take their place", async () => {
    const out = mkdtempSync(join(root, "parts-"));
    const earlier: ImportedLines = new Map();
    const lines = [1, 2, 3, 4].map((n) => line(1, { costUsd: BigInt(n) * ONE, operation: `o${n}` }));
    const importing = (own: readonly BillLine[]) => importBill(out, exportOf(own), names, undefined, earlier);
    await importing(lines.slice(0, 2));
    const second = await importing(lines.slice(2));
    assert.deepEqual([formatDecimal(second.storedUsd), second.replacedDays], ["7", 0]);
    assert.match(second.notes.join(), /1 day of an account .* other lines: they were added up, as parts of one export/);
    const again = await importing([...lines, line(1)]);
    assert.match(again.notes.join(), /with the same lines: it takes their place/);
    assert.deepEqual([formatDecimal(again.storedUsd), again.replacedDays], ["10.010000000001", 1]);
    // By a command of its own a part cannot be told from a later export; what it takes away is said.
    const alone = await importBill(out, exportOf(lines.slice(0, 2)), names, undefined);
    assert.match(
      alone.notes.join(),
      /a day of an account was USD 10\.01 in the store and is USD 3\.00 now: if this is a/,
    );
  });

  it("a month as one line takes the place of its days, and says so", async () => {
    const month = line(1, { endMs: Date.UTC(2026, 9, 1), costUsd: 30n * ONE });
    const found = await importBill(root, exportOf([month]), names, undefined);
    assert.match(found.notes.join(), /by day .* was taken out/);
    assert.deepEqual(
      await rowsOf("SELECT total_usd::VARCHAR FROM bill_totals WHERE source = 'cur' AND account = '111122223333'"),
      [["30.000000000000000000"]],
    );
  });

  it("price lists stand once by offer, regions and day", async () => {
    const row = { model: "m", region: "us-east-1", tier: "standard", routing: "in-region-or-geo" } as const;
    const prices = { input: 0.1, output: 0.4, cacheRead: null, cacheWrite: null };
    const whole = { ...row, ...prices, source: "s", asOf: "2026-11-01", confidence: "H" };
    const list = { offer: "AmazonBedrock", asOf: "2026-11-01", rows: [whole], left: [] };
    await importPriceList(root, list);
    await importPriceList(root, list);
    assert.deepEqual(await rowsOf("SELECT model, input_usd::VARCHAR, cache_read_usd FROM list_prices"), [
      ["m", "0.100000000000000000", null],
    ]);
  });
});

describe("meridian import of bills", () => {
  const files = ["cost-explorer.csv.gz", "cur-2.csv.gz", "focus-1.0.parquet"].map((name) => `scenarios/bills/${name}`);

  it("knows a bill by its first bytes, and what is none", async () => {
    for (const file of [...files, "scenarios/bills/cost-explorer-console-by-team.csv"])
      assert.equal(await kindOfFile(file), "bill", file);
    assert.equal(await kindOfFile("test/simulator/bill/fixtures/price-list.json"), "price list");
    assert.equal(await kindOfFile("docs/examples/s3-logs"), "requests");
    assert.equal(await kindOfFile("no-such-file.csv"), "requests");
  });

  it("shows the sum of the file and of the store, which sql reads; rules tag what has no team", async () => {
    const out = join(root, "runs");
    const rules = join(root, "tags.txt");
    writeFileSync(rules, 'tag team=search where region like "us-*"\n');
    const { code, stdout, stderr } = await meridianHere(["import", files[1]!, "--tags", rules, "--out", out]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /USD 442\.82 in the file, USD 442\.82 in the store: equal to the last digit/);
    const { lines } = await readBillFile(files[1]!);
    const expected = lines.reduce((sum, { costUsd }) => sum + costUsd, 0n);
    const asked = "SELECT sum(cost_usd)::VARCHAR AS usd, count(*) AS n FROM bill_lines";
    const sql = await meridianHere(["sql", asked, "--out", out, "--json"]);
    const [row] = JSON.parse(sql.stdout).rows;
    assert.deepEqual([row.usd, row.n], [`${formatDecimal(expected)}0`.padEnd(row.usd.length, "0"), lines.length]);
    const open = "SELECT count(*) AS n FROM bill_lines WHERE team = '' AND region LIKE 'us-%'";
    assert.equal(JSON.parse((await meridianHere(["sql", open, "--out", out, "--json"])).stdout).rows[0].n, 0);
  });

  it("takes requests only with a name, and not together with bills", async () => {
    const log = "test/scripts/fixtures/invocation-logs/bedrock-invocation-log.jsonl";
    const unnamed = await meridianHere(["import", log, "--out", join(root, "runs")]);
    const mixed = await meridianHere(["import", files[1]!, log, "--out", join(root, "runs")]);
    assert.deepEqual([unnamed.code, mixed.code], [2, 2]);
    assert.match(unnamed.stderr + mixed.stderr, /IMPORT_NAME[\s\S]*IMPORT_MIXED/);
  });
});
