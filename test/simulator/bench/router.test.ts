import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SpendPlan } from "../../../simulator/bench/plan.ts";
import { ReplayRouter } from "../../../simulator/bench/router.ts";
import type { AttemptAnswer, AttemptOrder } from "../../../simulator/bench/router-io.ts";
import { type AttemptRow, parseRow, type RequestRow, requestOf } from "../../../simulator/bench/rows.ts";
import { END } from "../../../simulator/client/request-rules.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";
import { replayPlanOf } from "./virtual-wire.ts";

/** A router on a hand-driven wire. */
function router(client: object, spend: SpendPlan | null = null) {
  const plan = planOf(scenarioInput({ client } as never));
  const replay = { ...replayPlanOf(plan, 0, [[0, 0, 0, 100, 50, 200, 0, -1]]), spend };
  const sent: { order: AttemptOrder; answer: (part: Partial<AttemptAnswer>) => void }[] = [];
  const timers: { ms: number; callback: () => void; isOff: boolean }[] = [];
  const attempts: AttemptRow[] = [];
  const requests: RequestRow[] = [];
  let nowMs = 0;
  const made = new ReplayRouter(replay, {
    nowMs: () => nowMs,
    after(delayMs, callback) {
      const timer = { ms: nowMs + delayMs, callback, isOff: false };
      timers.push(timer);
      return () => {
        timer.isOff = true;
      };
    },
    send(order, done) {
      const answer = (part: Partial<AttemptAnswer>) =>
        done({
          kind: "ok",
          isFinal: false,
          endedMs: nowMs,
          ttftMs: 1,
          retryAfterMs: Number.NaN,
          status: 200,
          serviceRequestId: "id",
          error: "",
          usage: [100, 50, 0, 0],
          ...part,
        });
      sent.push({ order, answer });
    },
    attemptEnded: (row) => attempts.push(row),
    requestEnded: (row) => requests.push(row),
  });
  const pass = (ms: number): void => {
    for (;;) {
      const next = timers.filter((timer) => !timer.isOff && timer.ms <= ms).sort((a, b) => a.ms - b.ms)[0];
      if (next === undefined) break;
      next.isOff = true;
      nowMs = next.ms;
      next.callback();
    }
    nowMs = ms;
  };
  made.start(requestOf([0, 0, 0, 100, 50, 200, 0, -1], 0));
  return { made, sent, attempts, requests, pass, waiting: () => timers.filter((timer) => !timer.isOff).length };
}

describe("a replaying router", () => {
  it("does not repeat a call that is wrong in itself", () => {
    const { sent, requests } = router({ retry: "standard" });
    sent[0]!.answer({ kind: "error", isFinal: true, status: 400, usage: null, error: "ValidationException" });
    assert.equal(sent.length, 1);
    assert.equal(requests[0]!.end, END.failed);
  });

  it("waits as long as the service asks, at most five seconds more than it would itself", () => {
    const { sent, pass } = router({ retry: "standard" });
    sent[0]!.answer({ kind: "throttled", status: 429, usage: null, retryAfterMs: 3000 });
    pass(2999);
    assert.equal(sent.length, 1);
    pass(8000);
    assert.equal(sent.length, 2);
  });

  it("counts a backoff from the answer, not from when it was heard of", () => {
    const { sent, pass } = router({
      retry: { custom: { maxAttempts: 2, backoff: { grow: { base: "1s", factor: 1, cap: "1s", jitter: "none" } } } },
    });
    pass(500);
    sent[0]!.answer({ kind: "throttled", status: 429, usage: null, endedMs: 480 });
    pass(1479);
    assert.equal(sent.length, 1);
    pass(1480);
    assert.equal(sent.length, 2);
  });

  it("ends what is under way when the run is cut off, and ignores what comes later", () => {
    const { made, sent, attempts, requests, pass, waiting } = router({ retry: "none", deadline: "10s" });
    pass(100);
    assert.equal(made.open, 1);
    made.cutOff();
    assert.ok(made.isIdle);
    sent[0]!.answer({});
    assert.deepEqual(
      attempts.map((row) => [row.k, row.e, row.u]),
      [["unfinished", 100, null]],
    );
    assert.deepEqual(
      requests.map((row) => [row.end, row.w]),
      [[END.inFlight, -1]],
    );
    assert.equal(waiting(), 0, "no timer is left to hold the run open");
  });

  it("lets the loser of a hedge run to its end, for the bill", () => {
    const { made, sent, attempts, requests, pass } = router({ retry: "none", hedge: { after: "1s" } });
    pass(1000);
    assert.equal(sent.length, 2);
    sent[1]!.answer({});
    assert.equal(requests[0]!.w, 1);
    assert.equal(made.open, 0);
    assert.ok(!made.isIdle);
    sent[0]!.answer({});
    assert.ok(made.isIdle);
    assert.equal(attempts.filter((row) => row.u !== null).length, 2);
    assert.equal(requests.length, 1);
  });
});

/** Room for so many attempts of 100 tokens in and at most 200 out: each costs 300 micro-dollars at worst. */
function share(attempts: number): SpendPlan {
  const dearest = [1, 1, 1, 1];
  return {
    budgetUsd: attempts * 300e-6,
    dearestUsdPerMTok: [[dearest, dearest]],
    dearestLongUsdPerMTok: [[dearest, dearest]],
    longAboveTokens: [Number.POSITIVE_INFINITY],
    inputFactor: [1],
    inputTokensMore: 0,
  };
}

describe("a router on a budget", () => {
  const second = requestOf([5, 0, 0, 100, 50, 200, 0, -1], 1);

  it("sends while the worst case fits, and ends what does not as cut off by the budget", () => {
    const { made, sent, requests } = router({ retry: "none" }, share(1));
    assert.equal(sent.length, 1);
    made.start(second);
    assert.equal(sent.length, 1, "the first is not settled yet");
    assert.ok(made.isStopped);
    assert.deepEqual(requests, [{ t: "r", i: 1, b: 0, e: 5, end: END.inFlight, n: 0, w: -1, why: "budget" }]);
    sent[0]!.answer({});
    assert.equal(requests[1]!.end, END.served, "what is under way ends as ever");
  });

  it("goes on with what an answer left over", () => {
    const { made, sent } = router({ retry: "none" }, share(1.6));
    sent[0]!.answer({ usage: [100, 50, 0, 0] });
    made.start(second);
    assert.equal(sent.length, 2, "150 spent, 300 set aside, 480 allowed");
    assert.ok(!made.isStopped);
  });

  it("pays for retries and hedges too", () => {
    const retried = router({ retry: "standard" }, share(1.9));
    retried.sent[0]!.answer({ kind: "timeout", status: 0, usage: null });
    retried.pass(10_000);
    assert.equal(retried.sent.length, 1, "what timed out may have been billed");
    assert.deepEqual(
      retried.requests.map(({ end, n, why }) => [end, n, why]),
      [[END.inFlight, 1, "budget"]],
    );
    const hedged = router({ retry: "none", hedge: { after: "1s" } }, share(1.9));
    hedged.pass(1000);
    assert.equal(hedged.sent.length, 1);
    assert.equal(hedged.requests.length, 0, "the first attempt is awaited still");
    hedged.sent[0]!.answer({});
    assert.equal(hedged.requests[0]!.end, END.served);
  });
});

it("a line that is not a row is recognised", () => {
  assert.equal(parseRow('{"t":"b","router":0,"sent":1,"open":0}')?.t, "b");
  for (const line of ["", "{", "null", "3", '{"x":1}', "[]"]) assert.equal(parseRow(line), undefined, line);
});
