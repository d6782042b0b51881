import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runJob } from "../../../simulator/experiment/index.ts";
import { recordSchedule } from "../../../simulator/replay/record-schedule.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";

const input = scenarioInput({ requests: undefined, duration: "10m", warmup: "30s" } as never);

describe("a recorded schedule", () => {
  it("of a window is the whole run's from then on, and what a simulation of the window sees", () => {
    const whole = recordSchedule(planOf(input));
    const plan = planOf({ ...input, arrivalsFrom: "7m" });
    const window = recordSchedule(plan);
    assert.ok(window.length > 500);
    assert.deepEqual(
      window,
      whole.filter(([arrivalMs]) => arrivalMs >= 420_000),
    );
    const seen: number[] = [];
    const job = runJob({ plan }, { replication: 0, strategyIndices: [0] }, () => ({
      onAttemptEnd: () => {},
      onRequestEnd: ({ requestId, arrivalMs, isCounted }) => {
        seen[requestId] = arrivalMs;
        assert.equal(isCounted, arrivalMs >= 450_000, "the warm-up is the window's first 30 s");
      },
      onRunEnd: () => {},
    }));
    for (let step = job.next(); step.done !== true; step = job.next()) assert.ok(step.value.share <= 1);
    assert.deepEqual(
      seen,
      window.map(([arrivalMs]) => arrivalMs),
    );
  });

  it("that would be empty, or too long, is refused", () => {
    assert.throws(() => recordSchedule(planOf(input), 10), /BENCH_TOO_MANY_REQUESTS/);
    const quiet = planOf({ ...input, duration: "7m", warmup: "none", arrivalsFrom: "419999ms" } as never);
    assert.throws(() => recordSchedule(quiet), /BENCH_NO_REQUESTS/);
  });
});
