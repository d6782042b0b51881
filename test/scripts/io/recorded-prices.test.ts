import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { loadRecordedPrices, parseRecordedPrices } from "../../../scripts/io/recorded-prices.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";

describe("recorded prices", () => {
  it("factors and prices, with zones and empty cells", () => {
    const text = [
      "instant,region,model,factor,input,output",
      "2026-05-04T15:00:00Z,us-east-1,,1.31,,",
      '2026-05-04T15:30:00+05:30,"ap-south-1",sonnet,,3.1,15.5',
      "",
    ].join("\n");
    const base = { model: undefined, factor: undefined, inputUsdPerMTok: undefined, outputUsdPerMTok: undefined };
    assert.deepEqual(parseRecordedPrices(text, "p.csv"), [
      { ...base, atMs: Date.UTC(2026, 4, 4, 15), region: "us-east-1", factor: 1.31 },
      {
        ...base,
        atMs: Date.UTC(2026, 4, 4, 10),
        region: "ap-south-1",
        model: "sonnet",
        inputUsdPerMTok: 3.1,
        outputUsdPerMTok: 15.5,
      },
    ]);
  });

  it("every bad row is named with file and line", () => {
    const bad = [
      "2026-05-04 15:00,us-east-1,1.31,,",
      "2026-05-04T15:00:00Z,,1.31,,",
      "2026-05-04T15:00:00Z,r1,cheap,,",
      "2026-05-04T15:00:00Z,r1,-1,,",
      "2026-05-04T15:00:00Z,r1,,3,",
      "2026-05-04T15:00:00Z,r1,1,3,15",
      "2026-05-04T15:00:00Z,r1,,,",
    ];
    const text = ["instant,region,factor,input,output", "2026-05-04T15:00:00Z,r1,1,,", ...bad].join("\n");
    assert.throws(
      () => parseRecordedPrices(text, "p.csv"),
      (error) => {
        assert.ok(error instanceof MeridianError && error.exitCode === 3);
        assert.deepEqual(
          error.problems.map((problem) => problem.where),
          bad.map((_, index) => `p.csv:${index + 3}`),
        );
        return true;
      },
    );
  });

  it("a line is counted once that ends within quotes, however it ends", () => {
    const rows = ["instant,region,factor", '2026-05-04T15:00:00Z,"r', '1",1', "2026-05-04T15:00:00Z,r1,-1"];
    for (const end of ["\n", "\r\n", "\r"])
      assert.throws(() => parseRecordedPrices(rows.join(end), "p.csv"), /PRICES_BAD_ROW {2}p\.csv:4: factor is -1/);
  });

  it("broken CSV, a wrong header and an empty file are refused", () => {
    const fails = (text: string, pattern: RegExp) => assert.throws(() => parseRecordedPrices(text, "p.csv"), pattern);
    fails("instant,factor\n2026-05-04T15:00:00Z,1", /PRICES_BAD_HEADER {2}p\.csv:1.*region/);
    fails("instant,region,price\n", /PRICES_BAD_HEADER/);
    fails("instant,region,factor\n", /PRICES_EMPTY/);
    fails("", /PRICES_EMPTY/);
    fails('instant,region,factor\n2026-05-04T15:00:00Z,"r1,1', /PRICES_BAD_CSV {2}p\.csv/);
    fails("instant,region,factor\n2026-05-04T15:00:00Z,r1", /PRICES_BAD_CSV {2}p\.csv:2/);
  });

  it("a file is read from disk, a missing one is named", async () => {
    const folder = await mkdtemp(join(tmpdir(), "meridian-prices-"));
    try {
      const path = join(folder, "p.csv");
      await writeFile(path, "instant,region,factor\n2026-05-04T00:00:00Z,r1,1.5\n");
      assert.equal((await loadRecordedPrices(path))[0]?.factor, 1.5);
      await assert.rejects(() => loadRecordedPrices(join(folder, "q.csv")), /PRICES_NOT_FOUND/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
