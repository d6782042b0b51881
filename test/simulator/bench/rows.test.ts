import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { recordSchedule } from "../../../simulator/bench/make-plan.ts";
import {
  type AttemptRow,
  decodeSchedule,
  encodeSchedule,
  recordOf,
  requestOf,
  type ScheduleRow,
  settled,
} from "../../../simulator/bench/rows.ts";
import { classInput, planOf, scenarioInput } from "../scenario/base.ts";
import { simulateObserved } from "./virtual-wire.ts";

const row = (over: Partial<AttemptRow>): AttemptRow => ({
  t: "a",
  i: 0,
  o: 0,
  g: 0,
  s: 0,
  e: 1,
  k: "ok",
  c: 200,
  f: 1,
  u: null,
  id: "",
  x: "",
  ...over,
});

it("attempts that were given up get the endpoint's tokens; what the run cut off, or answered itself, does not", () => {
  const usage = [10, 20, 0, 0] as const;
  const records = new Map(["1.0", "1.1", "2.0"].map((id) => [id, { id, region: "a", usage }]));
  const attempts = [
    row({ i: 1, k: "timeout" }),
    row({ i: 1, o: 1, u: [1, 2, 0, 0] }),
    row({ i: 2, k: "unfinished" }),
    row({ i: 3, k: "timeout" }),
  ];
  assert.deepEqual(
    settled(attempts, records).map(({ u }) => u),
    [usage, [1, 2, 0, 0], null, null],
  );
  assert.equal(recordOf(records, attempts[1]!)?.region, "a");
  assert.equal(recordOf(records, attempts[3]!), undefined);
});

describe("a schedule", () => {
  it("comes back from its file to the microsecond", () => {
    const rows: ScheduleRow[] = [
      [0.12345, 0, 1, 100, 50, 200, 0, -1],
      [86_399_999.9996, 3, 0, 7, 1, 0, 5, 12],
    ];
    assert.deepEqual(decodeSchedule(encodeSchedule(rows)), [
      [0.123, 0, 1, 100, 50, 200, 0, -1],
      [86_400_000, 3, 0, 7, 1, 0, 5, 12],
    ]);
    assert.equal(encodeSchedule(rows).split("\n").length, 5, "a line a request, brackets, and a last newline");
  });

  it("gives a row its names", () => {
    assert.deepEqual(requestOf([1, 2, 3, 4, 5, 6, 7, 8], 9), {
      requestId: 9,
      arrivalMs: 1,
      classIndex: 2,
      originIndex: 3,
      inputTokens: 4,
      outputTokens: 5,
      maxTokens: 6,
      prefixTokens: 7,
      prefixId: 8,
    });
  });

  it("holds the requests that a simulation sees, in its order", () => {
    const plan = planOf(scenarioInput({ requests: 500 }));
    const rows = recordSchedule(plan);
    const seen = [...simulateObserved(plan, 0).requests].sort((a, b) => a.requestId - b.requestId);
    assert.deepEqual(
      rows.map((row) => [row[0], row[1], row[3]]),
      seen.map((request) => [request.arrivalMs, request.classIndex, request.inputTokens]),
    );
  });

  it("refuses more than can be benched, and nothing at all", () => {
    const problem = (run: () => unknown) => {
      try {
        run();
      } catch (error) {
        return error instanceof MeridianError ? error.problems[0]!.code : String(error);
      }
      return undefined;
    };
    assert.equal(
      problem(() => recordSchedule(planOf(scenarioInput({ requests: 501 })), 500)),
      "BENCH_TOO_MANY_REQUESTS",
    );
    const { requests: _, ...timed } = scenarioInput({ duration: "1ms", traffic: [classInput()] } as never);
    assert.equal(
      problem(() => recordSchedule(planOf(timed as never))),
      "BENCH_NO_REQUESTS",
    );
  });
});
