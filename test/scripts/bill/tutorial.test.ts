/** The tutorial of the bill, as it stands in the documents, from its three files to the page. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { readBillFile } from "../../../scripts/bill/read-bill.ts";
import { formatDecimal, sumOf } from "../../../simulator/bill/bill-line.ts";
import { meridianHere } from "../run-meridian.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-"));
after(() => rmSync(folder, { recursive: true }));
const page = readFileSync("docs/bill-tutorial.md", "utf8");
const blocks = [...page.matchAll(/^```(\w+) tutorial ?([^\n]*)\n([\s\S]*?)^```/gm)];

it("ends with a page that reproduces the bill within 1 %, and has savings, the year ahead and a line to sign", async () => {
  const outputs: string[] = [];
  for (const [, language, name, text] of blocks) {
    if (language === "text") writeFileSync(join(folder, name!), text!);
    else
      for (const line of text!.trim().split("\n")) {
        const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2]!);
        const args = words
          .slice(2)
          .map((word) => (word === "signed" || word === "tags.txt" ? join(folder, word) : word));
        const { code, stdout, stderr } = await meridianHere(args);
        assert.equal(code, 0, `${line}: ${stderr}`);
        outputs.push(stdout);
      }
  }
  const [imported, totals, bill] = outputs;
  assert.equal(imported!.match(/equal to the last digit/g)?.length, 2);
  assert.match(totals!, /cost-explorer[\s\S]*cur/);
  assert.match(bill!, /reproduced within 1 %\.[\s\S]*sizes\s+of\s+calls\s+are\s+those\s+of\s+the\s+log/);
  const { replay, summary, groupings } = JSON.parse(readFileSync(join(folder, "signed", "bill.json"), "utf8"));
  const lines = (await readBillFile("scenarios/bills/cost-explorer.csv.gz")).lines;
  assert.equal(summary.totalUsd, formatDecimal(sumOf(lines.map(({ costUsd }) => costUsd))));
  const all = replay.savings.at(-1);
  assert.ok(Math.abs(all.reproduction - 1) < 0.01, String(all.reproduction));
  for (const { share, usdPerMonth, shareWithHits, hitsToLose } of all.savings) {
    assert.ok(share.low < share.value && share.value < share.high && usdPerMonth.low < usdPerMonth.high);
    // Claude 4.5 costs 1/11 less globally: no routing of this bill can save more, and lost cache hits take it away.
    assert.ok(share.value < shareWithHits && shareWithHits < 1 / 11 && share.high < 1 / 11);
    assert.ok(hitsToLose > 0.05 && hitsToLose < 0.2);
  }
  // The rule gave a team to lines that had none.
  const teams = groupings.find(({ dimension }: { dimension: string }) => dimension === "tag:team").groups;
  const untagged = teams.find(({ key }: { key: string }) => key === "");
  const without = sumOf(lines.filter(({ tags }) => tags.team === "").map(({ costUsd }) => costUsd));
  assert.ok(Number(untagged.costUsd) < Number(formatDecimal(without)) && Number(untagged.costUsd) > 0);
  const html = readFileSync(join(folder, "signed", "bill.html"), "utf8");
  for (const part of ["Day by day", "By team", "What routing would save", "The months ahead", "Signed off"])
    assert.ok(html.includes(`<h2>${part}</h2>`), part);
  assert.ok(html.match(/<svg/g)!.length >= 8 && !/https?:\/\/(?!www\.w3\.org)/.test(html));
});
