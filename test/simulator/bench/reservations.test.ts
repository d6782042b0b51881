import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { SpendPlan } from "../../../simulator/bench/plan.ts";
import { DecisionAudit, readDecision } from "../../../simulator/bench/read-decisions.ts";
import {
  QuotaMeters,
  SpendLedger,
  type SpendOrder,
  settledUsd,
  worstCaseUsd,
} from "../../../simulator/bench/reservations.ts";
import { TargetViewState } from "../../../simulator/client/target-view.ts";

/** One class, two targets: 3 and 15 USD per million tokens, and twice that; the third cannot be had. */
const PLAN: SpendPlan = {
  budgetUsd: 1,
  dearestUsdPerMTok: [
    [
      [3, 15, 0.3, 3.75],
      [6, 30, 0.6, 7.5],
      [Number.NaN, Number.NaN, Number.NaN, Number.NaN],
    ],
  ],
  dearestLongUsdPerMTok: [
    [
      [6, 22.5, 0.6, 7.5],
      [12, 45, 1.2, 15],
      [Number.NaN, Number.NaN, Number.NaN, Number.NaN],
    ],
  ],
  longAboveTokens: [200_000],
  inputFactor: [1.25],
  inputTokensMore: 100,
};
const order = (part: Partial<SpendOrder> = {}): SpendOrder => ({
  classIndex: 0,
  model: 0,
  target: 0,
  inputTokens: 1000,
  prefixTokens: 0,
  maxTokens: 200,
  ...part,
});
const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) <= 2e-9, `${actual} instead of ${expected}`);

describe("the worst case of an attempt", () => {
  it("is the highest count of the prompt, and an answer of max_tokens", () => {
    near(worstCaseUsd(PLAN, order()), ((1000 * 1.25 + 100) * 3 + 200 * 15) / 1e6);
    near(worstCaseUsd(PLAN, order({ target: 1 })), ((1000 * 1.25 + 100) * 6 + 200 * 30) / 1e6);
  });

  it("takes a cacheable prefix at the price of writing it to the cache", () => {
    const expected = (800 * 1.25 * 3.75 + (200 * 1.25 + 100) * 3 + 200 * 15) / 1e6;
    near(worstCaseUsd(PLAN, order({ prefixTokens: 800 })), expected);
    near(worstCaseUsd(PLAN, order({ prefixTokens: 5000 })), (1000 * 1.25 * 3.75 + 100 * 3 + 200 * 15) / 1e6);
  });
});

describe("an attempt with a long prompt", () => {
  it("may pay the price of long prompts where the highest count of its tokens is long", () => {
    const most = (inputTokens: number) => worstCaseUsd(PLAN, order({ inputTokens, maxTokens: 1000 }));
    // 159,920 tokens are counted as 200,000 at most, with the frame.
    near(most(159_920), (200_000 * 3 + 1000 * 15) / 1e6);
    near(most(159_921), (200_002 * 6 + 1000 * 22.5) / 1e6);
  });

  it("cost that price where the service counts so many tokens, cached ones included", () => {
    const cost = (u: readonly [number, number, number, number]) => settledUsd(PLAN, order(), { c: 200, u });
    near(cost([200_000, 1000, 0, 0]), (200_000 * 3 + 1000 * 15) / 1e6);
    near(cost([1, 1000, 200_000, 0]), (6 + 1000 * 22.5 + 200_000 * 0.6) / 1e6);
    near(cost([1, 1000, 100_000, 100_000]), (6 + 1000 * 22.5 + 100_000 * 0.6 + 100_000 * 7.5) / 1e6);
  });
});

describe("what an attempt cost", () => {
  const worst = worstCaseUsd(PLAN, order());

  it("is what the service reports, every kind of token at its price", () => {
    near(
      settledUsd(PLAN, order(), { c: 200, u: [700, 50, 200, 100] }),
      (700 * 3 + 50 * 15 + 200 * 0.3 + 100 * 3.75) / 1e6,
    );
  });

  it("is nothing after a refusal", () => {
    for (const c of [400, 403, 404, 429, 503]) assert.equal(settledUsd(PLAN, order(), { c, u: null }), 0, `${c}`);
  });

  it("stays at the worst case without a report: no answer, broken streams, errors after work was done", () => {
    for (const c of [0, 200, 408, 424, 500, 502]) near(settledUsd(PLAN, order(), { c, u: null }), worst);
  });
});

describe("a spend ledger", () => {
  it("stops at its router's share, for good", () => {
    const worst = worstCaseUsd(PLAN, order());
    const ledger = new SpendLedger({ ...PLAN, budgetUsd: 3 * (2.5 * worst) }, 3);
    assert.notEqual(ledger.reserve(order()), undefined);
    const second = ledger.reserve(order())!;
    assert.equal(ledger.reserve(order()), undefined, "the third does not fit");
    ledger.settle(second, order(), { c: 429, u: null });
    near(ledger.committedUsd, worst);
    assert.ok(ledger.isStopped);
    assert.equal(ledger.reserve(order({ inputTokens: 1, maxTokens: 1 })), undefined, "not even a small one");
  });

  it("gives back what an attempt did not use", () => {
    const worst = worstCaseUsd(PLAN, order());
    const ledger = new SpendLedger({ ...PLAN, budgetUsd: 1.5 * worst }, 1);
    for (let i = 0; i < 20; i++) {
      const reserved = ledger.reserve(order());
      assert.notEqual(reserved, undefined, `attempt ${i}`);
      ledger.settle(reserved!, order(), { c: 200, u: [10, 1, 0, 0] });
    }
    near(ledger.committedUsd, 20 * Math.ceil(10 * 3 + 1 * 15) * 1e-6);
  });

  it("refuses what has no price, and everything without a budget", () => {
    assert.equal(new SpendLedger(PLAN, 1).reserve(order({ target: 2 })), undefined);
    assert.equal(new SpendLedger({ ...PLAN, budgetUsd: 0 }, 1).reserve(order()), undefined);
  });

  it("never lets what was truly billed pass the budget, whatever the answers and their order", () => {
    // The service bills any usage up to what the order allows; of some it says nothing, though it bills them in full.
    const attempt = fc.record({
      target: fc.nat(1),
      inputTokens: fc.integer({ min: 1, max: 5000 }),
      prefixTokens: fc.nat(5000),
      maxTokens: fc.integer({ min: 1, max: 3000 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      answer: fc.constantFrom("reported", "silent", "refused"),
      /** Answers come after so many further sends. */
      delay: fc.nat(6),
      router: fc.nat(2),
    });
    fc.assert(
      fc.property(
        fc.array(attempt, { maxLength: 150 }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        (attempts, budgetUsd) => {
          const plan = { ...PLAN, budgetUsd };
          const ledgers = [0, 1, 2].map(() => new SpendLedger(plan, 3));
          const due: { at: number; run: () => void }[] = [];
          let billedUsd = 0;
          attempts.forEach((each, step) => {
            for (const answer of due.filter(({ at }) => at === step)) answer.run();
            const asked = order(each);
            const ledger = ledgers[each.router]!;
            const reserved = ledger.reserve(asked);
            if (reserved === undefined) return;
            const input = Math.floor(asked.inputTokens * 1.25 * each.share);
            const usage = [input, Math.floor(asked.maxTokens * each.share), 0, 0] as const;
            const prices = PLAN.dearestUsdPerMTok[0]![asked.target]!;
            if (each.answer !== "refused") billedUsd += (usage[0] * prices[0]! + usage[1] * prices[1]!) / 1e6;
            const end = { reported: { c: 200, u: usage }, silent: { c: 0, u: null }, refused: { c: 429, u: null } };
            due.push({ at: step + 1 + each.delay, run: () => ledger.settle(reserved, asked, end[each.answer]) });
          });
          const committed = ledgers.reduce((sum, ledger) => sum + ledger.committedUsd, 0);
          assert.ok(billedUsd <= committed + 1e-12, `billed ${billedUsd}, committed ${committed}`);
          assert.ok(committed <= budgetUsd + 1e-12, `committed ${committed} of ${budgetUsd}`);
        },
      ),
    );
  });
});

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
