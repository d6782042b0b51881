import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readingTable, tokenTable, wasteText } from "../../../reports/tables/money.ts";
import { assembleResult } from "../../../simulator/experiment/assemble.ts";
import { priceReadingsOf, priceSentence } from "../../../simulator/experiment/assumptions.ts";
import { billsOf, otherBillsOf, tokensOf } from "../../../simulator/experiment/bills.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { createLedger } from "../../../simulator/service/pricing/billing.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";
import { runAll } from "./fixtures.ts";

/** Two regions half a day apart in price, hedged so that tokens are wasted, with an hourly what-if. */
const input = (over: Partial<ScenarioInput> = {}) =>
  scenarioInput({
    duration: "24h",
    requests: undefined,
    replications: 2,
    world: {
      regions: ["us-east-1", "ap-southeast-1"],
      models: {
        nova: {
          id: "amazon.nova-pro-v1:0",
          onDemand: true,
          capacity: { kind: "slots", servers: "unlimited", service: { lognormal: { mean: "2s", cv: 1 } } },
        },
      },
      prices: { hourly: { sine: { swing: { peakToTrough: "31%" }, peakAt: "15:00 local" } } },
    },
    traffic: [
      { class: "chat", arrivals: { poisson: "0.02/s" }, tokens: { input: 1000, output: 100 }, origin: "us-east-1" },
    ],
    strategies: [{ single: { target: "us-east-1" } }, "cheapest"],
    client: { hedge: { after: "2s" } },
    ...over,
  });
const plan = planOf(input());
const outputs = runAll({ plan });
const result = assembleResult({ plan }, outputs, { scenarioSha256: "", meridianVersion: "", traces: [] });

describe("tokens and money reconcile", () => {
  it("tokens by kind times price are the bill, to the last digit, but for the routing fee", () => {
    for (const { tokens, replications, total } of result.strategies) {
      for (const rule of ["source", "destination", "lowest-cost"] as const) {
        const parts = tokens!.reduce((sum, line) => sum + fUsdOf(line.usd[rule]), 0n);
        const bill = replications.reduce((sum, { billUsd }) => sum + fUsdOf(billUsd[rule]), 0n);
        if (rule !== "lowest-cost") assert.equal(parts, bill);
        const feeUsd = total.cost[rule].routingFeeUsd.value! * replications.length;
        assert.ok(Math.abs(Number(bill - parts) / 1e15 - feeUsd) < 1e-9);
      }
    }
  });

  it("what hedges that lost were billed is told apart: served and wasted tokens are the billed ones", () => {
    const [single] = result.strategies;
    const billed = single!.tokens!.reduce((sum, { tokens }) => sum + tokens, 0);
    const { served, sent } = single!.total.counts;
    assert.ok(single!.wastedTokens!.prompt > 0 && single!.wastedTokens!.output > 0);
    assert.equal(billed - single!.wastedTokens!.prompt - single!.wastedTokens!.output, served * 1100);
    assert.equal(single!.wastedTokens!.output * 10, single!.wastedTokens!.prompt);
    assert.equal(served, sent);
    assert.match(wasteText(result), /^Most tokens that served no request .* were billed under /);
  });

  it("and so does the table on the page", () => {
    const { rows } = tokenTable(result);
    const single = rows.filter(({ strategyIndex }) => strategyIndex === 0).map(({ cells }) => cells);
    const usd = single.map((cells) => cells[4]!.value as number);
    assert.equal(single.at(-1)![1]!.text, "the bill");
    const tokensOf = (what: string) => single.find((cells) => cells[1]!.text === what)?.[2]?.value;
    const { prompt, output } = result.strategies[0]!.wastedTokens!;
    assert.equal(tokensOf("of these, prompts that served no request"), prompt);
    assert.equal(tokensOf("of these, answers that served no request"), output);
    assert.ok(Math.abs(usd.slice(0, -1).reduce((sum, each) => sum + each, 0) - usd.at(-1)!) < 0.005);
  });

  it("an empty ledger costs nothing", () => {
    const { schedule, placements } = plan.money;
    const ledger = createLedger({ epochs: schedule.epochStartMs.length, placements: placements.length, classes: 1 });
    const bills = billsOf(plan, ledger);
    assert.deepEqual(tokensOf(plan, ledger, bills).count, [0, 0, 0, 0, 0]);
    assert.equal(otherBillsOf(plan, ledger)[0]!.leastFUsd, 0n);
  });
});

function fUsdOf(decimal: string): bigint {
  const [whole = "0", part = ""] = decimal.split(".");
  return BigInt(whole) * 10n ** 15n + BigInt(part.padEnd(15, "0"));
}

describe("the list prices beside a what-if", () => {
  it("has the list and the three readings of the figure, with the closed-form ceiling of each", () => {
    assert.deepEqual(
      result.priceReadings!.map(({ name }) => name),
      ["list prices", "peak 31 % above the trough", "trough 31 % below the peak", "31 % either way"],
    );
    // a (N / pi) sin(pi / N), N = 2: a 2 / pi.
    const ceilings = result.priceReadings!.slice(1).map(({ ceilingShare }) => ceilingShare!);
    [0.31 / 2.31, 0.31 / 1.69, 0.31].forEach((amplitude, i) => {
      assert.ok(Math.abs(ceilings[i]! - (amplitude * 2) / Math.PI) < 1e-12);
    });
  });

  it("saves nothing at list prices that are the same in both regions, and in the run's own reading what the run saves", () => {
    const [list, own] = result.priceReadings!;
    const saved = (reading: typeof own) => reading!.savings[0]!.savingShare.source.value!;
    const run = result.strategies[1]!.total.cost.source.savingShare!.value!;
    assert.ok(Math.abs(saved(own) - run) < 1e-12);
    assert.ok(Math.abs(saved(list)) < 0.05);
  });

  it("is the verdict's second sentence, and a table; a run at list prices has neither", () => {
    const sentence = priceSentence(result.priceReadings!, "cheapest", { billing: "source", ownPrices: "none" });
    assert.match(
      sentence,
      /^At list prices, routed as here, cheapest saves .*; in each reading of the swing it saves [\d.]+ % \(peak 31 % above the trough; ceiling 8\.5 %\)/,
    );
    assert.equal(result.verdictSentences![1], sentence);
    const nothing = { value: 0, low: 0, high: 0, n: 3 };
    const flat = result.priceReadings!.map((reading) => ({
      ...reading,
      savings: reading.savings.map((one) => ({
        ...one,
        savingShare: { source: nothing, destination: nothing, "lowest-cost": nothing },
      })),
    }));
    const same = priceSentence(flat, "cheapest", { billing: "source", ownPrices: "none" });
    assert.match(same, /, cheapest saves nothing under any billing rule; /);
    const more = { value: 0.2, low: 0.2, high: 0.2, n: 3 };
    const peaking = result.priceReadings!.map((reading) => ({
      ...reading,
      savings: reading.savings.map((one) => ({
        ...one,
        savingShare: { source: more, destination: more, "lowest-cost": more },
      })),
    }));
    assert.match(
      priceSentence(peaking, "cheapest", { billing: "source", ownPrices: "none" }),
      /it saves 20 % \(peak 31 % above the trough; a flat demand at most 8\.5 %\)/,
    );
    assert.equal(readingTable(result).rows.length, 4);
    const list = planOf(input({ world: { ...input().world, prices: {} } }));
    assert.deepEqual(priceReadingsOf(list, []), []);
    assert.equal(priceSentence([], "cheapest", { billing: "source", ownPrices: "none" }), "");
    const own = priceSentence(result.priceReadings!, "cheapest", { billing: "source", ownPrices: "all" });
    assert.match(own, /^At the scenario's own prices without their swing, routed as here, cheapest /);
  });
});
