import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { before, test } from "node:test";
import { k6ForTests } from "../../scenarios/k6/k6.ts";

const entry = new URL("../../../scripts/bench/executors.ts", import.meta.url).pathname;

function executors(...args: readonly string[]) {
  return spawnSync(process.execPath, ["--import", "tsx", entry, ...args], { encoding: "utf8", timeout: 100_000 });
}

before(k6ForTests, { timeout: 900_000 });

for (const args of [["--only", "warp"], ["--only", "ramping-vus"], ["--seconds", "0"], ["--law", "soon"], ["--fast"]]) {
  test(`npm run executors -- ${args.join(" ")}: refused with exit code 2 and no stack trace`, () => {
    const { status, stderr } = executors(...args);
    assert.equal(status, 2);
    assert.match(stderr, /EXECUTORS_(USAGE|LAW)/);
    assert.doesNotMatch(stderr, /\n {4}at /);
  });
}

test("npm run executors measures one against the exact answer", { timeout: 120_000 }, () => {
  const { status, stdout, stderr } = executors("--only", "dispatcher", "--seconds", "3", "--rate", "20", "--json");
  assert.equal(status, 0, stderr);
  const { rows, truth, requests } = JSON.parse(stdout) as {
    readonly rows: readonly { readonly sent: number; readonly fromIntendedMs: { readonly p50: number } }[];
    readonly truth: { readonly p50: number };
    readonly requests: number;
  };
  assert.equal(rows[0]!.sent, requests);
  assert.ok(rows[0]!.fromIntendedMs.p50 >= truth.p50 - 2, "nothing is faster than the law");
});
