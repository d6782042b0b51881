import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judgeMemory, judgeWorkers } from "../../../studies/performance/sizes.ts";
import { runHere } from "../run-here.ts";

const entry = new URL("../../../studies/performance/index.ts", import.meta.url).pathname;
const peak = (model: string, requests: number, peakMiB: number) => ({ model, requests, peakMiB });

describe("the peak memory of R3", () => {
  it("holds while it stays flat and small, each model against its own first run", () => {
    const { rows, holds } = judgeMemory([
      peak("r3-lo", 1, 100),
      peak("r3-lo", 8, 109),
      peak("r3-cw", 1, 200),
      peak("r3-cw", 8, 210),
    ]);
    assert.deepEqual(
      rows.map(({ growth }) => growth),
      [1, 1.09, 1, 1.05],
    );
    assert.ok(holds);
  });

  it("is broken by growth and by size", () => {
    assert.equal(judgeMemory([peak("r3-lo", 1, 100), peak("r3-lo", 8, 121)]).holds, false);
    assert.equal(judgeMemory([peak("r3-lo", 1, 401)]).holds, false);
  });
});

it("two workers are judged round by round against one", () => {
  const { speedup, holds } = judgeWorkers([10, 40, 20], [6, 20, 10]);
  assert.deepEqual([speedup.min, speedup.median, speedup.max], [10 / 6, 2, 2]);
  assert.ok(holds);
  assert.equal(judgeWorkers([10], [6]).holds, false);
});

it("both parts say what they do not take", async () => {
  for (const args of [
    ["memory", "--requests", "many"],
    ["workers", "--rounds", "0"],
  ]) {
    const { status, stderr } = await runHere(entry, args);
    assert.equal(status, 2);
    assert.match(stderr, /(MEMORY|WORKERS)_USAGE/);
  }
});
