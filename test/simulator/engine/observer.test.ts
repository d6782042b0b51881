import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { END } from "../../../simulator/client/request-rules.ts";
import { Observation, type ObservedAttempt, type ObservedRequest } from "../../../simulator/engine/observer.ts";
import { REQUEST_FLAG, UNKNOWN } from "../../../simulator/engine/request-rows.ts";
import {
  ATTEMPT,
  ATTEMPT_FLOAT,
  ATTEMPT_FLOATS,
  ATTEMPT_INTS,
  createAttemptTable,
} from "../../../simulator/service/attempt-table.ts";
import { REFUSED_BY } from "../../../simulator/service/quota/token-quota.ts";
import { OUTCOME } from "../../../simulator/service/service.ts";

function setUp() {
  const table = createAttemptTable();
  // Attempts name the row of their request: the first one, unless a test says otherwise.
  table.ints[table.allocate() * ATTEMPT_INTS + ATTEMPT.outcome] = OUTCOME.ok;
  const attempts: ObservedAttempt[] = [];
  const ended: ObservedRequest[] = [];
  let runEnds = 0;
  const observer = {
    onAttemptEnd: (attempt: ObservedAttempt) => attempts.push({ ...attempt }),
    onRequestEnd: (request: ObservedRequest) => ended.push({ ...request }),
    onRunEnd: () => runEnds++,
  };
  const send = (ints: Partial<Record<keyof typeof ATTEMPT, number>>): number => {
    const a = table.allocate();
    const row: typeof ints = { outcome: UNKNOWN, endpoint: UNKNOWN, ...ints };
    for (const [name, value] of Object.entries(row)) {
      table.ints[a * ATTEMPT_INTS + ATTEMPT[name as keyof typeof ATTEMPT]] = value;
    }
    return a;
  };
  return {
    table,
    attempts,
    ended,
    send,
    runs: () => runEnds,
    seen: new Observation(observer, table),
  };
}

describe("what an observer is shown", () => {
  it("of a served attempt: instants at the source region, half a hop before and after the endpoint", () => {
    const { table, attempts, send, seen } = setUp();
    const a = send({ requestId: 7, ordinal: 1, target: 3, endpoint: 2, outcome: OUTCOME.ok, outputTokens: 40 });
    const from = a * ATTEMPT_FLOATS;
    table.floats[from + ATTEMPT_FLOAT.sentMs] = 1000;
    table.floats[from + ATTEMPT_FLOAT.hopMs] = 30;
    table.floats[from + ATTEMPT_FLOAT.offeredMs] = 1050;
    table.floats[from + ATTEMPT_FLOAT.firstTokenMs] = 1500;
    seen.attemptEnded(a, 2000);
    const [attempt] = attempts;
    assert.deepEqual([attempt!.requestId, attempt!.ordinal, attempt!.target, attempt!.endpoint], [7, 1, 3, 2]);
    assert.deepEqual([attempt!.sentMs, attempt!.receivedMs, attempt!.firstTokenMs], [1000, 1020, 1530]);
    assert.deepEqual([attempt!.endedMs, attempt!.answeredMs, attempt!.outputTokens], [2000, 2030, 40]);
    assert.equal(attempt!.refusedQuota, -1);
  });

  it("of a throttled attempt: the quota and its limit, and nothing of them otherwise", () => {
    const { attempts, send, seen } = setUp();
    const refusal = (5 << 2) | REFUSED_BY.tokensPerDay;
    seen.attemptEnded(send({ outcome: OUTCOME.throttled, refusal }), 1);
    // A recycled row still holds the refusal of the attempt before.
    seen.attemptEnded(send({ outcome: OUTCOME.unavailable, refusal }), 2);
    assert.deepEqual(
      attempts.map((attempt) => [attempt.refusedQuota, attempt.refusedBy]),
      [
        [5, REFUSED_BY.tokensPerDay],
        [-1, REFUSED_BY.none],
      ],
    );
  });

  it("of a request: which attempt served it, by its ordinal and not its row", () => {
    const { table, ended, send, seen } = setUp();
    const request = send({ requestId: 9, classIndex: 1, originIndex: 2, attempts: 3, flags: REQUEST_FLAG.isCounted });
    table.floats[request * ATTEMPT_FLOATS + ATTEMPT_FLOAT.arrivalMs] = 10;
    send({});
    seen.requestEnded(request, END.served, 500, send({ ordinal: 2 }));
    seen.requestEnded(request, END.timedOut, 600, -1);
    assert.deepEqual(
      ended.map((each) => [each.requestId, each.end, each.endedMs, each.servedBy, each.attempts, each.isCounted]),
      [
        [9, END.served, 500, 2, 3, true],
        [9, END.timedOut, 600, -1, 3, true],
      ],
    );
  });

  it("at the run's end: the attempts that are still under way, and that it was the end", () => {
    const { table, attempts, send, seen, runs } = setUp();
    send({ requestId: 1 });
    send({ requestId: 2, outcome: OUTCOME.ok });
    table.release(send({ requestId: 3 }));
    seen.runEnded(5000);
    assert.deepEqual(
      attempts.map((attempt) => [attempt.requestId, attempt.outcome, attempt.endedMs]),
      [[1, UNKNOWN, 5000]],
    );
    assert.equal(runs(), 1);
  });
});
