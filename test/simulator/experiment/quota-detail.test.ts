import assert from "node:assert/strict";
import { it } from "node:test";
import { DAY_MS } from "../../../simulator/base/time.ts";
import { quotaDetail } from "../../../simulator/experiment/quota-detail.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";

/** Two days from midnight UTC; a model that answers 1,000 tokens at most. */
const PLAN = {
  startMs: 0,
  arrivalsFromMs: 0,
  durationMs: 2 * DAY_MS,
  models: [{ maxOutputTokens: 1000 }],
} as unknown as Plan;

it("counts calls a minute and tokens a day, and what other settings of max_tokens would reserve", () => {
  // Three calls within a minute on the first day, one on the second that settles more than those together.
  const atMs = Float64Array.of(0, 20_000, 40_000, DAY_MS + 5000);
  const demand = {
    atMs,
    settledAtMs: atMs.map((ms) => ms + 1000),
    reserve: Float64Array.of(300, 300, 300, 300),
    settle: Float64Array.of(100, 100, 100, 400),
  };
  const calls = { demand, maxTokens: Int32Array.of(200, 200, 200, 200), capped: new Float64Array(4).fill(150) };
  const detail = quotaDetail(PLAN, { ...calls, spec: null, model: 0 }, 0);
  assert.equal(detail.busiestCalls, 3);
  assert.deepEqual(detail.busiestDay, { settled: 400, coveredShare: 1 });
  // 300 with 200 of answer is 1,100 with 1,000; three in a minute.
  assert.equal(detail.unset.busiestReserved, 3300);
  assert.equal(detail.explicit.busiestReserved, 450);
  assert.ok(detail.explicit.smallestLimit < detail.unset.smallestLimit);
});
