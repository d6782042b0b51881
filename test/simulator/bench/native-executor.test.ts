import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { invalidReasons } from "../../../simulator/bench/checks.ts";
import { checkNativeRows } from "../../../simulator/bench/native-executor.ts";
import type { AttemptRow, RequestRow, ScheduleRow } from "../../../simulator/bench/rows.ts";
import { END } from "../../../simulator/client/request-rules.ts";

const schedule: readonly ScheduleRow[] = [0, 100, 200, 300].map((ms) => [ms, 0, 0, 10, 10, 0, 0, -1]);
const served = (i: number, b: number, e: number): RequestRow => ({ t: "r", i, b, e, end: END.served, n: 1, w: 0 });
const attempt = (i: number, s: number, e: number): AttemptRow => {
  return { t: "a", i, o: 0, g: 0, s, e, k: "ok", c: 200, f: 1, u: [10, 10, 0, 0], id: "x", x: "" };
};

function check(requests: readonly RequestRow[], droppedIterations = 0) {
  const attempts = requests.map(({ i, b, e }) => attempt(i, b, e));
  return checkNativeRows({
    strategy: "s",
    schedule,
    attempts,
    requests,
    counts: { httpRequests: attempts.length, attempts: attempts.length, requestsEnded: requests.length },
    clientFaults: [],
    lateMsP99: null,
    executor: "constant-arrival-rate",
    vus: 3,
    droppedIterations,
    endMs: 5000,
  });
}

describe("a run that a native executor of k6 drove", () => {
  it("counts latency from the sending and from the intended instant, the earlier of both if it left too soon", () => {
    // On time, 60 ms early, 50 ms late, on time; each answered 20 ms after it left.
    const { report, schedule: offered } = check([
      served(0, 0, 20),
      served(1, 40, 60),
      served(2, 250, 270),
      served(3, 300, 320),
    ]);
    assert.deepEqual(report.faults, []);
    assert.ok(report.isComplete);
    assert.deepEqual(report.plain?.fromSendMs, { p50: 20, p95: 20, p99: 20 });
    assert.equal(report.plain?.fromIntendedMs.p50, 20);
    assert.ok(Math.abs(report.plain!.fromIntendedMs.p99 - 68.5) < 1e-9, "20, 20, 20, 70 by linear interpolation");
    assert.deepEqual(
      offered.map(([arrivalMs]) => arrivalMs),
      [0, 40, 200, 300],
    );
    assert.ok(report.plain!.earlyMsP99 > 58 && report.plain!.earlyMsP99 <= 60);
  });

  it("says which requests were never sent and gives each a row", () => {
    const { report, requests } = check([served(0, 0, 20), served(1, 100, 120)], 2);
    assert.equal(report.plain?.neverSent, 2);
    assert.deepEqual(report.faults, [
      "2 of 4 requests were never sent",
      "k6 dropped 2 iterations: too few virtual users (3)",
    ]);
    assert.deepEqual(
      requests.filter(({ end }) => end === END.inFlight).map(({ i, n, w }) => [i, n, w]),
      [
        [2, 0, -1],
        [3, 0, -1],
      ],
    );
    assert.equal(report.lagMs.max, 4800, "what never left is as late as the run is long");
  });

  it("is never one to compare, however well it went", () => {
    const reasons = invalidReasons([check([0, 1, 2, 3].map((i) => served(i, i * 100, i * 100 + 20))).report]);
    assert.equal(reasons.length, 1);
    assert.match(reasons[0]!, /constant-arrival-rate executor with 3 virtual users.*not for comparison/);
  });

  it("still finds rows that are there twice", () => {
    const { report } = check([
      served(0, 0, 20),
      served(0, 0, 20),
      served(1, 100, 120),
      served(2, 200, 220),
      served(3, 300, 320),
    ]);
    assert.equal(report.isComplete, false);
    assert.match(report.faults.join(), /more than one row/);
  });
});
