import assert from "node:assert/strict";
import test from "node:test";
import { axisStartOf, readPackedText } from "../../../scripts/calibrate/measurement.ts";

test("times count from the first instant; what is no file of text is refused", async () => {
  assert.equal(axisStartOf([30, 10, 20]), 10);
  await assert.rejects(readPackedText("/dev/zero"), /CALIBRATE_NOT_A_FILE/);
  await assert.rejects(readPackedText("none.jsonl"), /CALIBRATE_NOT_FOUND/);
});
