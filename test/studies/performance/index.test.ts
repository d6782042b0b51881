import assert from "node:assert/strict";
import { test } from "node:test";
import { runHere } from "../run-here.ts";

const entry = new URL("../../../studies/performance/index.ts", import.meta.url).pathname;

for (const args of [["--model", "r9"], ["--rounds", "0"], ["--requests", "many"], ["--fast"]]) {
  test(`npm run perf -- ${args.join(" ")}: refused with exit code 2 and no stack trace`, async () => {
    const { status, stderr } = await runHere(entry, args);
    assert.equal(status, 2);
    assert.match(stderr, /PERF_USAGE/);
    assert.doesNotMatch(stderr, /\n {4}at /);
  });
}
