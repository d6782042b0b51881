import assert from "node:assert/strict";
import { it } from "node:test";
import { benchLimits, REAL_LIMITS, refuseBeyondLimits } from "../../../scripts/bench/limits.ts";
import type { ScheduleRow } from "../../../simulator/bench/rows.ts";

const at = (...ms: readonly number[]): readonly ScheduleRow[] => ms.map((each) => [each, 0, 0, 1, 1, 1, 0, -1]);

it("real endpoints have limits, others those that a person gives", () => {
  assert.deepEqual(benchLimits({}, true), REAL_LIMITS);
  assert.equal(benchLimits({}, false).requestsMax, Number.POSITIVE_INFINITY);
  assert.deepEqual(benchLimits({ maxRequests: 7, maxRate: 3 }, true), {
    ...REAL_LIMITS,
    requestsMax: 7,
    perSecondMax: 3,
  });
  refuseBeyondLimits(benchLimits({}, false), at(0, 1e9), 100);
});

it("every limit that is exceeded is reported, with the number that would do", () => {
  const schedule = at(0, 400, 900, 1300, 1399, 1401, 9000);
  refuseBeyondLimits({ requestsMax: 14, perSecondMax: 4, lengthMaxMs: 9000 }, schedule, 2);
  assert.throws(() => refuseBeyondLimits({ requestsMax: 13, perSecondMax: 3, lengthMaxMs: 8999 }, schedule, 2), {
    message:
      /7 requests for each of 2 strategies are 14; 13 are allowed[\s\S]*--max-requests 14[\s\S]*--max-rate 4\n[\s\S]*BENCH_LENGTH_LIMIT/,
  });
});
