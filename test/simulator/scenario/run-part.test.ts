import assert from "node:assert/strict";
import { it } from "node:test";
import { durationMsOf, runPartOf, startMsOf } from "../../../simulator/scenario/run-part.ts";
import { scenarioSchema } from "../../../simulator/scenario/schema.ts";
import { scenarioInput } from "./base.ts";

const scenario = (over: object) => scenarioSchema.parse(scenarioInput(over));

it("a run begins at its instant and ends by time or by its number of requests", () => {
  const timed = scenario({ start: "1970-01-02T00:00:00Z", duration: "2h", requests: undefined });
  assert.deepEqual([startMsOf(timed), durationMsOf(timed)], [86_400_000, 7_200_000]);
  const counted = scenario({ requests: 500 });
  assert.equal(durationMsOf(counted), Number.POSITIVE_INFINITY);
  assert.deepEqual(
    [runPartOf(counted, [{ tier: "standard" }]).requestsMax, runPartOf(timed, []).requestsMax],
    [500, Infinity],
  );
  assert.equal(runPartOf(scenario({ drain: "1h" }), [{ tier: "standard" }]).drainMs, 3_600_000);
  assert.equal(
    runPartOf(scenario({ drain: "1h" }), [{ tier: "batch" }]).drainMs,
    25 * 3_600_000,
    "batch may take its window of 24 h",
  );
});
