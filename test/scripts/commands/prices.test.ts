import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { prepareExperiment } from "../../../scripts/io/experiment.ts";
import { loadPriceBook } from "../../../scripts/io/price-book-file.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { meridianHere, ROOT, TINY } from "../run-meridian.ts";

const LIST = join(ROOT, "test", "simulator", "bill", "fixtures", "price-list.json");
const folder = mkdtempSync(join(tmpdir(), "meridian-"));
const BOOK = join(folder, "prices.json");
after(() => rmSync(folder, { recursive: true }));

const scenario = readFileSync(TINY, "utf8").replace("  models:", "  prices: { book: prices.json }\n  models:");

describe("meridian prices", () => {
  it("imports a price list into a book, and shows what changed", async () => {
    const dry = await meridianHere(["prices", "import", LIST, "--book", BOOK, "--dry-run"]);
    assert.match(dry.stdout, /nothing was written/);
    const { code, stdout } = await meridianHere(["prices", "import", LIST, "--book", BOOK]);
    assert.equal(code, 0);
    assert.match(stdout, /nova-pro-v1:0 us-east-1 standard: 0\.8 \/ 3\.2 -> 0\.9 \/ 3\.6 USD/);
    const text = readFileSync(BOOK, "utf8");
    const packed = join(folder, "index.json.gz");
    writeFileSync(packed, gzipSync(readFileSync(LIST)));
    const again = await meridianHere(["prices", "import", packed, "--book", BOOK]);
    assert.match(again.stdout, /0 new, 0 changed/);
    assert.equal(readFileSync(BOOK, "utf8"), text);
  });

  it("lets a scenario use the book", async () => {
    const file = join(folder, "own.yaml");
    writeFileSync(file, scenario);
    const { plan } = (await prepareExperiment(file, { overrides: [], strategies: [] })).inputs;
    const { keys, fUsdPerToken } = plan.money.schedule;
    const virginia = keys.findIndex(({ region }) => region === "us-east-1");
    assert.equal(fUsdPerToken[virginia * 4], 0.9e9);
  });

  it("names entries that are old, or missing for a scenario", async () => {
    const old = await meridianHere(["prices", "check", "--book", BOOK, "--max-age", "0"]);
    assert.equal(old.code, 99);
    assert.match(old.stdout, /cohere\.command-r-plus-v1:0 us-east-1 standard: as of 2026-02-06/);
    const file = join(folder, "own.yaml");
    const fresh = await meridianHere(["prices", "check", file, "--max-age", "99999"]);
    assert.deepEqual([fresh.code, /2 prices checked: 0 older/.test(fresh.stdout)], [0, true]);
  });

  it("refuses a file that is no price book", async () => {
    const file = join(folder, "none.json");
    writeFileSync(file, "{}");
    await assert.rejects(loadPriceBook(file), MeridianError);
    const { code } = await meridianHere(["prices", "import", file, "--book", BOOK]);
    assert.equal(code, 3);
    assert.equal((await meridianHere(["prices"])).code, 2);
  });

  it("says where a book cannot be written", async () => {
    const { code, stderr } = await meridianHere(["prices", "import", LIST, "--book", join(folder, "gone", "b.json")]);
    assert.equal(code, 4);
    assert.match(stderr, /PRICE_BOOK_NOT_WRITTEN .*gone/);
  });
});
