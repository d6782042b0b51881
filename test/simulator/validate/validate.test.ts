import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MeasuredRun } from "../../../simulator/bench/measured.ts";
import { type QuantityResult, regretText, type StrategyValidation } from "../../../simulator/validate/result.ts";
import {
  openQuestions,
  outcomeOf,
  useOfMargin,
  validateStrategy,
  validationResult,
} from "../../../simulator/validate/validate.ts";
import { planOf } from "../scenario/base.ts";
import { oneQuantity, strategyOf } from "./results.ts";
import { replayed, simulated, tightScenario } from "./two-sides.ts";

const plan = planOf(tightScenario());
const ours = simulated(plan).run;
const resamples = 100;
const validate = (measured: MeasuredRun, at = plan) =>
  validateStrategy(at, { strategy: 0, simulated: ours, measured, resamples });
const find = (strategy: StrategyValidation, id: string): QuantityResult =>
  strategy.total.quantities.find((quantity) => quantity.id === id)!;

describe("a strategy's validation", () => {
  it("finds a replay of the simulation equivalent in everything, with figures and groups", () => {
    const result = validate(replayed(plan));
    assert.equal(result.outcome, "equivalent");
    const ids = result.total.quantities.map(({ id }) => id);
    const splits = ["split.a", "split.b"].concat(ids.includes("split.c") ? ["split.c"] : []);
    const latencies = ["e2e", "ttft"].flatMap((metric) => ["p50", "p95", "p99"].map((p) => `${metric}.${p}`));
    assert.deepEqual(ids, [...latencies, "throttled", "unavailable", "retries", "failed", ...splits, "cost"]);
    assert.ok(find(result, "throttled").measured! > 0.01);
    assert.deepEqual(
      result.byClass.map(({ name }) => name),
      ["chat", "code"],
    );
    assert.ok(result.byRegion.some(({ name }) => name === "b"));
    assert.equal(result.e2eCurve.length, 99);
    assert.ok(result.e2eCurve.every(({ low, high }) => low <= 0.001 && high >= -0.001));
    assert.ok(find(result, "e2e.p95").isGating);
    assert.ok(result.byClass.every(({ quantities }) => quantities.every(({ isGating }) => !isGating)));
    // Both ran alike: their regrets are one, and a call costs the same in each region of this world.
    const { simulated: ours, measured } = result.leastCost!;
    assert.ok(measured.costUsd.value! > 0 && measured.placementUsd.value === 0);
    assert.ok(Math.abs(measured.regretUsd.value! - ours.regretUsd.value!) < 1e-9);
    assert.match(regretText(result), /^priority cost .* % more than the least possible .*; simulated, .* %\. Quotas/);
    // The same evidence gives the same bytes.
    assert.equal(JSON.stringify(validate(replayed(plan))), JSON.stringify(result));
  });

  it("finds every latency 8 % off different at p50 and p95, and within its wider margin at p99", () => {
    const run = replayed(plan);
    const slower = { ...run, requests: run.requests.map((row) => ({ ...row, e: late(row.e, run, row.i) })) };
    const result = validate(slower);
    assert.equal(result.outcome, "different");
    for (const [id, outcome] of [
      ["e2e.p50", "different"],
      ["e2e.p95", "different"],
      ["e2e.p99", "equivalent"],
      ["throttled", "equivalent"],
    ] as const) {
      assert.equal(find(result, id).outcome, outcome, `${id} ${find(result, id).difference}`);
    }
    assert.ok(Math.abs(find(result, "e2e.p50").difference! - (1 / 1.08 - 1)) < 1e-3);

    function late(endMs: number, { schedule }: MeasuredRun, i: number): number {
      const arrivalMs = schedule[i]![0];
      return arrivalMs + 1.08 * (endMs - arrivalMs);
    }
  });

  it("finds another share of 429 and another split different", () => {
    const wider = planOf(tightScenario({}, { quotas: [{ region: "a", tokensPerMinute: "60k", law: "token-bucket" }] }));
    const result = validate(replayed(wider));
    assert.equal(result.outcome, "different");
    assert.equal(find(result, "throttled").outcome, "different");
    assert.equal(find(result, "split.a").outcome, "different");
  });

  it("says too few below what a percentile needs, and how many it does need", () => {
    const few = planOf(tightScenario({ requests: 150 } as never));
    const result = validateStrategy(few, {
      strategy: 0,
      simulated: simulated(few).run,
      measured: replayed(few),
      resamples,
    });
    assert.equal(result.outcome, "undecided", "never a silent pass");
    const p99 = find(result, "e2e.p99");
    assert.deepEqual([p99.outcome, p99.low, p99.high], ["too few", null, null]);
    assert.ok(p99.requestsNeeded! >= 299 && p99.requestsNeeded! <= 400, String(p99.requestsNeeded));
    assert.equal(find(result, "e2e.p50").outcome, "equivalent");
  });

  it("of whole answers, leaves first tokens out", () => {
    const run = { ...replayed(plan), isStreaming: false };
    const result = validate(run);
    assert.ok(!result.total.quantities.some(({ id }) => id.startsWith("ttft")));
    assert.deepEqual(result.ttftCurve, []);
  });
});

describe("the outcome of a strategy", () => {
  const group = (isGating: boolean, ...outcomes: readonly string[]) =>
    ({ name: "", blockRequests: 1, quantities: outcomes.map((outcome) => ({ isGating, outcome })) }) as never;

  it("needs every total, and of groups that none is different", () => {
    assert.equal(outcomeOf([group(true, "equivalent"), group(false, "undecided", "too few")]), "equivalent");
    assert.equal(outcomeOf([group(true, "equivalent", "undecided")]), "undecided");
    assert.equal(outcomeOf([group(true, "equivalent", "too few")]), "undecided");
    assert.equal(outcomeOf([group(true, "undecided"), group(false, "different")]), "different");
  });
});

const result = (strategies: readonly StrategyValidation[], invalid: readonly string[] = []) =>
  validationResult(plan, {
    strategies,
    harness: null,
    requests: 100,
    lengthMs: 1000,
    place: "a test",
    resamples: 10,
    invalid,
    notes: [],
    scenarioSha256: "0",
    meridianVersion: "0",
  });

describe("a validation's verdict", () => {
  it("names what comes closest to its margin when all is well", () => {
    const near = oneQuantity({ name: "p95 E2E", difference: 0.01, low: -0.03, high: 0.04 });
    const { outcome, verdict } = result([strategyOf("one", "equivalent", [oneQuantity({}), near])]);
    assert.equal(outcome, "equivalent");
    assert.match(
      verdict,
      /right within its margins on one: each of 2 .* p95 E2E of one, \+1\.00 % \(−3\.00 to \+4\.00\)/,
    );
    assert.ok(Math.abs(useOfMargin(near) - 0.8) < 1e-9);
  });

  it("names the gravest difference, then what is open and what would decide it", () => {
    const open = oneQuantity({ name: "p99 TTFT", outcome: "undecided", low: -0.2, requestsNeeded: 4000 });
    const wrong = oneQuantity({ name: "cost", outcome: "different", difference: 0.2, low: 0.15, high: 0.25 });
    const different = strategyOf("two", "different", [open, wrong]);
    assert.match(
      result([different]).verdict,
      /wrong by more than its margins: cost of two is \+20\.00 % .*, and 1 more\./,
    );
    assert.deepEqual(
      openQuestions(different).map(({ quantity }) => quantity.name),
      ["cost", "p99 TTFT"],
    );
    const undecided = strategyOf("three", "undecided", [open]);
    assert.match(result([undecided]).verdict, /Not shown: p99 TTFT of three .*about 4000 requests would decide it\./);
    assert.equal(result([undecided, different]).outcome, "different");
  });

  it("of an invalid run concludes nothing", () => {
    const { outcome, verdict } = result([strategyOf("one", "equivalent", [oneQuantity({})])], ["it was late"]);
    assert.equal(outcome, "invalid");
    assert.match(verdict, /nothing can be concluded: it was late/);
  });
});
