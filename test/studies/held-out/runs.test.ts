import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { CALIBRATION } from "../../../studies/held-out/conditions.ts";
import { figuresOf, sampleOf } from "../../../studies/held-out/figures.ts";
import { readMeasured, saveMeasured } from "../../../studies/held-out/runs.ts";
import { runVirtually } from "../../../studies/held-out/virtual.ts";
import { worldNamed } from "../../../studies/held-out/worlds.ts";

const SHORT = { ...CALIBRATION, duration: "20s" };

describe("kept runs", () => {
  it("come back as they were, to the microsecond, and equal runs are equal bytes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "measured-"));
    try {
      const world = worldNamed("limited")!;
      const run = await runVirtually(world, SHORT);
      await saveMeasured(join(folder, "a"), run);
      await saveMeasured(join(folder, "b"), await runVirtually(world, SHORT));
      const back = await readMeasured(join(folder, "a"));
      assert.equal(back.yaml, run.yaml);
      assert.deepEqual(back.facts, run.facts);
      assert.equal(back.requests.length, run.requests.length);
      assert.equal(back.attempts.length, run.attempts.length);
      const [found, expected] = [figuresOf(sampleOf(back)), figuresOf(sampleOf(run))];
      for (const key of Object.keys(expected) as (keyof typeof expected)[]) {
        assert.ok(Math.abs(found[key] - expected[key]) < 0.002, key);
      }
      for (const name of readdirSync(join(folder, "a"))) {
        assert.deepEqual(readFileSync(join(folder, "a", name)), readFileSync(join(folder, "b", name)), name);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("have the same requests for other noise draws of the servers, and other answers", async () => {
    const world = worldNamed("fifo")!;
    const [one, other] = [await runVirtually(world, SHORT), await runVirtually(world, SHORT, 17)];
    assert.deepEqual(one.schedule, other.schedule);
    assert.notEqual(figuresOf(sampleOf(one)).e2eMsP95, figuresOf(sampleOf(other)).e2eMsP95);
  });
});
