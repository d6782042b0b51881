import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { estimateBench, listPricesOf, refuseTinyBudget } from "../../../scripts/bench/estimate.ts";
import { loadReference } from "../../../scripts/io/reference.ts";
import { recordSchedule } from "../../../simulator/bench/make-plan.ts";
import { spendPlanOf } from "../../../simulator/bench/spend-plan.ts";
import { classInput, HAIKU, planOf, scenarioInput } from "../../simulator/scenario/base.ts";

const estimate = (over: object = {}, count: Parameters<typeof spendPlanOf>[2][number] = "exact") => {
  const plan = planOf(scenarioInput({ requests: 100, ...over } as never));
  const schedule = recordSchedule(plan);
  return { plan, schedule, ...estimateBench(plan, schedule, spendPlanOf(plan, 1, [count])) };
};

const { prices } = await loadReference();

describe("an estimate", () => {
  it("expects what the simulator bills: 100 requests of 100 tokens at 1 and 50 at 5 USD per million", () => {
    const { expectedUsd, strategies } = estimate();
    assert.ok(Math.abs(expectedUsd - (100 * (100 * 1 + 50 * 5)) / 1e6) < 1e-12, `${expectedUsd}`);
    assert.deepEqual([strategies[0]!.attempts, strategies[0]!.attemptsThrottled], [100, 0]);
  });

  it("takes as worst case every attempt to max_tokens, with the template's tokens", () => {
    const once = (100 * ((100 + 100) * 1 + 200 * 5)) / 1e6;
    const near = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-6, `${actual}`);
    near(estimate().worstUsd, once);
    near(estimate({ client: { retry: "standard" } }).worstUsd, 3 * once);
    near(estimate({ client: { retry: "standard", hedge: { after: "1s", max: 2 } } }).worstUsd, 5 * once);
    near(estimate({ strategies: ["round-robin", "cheapest"] }).worstUsd, 2 * once);
    const unknown = (100 * ((4 * 100 + 100) * 1 + 200 * 5)) / 1e6;
    near(estimate({}, { charsPerToken: 4, isMeasured: false }).worstUsd, unknown);
  });

  it("has no worst case where a client may try for ever", () => {
    const retry = { custom: { maxAttempts: "unlimited", backoff: { grow: { base: "1s", factor: 2, cap: "9s" } } } };
    assert.equal(estimate({ client: { retry } }).worstUsd, Number.POSITIVE_INFINITY);
  });

  it("says what the busiest minute asks of a quota, and what the quota does", () => {
    const against = (quota: object) =>
      estimate({
        duration: "2m",
        requests: undefined,
        traffic: [classInput({ arrivals: { poisson: "2/s" } })],
        world: {
          ...scenarioInput().world,
          quotas: [{ region: "a", tokensPerMinute: "9k", law: "token-bucket", ...quota }],
        },
        strategies: [{ single: { target: "a" } }],
      });
    const { busiestMinuteTokens, strategies, schedule } = against({});
    const perRequest = 100 + 200;
    const most = Math.max(
      ...schedule.map(([from]) => schedule.filter(([ms]) => ms > from - 60_000 && ms <= from).length),
    );
    assert.equal(busiestMinuteTokens, most * perRequest);
    const weighted = against({ burndown: 5, reserveWeightedOutput: true });
    assert.equal(weighted.busiestMinuteTokens, most * (100 + 5 * 200));
    assert.ok(strategies[0]!.attemptsThrottled > 0);
    assert.ok(strategies[0]!.quotas.some(({ utilisationMax }) => utilisationMax > 0.9));
  });
});

it("a budget whose parts do not hold a single call is refused, with one that does", () => {
  const plan = planOf(scenarioInput({ requests: 10, routers: 4, strategies: ["round-robin", "cheapest"] }));
  const schedule = recordSchedule(plan);
  const call = ((100 + 100) * 1 + 200 * 5) / 1e6;
  const spend = (usd: number) => spendPlanOf(plan, usd, ["exact"]);
  refuseTinyBudget(plan, schedule, spend(8 * call));
  assert.throws(() => refuseTinyBudget(plan, schedule, spend(7.9 * call)), {
    message: /SPEND_BUDGET_TOO_SMALL.*each of 4 routers has 0\.0012 USD for a strategy.*\n.*--budget-usd 0\.01,/,
  });
});

const plan = (id: string, region: string) =>
  planOf(
    scenarioInput({
      world: {
        regions: [region],
        models: { m: { id, capacity: { kind: "slots", servers: 1, service: "1s" } } },
        prices: { book: "none", overrides: [{ model: "m", input: 0.001, output: 0.001 }] },
      },
    } as never),
  );

it("the list says what a model costs, whatever the scenario does", () => {
  const at = plan(HAIKU, "us-east-1");
  const price = listPricesOf(at, prices)(at.money.schedule.keys[0]!)!;
  // Claude 3 Haiku, list price since March 2024.
  assert.deepEqual([price.input, price.output], [0.25, 1.25]);
});

it("what has no list price is refused, by name", () => {
  assert.throws(() => listPricesOf(plan("acme.unknown-v1:0", "us-east-1"), prices), {
    message: /PRICE_MODEL_UNKNOWN[\s\S]*fix: real money needs a known price/,
  });
});
