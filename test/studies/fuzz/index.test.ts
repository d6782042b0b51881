import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { it } from "node:test";

it("npm run fuzz says what it tried, with the seed that repeats it", () => {
  const args = ["studies/fuzz/index.ts", "--seconds", "0.5", "--seed", "7"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^seed 7: \d+ inputs, \d+ refused with a problem, 0 failures\n$/);
});
