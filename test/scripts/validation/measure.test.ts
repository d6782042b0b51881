import assert from "node:assert/strict";
import { it } from "node:test";
import { CALIBRATION } from "../../../scripts/validation/conditions.ts";
import { foreignWorld } from "../../../scripts/validation/foreign/worlds.ts";
import { measure } from "../../../scripts/validation/measure.ts";
import { figuresOf, sampleOf } from "../../../scripts/validation/sample.ts";
import { runVirtually } from "../../../scripts/validation/virtual-run.ts";
import { MeridianError } from "../../../simulator/errors.ts";

it("a run measured with k6 is the virtual run, or says that it proves nothing", async () => {
  const world = foreignWorld("steps")!;
  const short = { ...CALIBRATION, duration: "4s" };
  const virtual = await runVirtually(world, short);
  try {
    const run = await measure(world, short, new AbortController().signal);
    assert.deepEqual(run.schedule, virtual.schedule);
    assert.equal(run.requests.length, virtual.requests.length);
    assert.deepEqual(run.facts.targets, virtual.facts.targets);
    const [found, expected] = [figuresOf(sampleOf(run)), figuresOf(sampleOf(virtual))];
    assert.ok(Math.abs(found.e2eMsP50 / expected.e2eMsP50 - 1) < 0.2, `${found.e2eMsP50}, ${expected.e2eMsP50}`);
  } catch (error) {
    // A busy machine: the study refuses such a run, and so does this test.
    assert.ok(error instanceof MeridianError && error.problems[0]!.code === "VALIDATION_RUN_INVALID", String(error));
  }
});
