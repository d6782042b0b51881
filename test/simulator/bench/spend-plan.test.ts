import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AttemptRow, RequestRow } from "../../../simulator/bench/rows.ts";
import { dearestPrices, leftOf, shareOf, spendPlanOf, spendReport } from "../../../simulator/bench/spend-plan.ts";
import { INPUT, TOKEN_KINDS } from "../../../simulator/service/pricing/prices.ts";
import { planOf, scenarioInput, worldInput } from "../scenario/base.ts";
import { replayPlanOf } from "./virtual-wire.ts";

const PRICES = {
  book: "none",
  overrides: [
    { model: "m", region: "a", input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25 },
    { model: "m", region: "b", input: 2, output: 4, cacheRead: 0.2, cacheWrite: 2.5 },
  ],
};
const plan = (prices: object = PRICES) => planOf(scenarioInput({ world: worldInput({ prices } as never) }));
const short = (...input: Parameters<typeof dearestPrices>) => dearestPrices(...input).dearestUsdPerMTok;

describe("the dearest price of a token", () => {
  it("is taken over the billing rules, kind by kind: the cheapest key by blend may be dear in one kind", () => {
    // Any rule may bill either region's key: lowest-cost chooses by a 3:1 blend.
    assert.deepEqual(short(plan())[0], [
      [2, 5, 0.2, 2.5],
      [2, 5, 0.2, 2.5],
    ]);
  });

  it("is taken over the hours of the run", () => {
    const swing = plan({ ...PRICES, hourly: { sine: { amplitude: "50%", peakAt: "15:00 utc" } } });
    const { schedule } = swing.money;
    const inputs = Array.from(schedule.fUsdPerToken).filter((_, i) => i % TOKEN_KINDS.length === INPUT);
    assert.ok(Math.max(...inputs) > Math.min(...inputs));
    assert.equal(short(swing)[0]![0]![INPUT], Math.max(...inputs) / 1e9);
  });

  it("is never below the list price, and unknown without one", () => {
    const list = (output: number) => () => ({ input: 0.5, output, cacheRead: 0, cacheWrite: 0 });
    assert.deepEqual(short(plan(), list(9))[0]![0], [2, 9, 0.2, 2.5]);
    assert.ok(short(plan(), () => undefined)[0]![0]!.every(Number.isNaN));
  });

  it("is that of long prompts too, where the model has one", () => {
    const world = { ...PRICES, overrides: [PRICES.overrides[0]] };
    const longContext = { above: "200k", input: 2, output: 1.5 };
    const { models } = worldInput();
    const long = planOf(
      scenarioInput({
        world: worldInput({
          regions: [{ name: "a" }],
          models: { m: { ...models!.m!, longContext } },
          prices: world,
        } as never),
      }),
    );
    const { dearestUsdPerMTok, dearestLongUsdPerMTok, longAboveTokens } = spendPlanOf(long, 1, ["exact"]);
    assert.deepEqual(dearestUsdPerMTok, [[[1, 5, 0.1, 1.25]]]);
    assert.deepEqual(dearestLongUsdPerMTok, [[[2, 7.5, 0.2, 2.5]]]);
    assert.deepEqual(longAboveTokens, [200_000]);
    assert.deepEqual(spendPlanOf(plan(), 1, ["exact"]).longAboveTokens, [Number.POSITIVE_INFINITY]);
  });

  it("is unknown where a class may not go", () => {
    const only = planOf(
      scenarioInput({
        world: worldInput({ prices: PRICES } as never),
        traffic: [
          {
            class: "all",
            arrivals: { poisson: "4/s" },
            tokens: { input: 1, output: 1 },
            residency: { regions: ["a"] },
          },
        ],
      } as never),
    );
    const [a, b] = short(only)[0]!;
    assert.deepEqual(a, [1, 5, 0.1, 1.25]);
    assert.ok(b!.every(Number.isNaN));
  });
});

it("a prompt whose tokenizer is unknown may have a token for each character", () => {
  const factor = (count: Parameters<typeof spendPlanOf>[2][number]) => spendPlanOf(plan(), 1, [count]).inputFactor[0];
  assert.equal(factor("exact"), 1);
  assert.equal(factor({ charsPerToken: 4, isMeasured: false }), 4);
  assert.equal(factor({ charsPerToken: 5.1, isMeasured: true }), 1.05);
  assert.equal(factor({ charsPerToken: 0.5, isMeasured: false }), 1, "never fewer than wanted");
});

const REPORT_PRICES = [1, 10, 0, 0];
const SPEND = {
  budgetUsd: 6,
  dearestUsdPerMTok: [[REPORT_PRICES, REPORT_PRICES]],
  dearestLongUsdPerMTok: [[REPORT_PRICES, REPORT_PRICES]],
  longAboveTokens: [Number.POSITIVE_INFINITY],
  inputFactor: [2],
  inputTokensMore: 50,
};

it("what a run spent follows from its rows", () => {
  const schedule = [[0, 0, 0, 1000, 50, 200, 0, -1] as const, [1, 0, 0, 1000, 50, 0, 0, -1] as const];
  const plan = planOf(scenarioInput());
  const attempt = (i: number, c: number, u: AttemptRow["u"]): AttemptRow =>
    ({ t: "a", i, o: 0, g: 0, s: 0, e: 1, k: "ok", c, f: null, u, id: "", x: "" }) satisfies AttemptRow;
  const attempts = [
    attempt(0, 200, [1000, 100, 0, 0]),
    attempt(0, 429, null),
    attempt(0, 0, null),
    attempt(1, 0, null),
  ];
  const stopped: RequestRow = { t: "r", i: 1, b: 0, e: 1, end: 7, n: 0, w: -1, why: "budget" };
  const report = spendReport(replayPlanOf(plan, 0, schedule), SPEND, schedule, { attempts, requests: [stopped] });
  const reported = 1000 + 100 * 10;
  const silent = 2000 + 50 + 200 * 10;
  const silentWithoutLimit = 2000 + 50 + plan.models[0]!.maxOutputTokens * 10;
  assert.ok(Math.abs(report.spentUsd * 1e6 - (reported + silent + silentWithoutLimit)) < 1e-3, `${report.spentUsd}`);
  assert.deepEqual([report.budgetUsd, report.requestsStopped], [6, 1]);
});

it("strategies share what is left; after one was stopped there is nothing left", () => {
  assert.equal(shareOf(SPEND, 3).budgetUsd, 2);
  assert.equal(leftOf(SPEND, { budgetUsd: 2, spentUsd: 0.5, requestsStopped: 0 }).budgetUsd, 5.5);
  assert.equal(leftOf(SPEND, { budgetUsd: 2, spentUsd: 0.5, requestsStopped: 1 }).budgetUsd, 0);
});
