import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { measureBrowser } from "../../../studies/performance/browser.ts";
import { runHere } from "../run-here.ts";

const entry = new URL("../../../studies/performance/index.ts", import.meta.url).pathname;
const CHROMIUM = "/usr/bin/chromium";

test("wrong options are refused before a browser starts", async () => {
  for (const argv of [["--rounds", "0"], ["--requests", "many"], ["--firefox"]])
    await assert.rejects(measureBrowser(argv), /PERF_USAGE/);
});

const browser = existsSync(CHROMIUM) ? {} : { skip: `no Chromium at ${CHROMIUM}` };
test("a round in Chromium beside one in Node ends in a row of the table", browser, async () => {
  const args = ["browser", "--rounds", "1", "--requests", "5000", "--chromium", CHROMIUM];
  const { status, stdout } = await runHere(entry, args);
  // So short a round says nothing of the speed, which decides between these.
  assert.ok(status === 0 || status === 99);
  assert.match(stdout, /│ Chromium \d+\S* +│ \d+ +│ [\d.]+ \/ [\d.]+ \/ [\d.]+ +│/);
});
