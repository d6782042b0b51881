import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ReplayPlan } from "../../../simulator/bench/plan.ts";
import type { AttemptAnswer } from "../../../simulator/bench/router-io.ts";
import { type KnownCall, RouterKnowledge } from "../../../simulator/bench/router-knowledge.ts";
import { requestOf, type ScheduleRow } from "../../../simulator/bench/rows.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";
import { replayPlanOf } from "./virtual-wire.ts";

const ROW: ScheduleRow = [0, 0, 0, 100, 50, 200, 0, -1];
const CALL: KnownCall = { request: requestOf(ROW, 0), maxTokens: 200, attempts: 0, lastTarget: -1 };
/** Two targets, the first at half the price of the second. */
const PLAN: ReplayPlan = {
  ...replayPlanOf(planOf(scenarioInput()), 0, [ROW]),
  prices: [{ fromMs: 0, inUsdPerMTok: [[1, 2]], outUsdPerMTok: [[5, 10]] }],
};
const knowing = (kind: string, options: object, over: Partial<ReplayPlan> = {}) =>
  new RouterKnowledge({ ...PLAN, ...over, strategy: { name: kind, kind, source: null, options: { ...options } } });
const answer = (kind: AttemptAnswer["kind"], endedMs: number): AttemptAnswer => ({
  kind,
  isFinal: false,
  endedMs,
  ttftMs: 10,
  retryAfterMs: Number.NaN,
  status: 200,
  serviceRequestId: "",
  error: "",
  usage: null,
});

describe("what a router knows", () => {
  it("counts its own attempts in flight, whether their requests live on or not", () => {
    const knowledge = knowing("least-outstanding", {});
    assert.equal(knowledge.choose(CALL, 0), 0);
    knowledge.sent(CALL, 0, 0);
    assert.equal(knowledge.choose(CALL, 1), 1);
    knowledge.sent(CALL, 1, 0);
    knowledge.sent(CALL, 1, 0);
    knowledge.learn({ call: CALL, target: 0, sentMs: 0 }, answer("ok", 50));
    knowledge.sent(CALL, 0, 0);
    knowledge.sent(CALL, 0, 0);
    knowledge.sent(CALL, 0, 0);
    knowledge.forget(0, 1);
    assert.equal(knowledge.choose(CALL, 60), 1, "three in flight at the first, one at the second");
  });

  /** Choices at 101 and at 1001 ms, after the cheaper target has failed at 100 ms. */
  const choices = (signalAgeMs: number) => {
    const knowledge = knowing("cheapest-within", { p95: 4000 }, { signalAgeMs });
    assert.equal(knowledge.choose(CALL, 0), 0, "the cheaper one is tried first");
    knowledge.sent(CALL, 0, 0);
    knowledge.learn({ call: CALL, target: 0, sentMs: 0 }, answer("error", 100));
    return [knowledge.choose(CALL, 101), knowledge.choose(CALL, 1001)];
  };

  it("is fresh unless signals have an age: then an outcome shows in the next snapshot", () => {
    assert.deepEqual(choices(0), [1, 1]);
    assert.deepEqual(choices(1000), [0, 1]);
  });

  it("includes whether a class has any target", () => {
    const nowhere = { classes: [{ ...PLAN.classes[0]!, legal: [] }] };
    assert.equal(knowing("single", { target: "a" }).hasTarget(0, 0), true);
    assert.equal(knowing("least-outstanding", {}, nowhere).hasTarget(0, 0), false);
  });
});
