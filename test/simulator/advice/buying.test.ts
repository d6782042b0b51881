/** Reservations, tiers, batch and residency against hand-computed costs. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadLinearSolver } from "../../../scripts/io/lp.ts";
import { loadReference } from "../../../scripts/io/reference.ts";
import { loadDurations, reservations, residencyPrices } from "../../../simulator/advice/commitments.ts";
import { deferrals, provisionedBreakEvens, tierCosts } from "../../../simulator/advice/tiers.ts";
import { toNumber } from "../../../simulator/bill/bill-line.ts";
import { dutyCycle, NOVA, SONNET, worldPlan } from "./worlds.ts";

const { prices } = await loadReference();
const near = (a: number, b: number) => assert.ok(Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b)), `${a} ~ ${b}`);

describe("reservations", () => {
  const plan = worldPlan(SONNET, ["eu-west-1/eu"], [{}]);
  const of = (share: number) =>
    reservations({
      plan,
      demand: dutyCycle(1000, share, { input: 200_400, output: 20_000 }),
      prices,
      targetOf: { c0: "eu-west-1/eu" },
    });

  it("pay where a unit is in use for longer than its break-even share, to the last digit", () => {
    const [month, three] = of(0.95);
    // 1,000 tokens a minute are 0.06 million an hour: at USD 3.30 that is USD 0.198, the price of a month's term.
    assert.deepEqual([month!.termMonths, month!.kinds[0]!.breakEvenShare, month!.bestUsd], [1, 1, undefined]);
    near(three!.kinds[0]!.breakEvenShare, 0.9);
    assert.deepEqual([three!.kinds[0]!.bestTpm, three!.kinds[1]!.bestTpm], [200_000, 20_000]);
    near(toNumber(three!.onDemandUsd), 0.95 * 43_800 * (0.2004 * 3.3 + 0.02 * 16.5));
    // 400 tokens of each busy minute spill over; the rest is paid by the hour.
    near(toNumber(three!.bestUsd!), 730 * (200 * 0.1782 + 20 * 0.891) + 0.95 * 43_800 * 0.0004 * 3.3);
    assert.ok(three!.bestUsd! < three!.onDemandUsd);
  });

  it("do not pay below it, and the least that is sold is judged too", () => {
    const three = of(0.85).find(({ termMonths }) => termMonths === 3)!;
    assert.deepEqual([three.kinds[0]!.bestTpm, three.bestUsd], [0, undefined]);
    near(three.kinds[0]!.usedAtMinimum, 0.85);
    near(toNumber(three.minimumUsd), 730 * (100 * 0.1782 + 10 * 0.891) + 0.85 * 43_800 * (0.1004 * 3.3 + 0.01 * 16.5));
  });

  it("are as many as cost least of all that are sold, found one by one", () => {
    // Busy and quiet minutes by a fixed recurrence.
    let state = 12_345;
    const next = () => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return state / 2 ** 31;
    };
    for (const [input, output] of [
      [400_000, 30_000],
      [900_000, 4000],
      [150_000, 12_700],
    ] as const) {
      const busy = Array.from({ length: 600 }, () => 0.9 + 0.2 * next());
      const base = dutyCycle(600, 1, { input: 1, output: 1 });
      const [cls] = base.byClass;
      const demand = {
        ...base,
        byClass: [
          {
            ...cls!,
            input: Float64Array.from(busy, (factor) => Math.round(input * factor)),
            output: Float64Array.from(busy, (factor) => Math.round(output * factor)),
          },
        ],
      };
      const three = reservations({ plan, demand, prices, targetOf: { c0: "eu-west-1/eu" } }).find(
        ({ termMonths }) => termMonths === 3,
      )!;
      const cost = (kind: "input" | "output", tpm: number) => {
        const [hour, token] = kind === "input" ? [0.1782, 3.3e-6] : [0.891, 16.5e-6];
        const minutes = demand.byClass[0]![kind];
        const spilled = minutes.reduce((sum, tokens) => sum + Math.max(0, tokens - tpm), 0);
        return (tpm / 1000) * hour * 730 + (spilled / minutes.length) * 43_800 * token;
      };
      const least = (kind: "input" | "output", from: number) =>
        Math.min(...Array.from({ length: 1200 }, (_, i) => cost(kind, from + 1000 * i)));
      const bestUsd = least("input", 100_000) + least("output", 10_000);
      const onDemandUsd = cost("input", 0) + cost("output", 0);
      assert.ok(bestUsd < onDemandUsd, "so that something pays");
      assert.ok(Math.abs(toNumber(three.bestUsd!) / bestUsd - 1) < 1e-9, `${three.bestUsd} for ${bestUsd}`);
      for (const { kind, bestTpm } of three.kinds) assert.ok(bestTpm >= (kind === "input" ? 100_000 : 10_000));
    }
  });

  it("are none for a model without such a price, and the load's order is known", () => {
    const demand = dutyCycle(100, 0.5, { input: 8, output: 2 });
    const nova = worldPlan(NOVA, ["eu-west-1"], [{}]);
    assert.deepEqual(reservations({ plan: nova, demand, prices, targetOf: { c0: "eu-west-1" } }), []);
    const [input] = loadDurations({ plan: nova, demand, prices, targetOf: { c0: "eu-west-1" } });
    assert.deepEqual([input!.tokens[0], input!.tokens[49], input!.tokens[50], input!.tokens.length], [8, 8, 0, 101]);
  });
});

describe("what else the same tokens cost", () => {
  const targets = ["eu-west-1", "us-east-1", "us-east-1@batch", "eu-west-1@batch"];
  const demand = dutyCycle(60, 1, { input: 1e6, output: 1e5 });
  // Nova Pro in Ireland: USD 0.92 and 3.68; in Virginia 0.80 and 3.20.
  const month = 43_800 * (0.92 + 0.368);

  it("batch saves half by list price, where nothing but the wait forbids it", () => {
    const plan = worldPlan(NOVA, targets, [{ residency: "eu" }]);
    const [found] = deferrals({ plan, demand, prices, targetOf: { c0: "eu-west-1" } });
    near(found!.usdPerMonth!, month);
    near(found!.savingShare!, 0.5);
    assert.deepEqual([found!.target, found!.deferrable], ["eu-west-1@batch", false]);
    const [free] = deferrals({ plan: worldPlan(NOVA, targets, [{}]), demand, prices, targetOf: { c0: "eu-west-1" } });
    assert.equal(free!.target, "us-east-1@batch");
  });

  it("tiers by list price, and model units by the tokens that they would have to serve", () => {
    const input = { plan: worldPlan(NOVA, targets, [{}]), demand, prices, targetOf: { c0: "eu-west-1" } };
    const [priority, flex] = tierCosts(input);
    near(priority!.factor!, 1.75);
    near(flex!.factor!, 0.5);
    assert.deepEqual(provisionedBreakEvens(input), []);
    const llama = worldPlan("meta.llama3-1-70b-instruct-v1:0", ["us-east-1"], [{}]);
    const [unit] = provisionedBreakEvens({ ...input, plan: llama, targetOf: { c0: "us-east-1" } });
    // USD 13.08 an hour for six months, against USD 0.72 for a million tokens either way.
    near(unit!.breakEvenTpm, 13.08 / 60 / 0.72e-6);
    near(unit!.meanTpm, 1.1e6);
  });

  it("a tier without a price of its own has none: what the usual ratio would give is no list price", () => {
    const sonnet = worldPlan(SONNET, ["eu-west-1/eu"], [{}]);
    const input = { plan: sonnet, demand, prices, targetOf: { c0: "eu-west-1/eu" } };
    assert.deepEqual(tierCosts(input), [
      { tier: "priority", factor: null, left: ["c0"] },
      { tier: "flex", factor: null, left: ["c0"] },
    ]);
    // Sonnet 4.5 has batch prices in the list, Sonnet 5 has none.
    const batchOf = (model: string) => {
      const plan = worldPlan(model, ["eu-west-1/eu", "eu-west-1/eu@batch"], [{}]);
      return deferrals({ plan, demand, prices, targetOf: { c0: "eu-west-1/eu" } })[0]!;
    };
    assert.deepEqual(
      [SONNET, "anthropic.claude-sonnet-5"].map((model) => batchOf(model).isListed),
      [true, false],
    );
  });

  it("as many model units as are in use for more than their break-even share, at each term", () => {
    const plan = worldPlan("meta.llama3-1-70b-instruct-v1:0", ["us-east-1"], [{}, {}]);
    // Two classes of half the load share the units: 1.1 M tokens in 90 % of the minutes.
    const half = dutyCycle(1000, 0.9, { input: 0.5e6, output: 0.05e6 });
    const both = { ...half, byClass: [half.byClass[0]!, half.byClass[0]!] };
    const targetOf = { c0: "us-east-1", c1: "us-east-1" };
    const found = provisionedBreakEvens({ plan, demand: both, prices, targetOf }, 400_000);
    assert.deepEqual(
      found.map(({ term }) => term),
      ["sixMonth", "oneMonth", "noCommit"],
    );
    // A unit of 400k a minute serves USD 0.288 a minute, 17.28 an hour: full for 90 % of the time it is worth 15.552 an
    // hour, above the price for six months (13.08), below the others (21.18, 24). The third unit has 300k: 11.664.
    assert.deepEqual(
      found.map(({ best }) => best!.units),
      [2, 0, 0],
    );
    near(found[0]!.onDemandUsd, 0.9 * 43_800 * 1.1 * 0.72);
    near(found[0]!.best!.usd, 2 * 13.08 * 730 + 0.9 * 43_800 * 0.3 * 0.72);
    near(found[1]!.best!.usd, found[1]!.onDemandUsd);
  });

  it("prompts are priced as the cache of one region would have them", () => {
    const plan = worldPlan(NOVA, targets, [{}]);
    const cached = { ...demand, byClass: [{ ...demand.byClass[0]!, cacheRead: 30e6, cacheWrite: 6e6 }] };
    // Of 60 M input tokens 24 M are plain; Nova's cache reads at a quarter of the price and writes for nothing.
    const [found] = deferrals({ plan, demand: cached, prices, targetOf: { c0: "eu-west-1" } });
    near(found!.usdPerMonth!, 730 * (24 * 0.92 + 30 * 0.23 + 6 * 3.68));
  });

  it("a residency rule costs what the cheaper region beyond it would save", async () => {
    const rule = worldPlan(NOVA, ["eu-west-1", "eu-central-1", "us-east-1"], [{ residency: "eu" }]);
    const without = worldPlan(NOVA, ["eu-west-1", "eu-central-1", "us-east-1"], [{}]);
    const [found] = residencyPrices(rule, demand, new Map([["c0", without]]), await loadLinearSolver());
    near(found!.withRuleUsd!, month);
    near(found!.withoutRuleUsd!, 43_800 * (0.8 + 0.32));
    assert.deepEqual([found!.rule, found!.forbidden], ["eu", ["us-east-1"]]);
    assert.deepEqual(residencyPrices(without, demand, new Map(), await loadLinearSolver()), []);
  });
});
