import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { meridianHere } from "../run-meridian.ts";

const BILL = "scenarios/bills/cost-explorer.csv.gz";
const folder = mkdtempSync(join(tmpdir(), "meridian-"));
after(() => rmSync(folder, { recursive: true }));

describe("meridian project", () => {
  it("writes page, spreadsheet and JSON that agree, and never one number", async () => {
    const { code, stdout } = await meridianHere(["project", BILL, "--price", "@cut=-20%@7", "--out", folder]);
    assert.equal(code, 0);
    assert.match(stdout.replaceAll(/\s+/g, " "), /cost between USD [\d,]+ and USD [\d,]+ with a probability/);
    const csv = readFileSync(join(folder, "projection.csv"), "utf8");
    const { quantiles, scenarios } = JSON.parse(readFileSync(join(folder, "projection.json"), "utf8"));
    assert.deepEqual(quantiles, [0.1, 0.25, 0.5, 0.75, 0.9]);
    // A spreadsheet would run what begins with @.
    assert.ok(csv.includes(`\r\n'@cut,total,${scenarios[1].totalUsd.join(",")}\r\n`));
    const cents = scenarios[0].months.map(({ usd }: { usd: string[] }) => BigInt(usd[2]!.replace(".", "")));
    const sum = cents.reduce((a: bigint, b: bigint) => a + b, 0n);
    assert.equal(String(sum), scenarios[0].totalUsd[2].replace(".", ""));
    const html = readFileSync(join(folder, "projection.html"), "utf8");
    assert.ok(
      html.includes(scenarios[0].totalUsd[4]) && html.includes("<svg") && !/https?:\/\/(?!www\.w3\.org)/.test(html),
    );
  });

  it("refuses a growth that is one number, a price without a month, and a bill that is too short", async () => {
    const growth = await meridianHere(["project", BILL, "--growth", "5%"]);
    const price = await meridianHere(["project", BILL, "--price", "cut=-20%"]);
    const short = await meridianHere(["project", "scenarios/bills/focus-1.0.csv.gz"]);
    assert.deepEqual([growth.code, price.code, short.code], [2, 2, 3]);
    assert.match(short.stderr, /PROJECT_TOO_SHORT .*: too few days with spend, 7$/m);
    const head = "date,service,usage_type,cost,estimated";
    const changing = Array.from({ length: 35 }, (_, at) => {
      const day = new Date(Date.UTC(2026, 7, 25 + at)).toISOString().slice(0, 10);
      return `${day},Amazon Bedrock,USE1-NovaLite-input-tokens,3,${day >= "2026-09-01"}`;
    });
    const estimated = join(folder, "estimated.csv");
    writeFileSync(estimated, [head, ...changing].join("\n"));
    assert.match((await meridianHere(["project", estimated])).stderr, /spend, 7: 28 more may still change/);
    const days = Array.from({ length: 40 }, (_, at) => new Date(Date.UTC(2026, 6, 1 + at)).toISOString().slice(0, 10));
    const byService = join(folder, "by-service.csv");
    writeFileSync(byService, ["Service,Amazon Bedrock($)", ...days.map((day) => `${day},3`)].join("\n"));
    const unsaid = await meridianHere(["project", byService]);
    assert.deepEqual([unsaid.code, /PROJECT_NO_TOKENS .*\n.*grouped by usage type/.test(unsaid.stderr)], [3, true]);
  });
});
