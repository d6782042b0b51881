import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { billCommand } from "../../../scripts/commands/bill.ts";
import { meridianHere } from "../run-meridian.ts";

const folder = await mkdtemp(join(tmpdir(), "meridian-"));
after(() => rm(folder, { recursive: true }));
const BILL = "scenarios/bills/cost-explorer.csv.gz";

describe("meridian bill", () => {
  it("shows examples that name files of the package", () => {
    for (const [command] of billCommand.examples)
      assert.match(command, /^meridian bill (scenarios\/bills\/|--source )/);
  });

  it("says what the bill is for, who could move, and what stands out", async () => {
    const { code, stdout } = await meridianHere(["bill", BILL]);
    assert.equal(code, 0);
    assert.match(
      stdout.replaceAll(/\s+/g, " "),
      /USD 32,166\.93 over 90 days \(2026-07-01 to 2026-09-28\), of it USD 32,166\.93 for tokens/,
    );
    // 21,760.64071225 / 90 × 365 / 12 = 7,354.3
    assert.match(stdout, /search +21,760\.64 +7,354 +67\.6 %/);
    assert.match(stdout, /2026-08-19 {2}region us-west-2: USD 366\.08/);
    assert.match(stdout, /ap-northeast-1 was billed for the first time/);
  });

  it("gives every amount exactly as JSON", async () => {
    const { stdout } = await meridianHere(["bill", BILL, "--by", "region", "--json"]);
    assert.deepEqual(JSON.parse(stdout).coverage, { emptyDays: [], emptyHours: [] });
    const { summary, groupings } = JSON.parse(stdout);
    assert.equal(summary.totalUsd, "32166.927926712");
    assert.deepEqual(
      groupings[0].groups.map(({ key, costUsd }: { key: string; costUsd: string }) => [key, costUsd]),
      [
        ["us-east-1", "13745.56977486"],
        ["us-west-2", "8894.7168929"],
        ["eu-central-1", "7958.127489602"],
        ["ap-northeast-1", "1568.51376935"],
      ],
    );
  });

  it("answers from the store, by source, with the figures of the file", async () => {
    const out = await mkdtemp(join(tmpdir(), "meridian-bill-store-"));
    try {
      const none = await meridianHere(["bill", "--store", out]);
      assert.deepEqual([none.code, /BILL_STORE_EMPTY/.test(none.stderr)], [3, true]);
      const files = ["scenarios/bills/focus-1.0.csv.gz", "scenarios/bills/cur-2.csv.gz"];
      assert.equal((await meridianHere(["import", ...files, "--out", out])).code, 0);
      const json = async (...args: string[]) => JSON.parse((await meridianHere(["bill", ...args, "--json"])).stdout);
      const [file, stored] = [await json(files[0]!), await json("--store", out)];
      assert.deepEqual(stored.parts, file.parts);
      assert.deepEqual(stored.groupings, file.groupings);
      assert.deepEqual([stored.summary.view, stored.summary.costBasis], ["focus", "billed"]);
      assert.equal((await json("--store", out, "--source", "cur")).summary.totalUsd, "442.81651802");
      const other = await meridianHere(["bill", "--store", out, "--source", "cure"]);
      assert.deepEqual([other.code, /did you mean cur/.test(other.stderr.replaceAll('"', ""))], [2, true]);
      const both = await meridianHere(["bill", files[0]!, "--source", "cur"]);
      assert.deepEqual([both.code, /BILL_SOURCE_OF_FILE/.test(both.stderr)], [2, true]);
    } finally {
      await rm(out, { recursive: true });
    }
  });

  it("prices candidates by a book of one's own, and refuses a range of lost cache hits that is none", async () => {
    const book = JSON.parse(readFileSync("scenarios/reference/bedrock-prices.json", "utf8"));
    const isMoved = (row: { model: string; region: string }) =>
      row.model === "amazon.nova-lite-v1:0" && row.region === "us-west-2";
    // Nova Lite in Oregon at a tenth of its price: what is billed in the US goes there.
    const prices = book.prices.map((row: { model: string; region: string; input: number; output: number }) =>
      isMoved(row) ? { ...row, input: row.input / 10, output: row.output / 10 } : row,
    );
    assert.ok(book.prices.some(isMoved));
    const path = join(folder, "book.json");
    writeFileSync(path, JSON.stringify({ ...book, prices }));
    const { code, stdout, stderr } = await meridianHere([
      "bill",
      "scenarios/bills/focus-1.0.csv.gz",
      "--book",
      path,
      "--json",
    ]);
    assert.equal(code, 0, stderr);
    const nova = JSON.parse(stdout).candidates.filter(({ model }: { model: string }) => model === "NovaLite");
    assert.ok(nova.length > 0);
    const best = nova[0].options.find(({ name }: { name: string }) => name !== "batch");
    assert.equal(best.name, "us-west-2");
    const refused = await meridianHere(["bill", "scenarios/bills/focus-1.0.csv.gz", "--cache-loss", "5%"]);
    assert.deepEqual([refused.code, /^BILL_CACHE_LOSS/.test(refused.stderr)], [2, true]);
  });

  it("refuses a tag or a grouping that is not there, and says what is", async () => {
    const tag = await meridianHere(["bill", BILL, "--team", "squad"]);
    assert.deepEqual([tag.code, /its tags are team/.test(tag.stderr)], [2, true]);
    const by = await meridianHere(["bill", BILL, "--by", "colour"]);
    const byTag = await meridianHere(["bill", BILL, "--by", "tag:tem"]);
    assert.deepEqual([byTag.code, /no line has the tag "tem"/.test(byTag.stderr)], [2, true]);
    assert.deepEqual([by.code, /known here: model, region, .*, or tag:<key>/.test(by.stderr)], [2, true]);
  });
});
