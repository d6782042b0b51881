import assert from "node:assert/strict";
import { it } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { CALIBRATION } from "../../../studies/held-out/conditions.ts";
import { figuresOf, sampleOf } from "../../../studies/held-out/figures.ts";
import { measure } from "../../../studies/held-out/measure.ts";
import { runVirtually } from "../../../studies/held-out/virtual.ts";
import { worldNamed } from "../../../studies/held-out/worlds.ts";

it("a run measured with k6 is the virtual run, or says that it proves nothing", async () => {
  const world = worldNamed("steps")!;
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
    assert.ok(error instanceof MeridianError && error.problems[0]!.code === "STUDY_RUN_INVALID", String(error));
  }
});
