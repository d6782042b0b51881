import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { QuotaMeters } from "../../../simulator/bench/client-quotas.ts";
import { DecisionAudit, readDecision } from "../../../simulator/bench/read-decisions.ts";
import { TargetViewState } from "../../../simulator/client/target-view.ts";

const MINUTE = { law: "clock-window", limit: 1000, windowMs: 60_000, burst: 1000 } as const;

describe("quotas that a client counts itself", () => {
  const meters = () =>
    new QuotaMeters({
      startMs: 0,
      specs: [
        {
          id: "q",
          region: 0,
          model: 0,
          tokensPerMinute: MINUTE,
          tokensPerDay: null,
          requests: null,
          burndown: 5,
          reservesCacheReads: false,
          reservesWeightedOutput: false,
          retryAfterMs: Number.NaN,
        },
      ],
      quotaOf: [[0, -1]],
    });
  const headroom = (quotas: QuotaMeters, nowMs: number) => {
    const view = new TargetViewState(["a", "b"], ["quotaHeadroom"]);
    quotas.show(view, 0, nowMs);
    return [...view.quotaHeadroom];
  };
  const order = { classIndex: 0, target: 0, inputTokens: 100, maxTokens: 300 };

  it("reserve the prompt and max_tokens, and settle to what was used, output five times", () => {
    const quotas = meters();
    assert.deepEqual(headroom(quotas, 0), [1, 1]);
    const held = quotas.hold(order, 0)!;
    assert.deepEqual(headroom(quotas, 1), [0.6, 1]);
    // 80 uncached + 10 written + 20 × 5 output; 10 read from the cache do not count: 190 of 1,000.
    quotas.release(held, 2, [80, 20, 10, 10], true);
    assert.deepEqual(headroom(quotas, 3), [0.81, 1]);
    assert.deepEqual(headroom(quotas, 60_000), [1, 1]);
  });

  it("give back what was refused, and keep what may have been served", () => {
    const quotas = meters();
    quotas.release(quotas.hold(order, 0)!, 1, null, false);
    assert.deepEqual(headroom(quotas, 2), [1, 1]);
    quotas.release(quotas.hold(order, 2)!, 3, null, true);
    assert.deepEqual(headroom(quotas, 4), [0.6, 1]);
    assert.equal(quotas.hold({ ...order, target: 1 }, 5), undefined, "no quota there");
    assert.ok(quotas.hold(order, 5));
    assert.equal(quotas.hold(order, 6), undefined, "no room left");
  });
});

describe("an audit of decisions", () => {
  const line = (over: object) =>
    readDecision(
      JSON.stringify({
        strategy: "s",
        request: 1,
        class: "c",
        origin: "o",
        arrivedAt: "2026-05-04T00:00:00Z",
        endedAt: "2026-05-04T00:00:01Z",
        end: "served",
        allowed: true,
        promptTokens: 1,
        costUsd: "0.5",
        attempts: [
          {
            target: "eu-west-1/eu",
            sourceRegion: "eu-west-1",
            route: "eu",
            destinationRegion: "eu-central-2",
            outcome: "ok",
            sentAt: "2026-05-04T00:00:00Z",
            endedAt: "2026-05-04T00:00:01Z",
            tokens: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 },
          },
        ],
        ...over,
      }),
      "log:1",
    );

  it("finds a call that ran outside of what its class may use, whatever the log says", () => {
    const rules = {
      targetsOf: new Map([["c", new Set(["eu-west-1/eu"])]]),
      regionsOf: new Map([["c", new Set(["eu-west-1"])]]),
    };
    const audit = new DecisionAudit(rules);
    audit.add(line({}), "log:1");
    audit.add(line({ attempts: [] }), "log:2");
    assert.equal(audit.violationCount, 1);
    assert.deepEqual(audit.violations, [
      { where: "log:1", request: 1, class: "c", what: "region eu-central-2 is not allowed to the class" },
    ]);
    const [counts] = [...audit.classes.values()];
    assert.equal(counts!.costUsd, 1);
    assert.deepEqual(counts!.ranElsewhere, { "eu-central-2": 1 });
    const trusting = new DecisionAudit();
    trusting.add(line({ allowed: false, costUsd: null }), "log:1");
    assert.equal(trusting.violationCount, 1);
  });
});
