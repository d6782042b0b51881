import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

const entry = new URL("../../../studies/performance/index.ts", import.meta.url).pathname;

function perf(...args: readonly string[]) {
  return spawnSync(process.execPath, [entry, ...args], { encoding: "utf8", timeout: 30_000 });
}

for (const args of [["--model", "r9"], ["--rounds", "0"], ["--requests", "many"], ["--fast"]]) {
  test(`npm run perf -- ${args.join(" ")}: refused with exit code 2 and no stack trace`, () => {
    const { status, stderr } = perf(...args);
    assert.equal(status, 2);
    assert.match(stderr, /PERF_USAGE/);
    assert.doesNotMatch(stderr, /\n {4}at /);
  });
}
