import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  afterAnswer,
  deadlineInMs,
  END,
  endAfter,
  type Failure,
  HedgeBudget,
  type HedgePolicy,
  hedgeDueMs,
  isStillUnderWay,
  mayHedge,
  NEVER,
  outputLimit,
  putOffUntilMs,
  retryDelayMs,
  type TimeoutPolicy,
} from "../../../simulator/client/request-rules.ts";
import { createRetryPolicy, GIVE_UP } from "../../../simulator/client/retry-policy.ts";

const none = { connectMs: Infinity, firstByteMs: Infinity, idleMs: Infinity };
const limits: TimeoutPolicy = { ...none, attemptMs: 60_000, requestMs: 100_000 };
const unlimited: TimeoutPolicy = { ...none, attemptMs: Number.POSITIVE_INFINITY, requestMs: Number.POSITIVE_INFINITY };
const twice: HedgePolicy = { afterMs: 800, hedgesMax: 2, budgetShare: Infinity, quantile: 0 };
const never: HedgePolicy = { afterMs: Number.POSITIVE_INFINITY, hedgesMax: 0, budgetShare: Infinity, quantile: 0 };

/** One case a line: arguments, what comes out, and why. */
function table<Args extends readonly unknown[], Result>(
  rule: (...args: Args) => Result,
  cases: readonly (readonly [Args, Result, string])[],
): void {
  for (const [args, expected, why] of cases) assert.deepEqual(rule(...args), expected, why);
}

describe("limits of a request", () => {
  it("the deadline runs from the intended arrival, however late the request was taken up", () =>
    table(deadlineInMs, [
      [[limits, 1_000, 1_000], 100_000, "at its arrival"],
      [[limits, 1_000, 41_000], 60_000, "40 s late"],
      [[limits, 1_000, 101_000], 0, "at the deadline"],
      [[limits, 1_000, 500_000], 0, "long past it"],
      [[unlimited, 1_000, 2_000], Number.POSITIVE_INFINITY, "no deadline"],
    ]));

  it("answers are limited by what the caller asks for, or else by the model", () =>
    table(outputLimit, [
      [[200, 4_096], 200, "asked for"],
      [[9_000, 4_096], 9_000, "asked for, whatever the model says"],
      [[0, 4_096], 4_096, "unset"],
    ]));
});

describe("an attempt that may not leave now", () => {
  it("is tried again when the limiter or the strategy asks, 1 ms on at the earliest; a hedge is left out", () =>
    table(putOffUntilMs, [
      [[5_000, 1_000, false], 5_000, "at the instant asked for"],
      [[1_000, 1_000, false], 1_001, "now is not later"],
      [[1_000.25, 1_000, false], 1_001, "less than 1 ms on"],
      [[-1, 1_000, false], 1_001, "in the past"],
      [[5_000, 1_000, true], NEVER, "a hedge"],
    ]));

  it("a strategy's choice c < 0 names instant -1 - c", () => {
    const choice = -1 - 7_000;
    assert.equal(putOffUntilMs(-1 - choice, 1_000, false), 7_000);
  });
});

describe("hedges", () => {
  it("are due after so much silence since the latest send, as often as the policy says", () =>
    table(hedgeDueMs, [
      [[twice, 0, 1_000], 1_800, "the first"],
      [[twice, 1, 1_800], 2_600, "the second, from the send of the first"],
      [[twice, 1, 2_000], 2_800, "a retry's send counts too"],
      [[twice, 2, 2_600], Number.POSITIVE_INFINITY, "no third"],
      [[never, 0, 0], Number.POSITIVE_INFINITY, "no hedging"],
    ]));

  it("leave beside an attempt that is awaited only", () =>
    table(mayHedge, [
      [[twice, 0, 1], true, "one silent attempt"],
      [[twice, 1, 2], true, "two of them"],
      [[twice, 2, 3], false, "as many as allowed have left"],
      [[twice, 0, 0], false, "the request waits for its retry"],
      [[never, 0, 1], false, "no hedging"],
    ]));
});

describe("an answer", () => {
  it("serves its request or fails it; one that has ended takes no notice", () =>
    table(afterAnswer, [
      [[false, true], "serve", "the first good answer"],
      [[false, false], "fail", "a refusal, an error, a timeout"],
      [[true, true], "forget", "the loser of a hedge, or too late for the deadline"],
      [[true, false], "forget", "a late failure"],
    ]));

  it("that fails asks for no retry while another attempt of its request is under way", () =>
    table(isStillUnderWay, [
      [[0], false, "nothing is left"],
      [[1], true, "a hedge may still answer"],
      [[2], true, "so may two"],
    ]));
});

describe("a retry", () => {
  const throttled = (attemptsSent: number, isFinal: boolean, hintMs: number) =>
    retryDelayMs(createRetryPolicy({ mode: "standard" }), attemptsSent, "throttled", isFinal, hintMs, 0.5);

  it("waits as its mode says, longer where the service asks, and is not made of a final failure or the last attempt", () =>
    table(throttled, [
      [[1, false, Number.NaN], 500, "half of 1 s"],
      [[2, false, Number.NaN], 1_000, "half of 2 s"],
      [[3, false, Number.NaN], GIVE_UP, "three attempts are all"],
      [[1, false, 3_000], 3_000, "the service asks for 3 s"],
      [[1, false, 60_000], 5_500, "5 s more than its own at most"],
      [[1, true, Number.NaN], GIVE_UP, "a wrong request stays wrong"],
    ]));

  it("of a final failure takes nothing from the budget", () => {
    const retry = createRetryPolicy({ mode: "standard" });
    for (let i = 0; i < 1_000; i++) retryDelayMs(retry, 1, "throttled", true, Number.NaN, 0);
    assert.equal(retryDelayMs(retry, 1, "throttled", false, Number.NaN, 0.5), 500);
  });

  it("that is not made ends the request by its last failure", () => {
    const ends: Readonly<Record<Failure, number>> = {
      throttled: END.throttled,
      unavailable: END.refused,
      timeout: END.timedOut,
      error: END.failed,
    };
    for (const [kind, end] of Object.entries(ends)) assert.equal(endAfter(kind as Failure), end, kind);
  });
});

describe("a hedge budget", () => {
  const sent = (share: number, requests: number, budget = new HedgeBudget(share)): number => {
    let hedges = 0;
    for (let i = 0; i < requests; i++) {
      budget.request();
      if (budget.take()) hedges++;
    }
    return hedges;
  };

  it("lets through as many hedges as its share of the requests, however many are wanted", () => {
    assert.deepEqual([sent(0.1, 1000), sent(0.01, 1000), sent(2, 10)], [100, 10, 10]);
    assert.equal(sent(Number.POSITIVE_INFINITY, 5), 5);
    assert.equal(new HedgeBudget(0.5).take(), false, "nothing is earned yet");
  });

  it("saves up what a hundred requests put in, and no more", () => {
    const budget = new HedgeBudget(0.1);
    for (let i = 0; i < 10_000; i++) budget.request();
    let hedges = 0;
    while (budget.take()) hedges++;
    assert.equal(hedges, 10);
  });
});
