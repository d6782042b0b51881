import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

const entry = new URL("../../../studies/performance/pin.ts", import.meta.url).pathname;

test("the results that are pinned hold: here a scenario that has everything and two rows of known answers", () => {
  const args = [entry, "golden", "oracle cost-a", "oracle cost-c"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 60_000 });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^3 of 3 pins hold$/m);
});
