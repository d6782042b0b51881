import assert from "node:assert/strict";
import { test } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { measurePlayground, measureReport } from "../../../studies/performance/pages.ts";

test("npm run perf -- report, -- playground: wrong options are refused before anything starts", async () => {
  const isUsage = (error: unknown) => error instanceof MeridianError && error.exitCode === 2;
  await assert.rejects(measureReport(["--drags", "3"]), isUsage);
  for (const argv of [["--drags", "0"], ["--drags", "many"], ["--firefox"]])
    await assert.rejects(measurePlayground(argv), isUsage);
});
