import assert from "node:assert/strict";
import { test } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { measureBrowser } from "../../../studies/performance/browser.ts";

test("npm run perf -- browser: wrong options are refused before a browser is started", async () => {
  for (const argv of [["--rounds", "0"], ["--requests", "many"], ["--firefox"]]) {
    await assert.rejects(measureBrowser(argv), (error) => error instanceof MeridianError && error.exitCode === 2);
  }
});
