import assert from "node:assert/strict";
import { test } from "node:test";
import { runHere } from "../run-here.ts";

const entry = new URL("../../../studies/performance/pin.ts", import.meta.url).pathname;

test("the results that are pinned hold: here a scenario that has everything and two rows of known answers", async () => {
  const args = ["golden", "oracle cost-a", "oracle cost-c"];
  const { status, stdout, stderr } = await runHere(entry, args);
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^3 of 3 pins hold$/m);
});
