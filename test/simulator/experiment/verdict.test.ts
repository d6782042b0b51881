import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import type { SimulationOutput } from "../../../simulator/engine/simulation.ts";
import type { Comparison, StrategyResult } from "../../../simulator/experiment/result.ts";
import {
  failsMore,
  instability,
  strategiesOfVerdict,
  type VerdictInput,
  verdictOf,
} from "../../../simulator/experiment/verdict.ts";
import { simulate } from "../engine/run.ts";
import { scenarioInput } from "../scenario/base.ts";

type Shown = Comparison["verdict"];

interface Case {
  readonly name: string;
  readonly cost?: Shown;
  readonly p95?: Shown;
  readonly failed?: Shown;
  readonly unstable?: boolean;
  readonly usd?: number;
  readonly ms?: number;
}

const strategy = (name: string, status: "ok" | "unstable" = "ok") =>
  ({
    name,
    status,
    total: { e2eMs: { p95: { value: 2500, low: null, high: null, n: 1 } } },
  }) as unknown as StrategyResult;

function said(cases: readonly Case[]): string {
  const input = inputOf(cases);
  for (const name of strategiesOfVerdict(input)) assert.match(verdictOf(input), new RegExp(`\\b${name}\\b`));
  return verdictOf(input);
}

function inputOf(cases: readonly Case[]): VerdictInput {
  const baseline = strategy("base");
  const strategies = [
    baseline,
    ...cases.map((each) => strategy(each.name, each.unstable === true ? "unstable" : "ok")),
  ];
  const comparisons = cases.flatMap((each): Comparison[] => {
    const one = (metric: Comparison["metric"], verdict: Shown, value: number): Comparison => {
      const sign = verdict === "worse" ? 1 : -1;
      const relative = { value: 0.12 * sign, low: 0.1 * sign, high: 0.14 * sign, n: 10 };
      return {
        strategy: each.name,
        metric,
        baselineValue: 5,
        value,
        difference: relative,
        relative,
        verdict,
        varianceRatio: null,
      };
    };
    return [
      one("usdPer1kServed", each.cost ?? "not shown", each.usd ?? 4),
      one("e2eMsP95", each.p95 ?? "not shown", each.ms ?? 2000),
      one("failedShare", each.failed ?? "not shown", 0),
    ];
  });
  return {
    baseline,
    strategies,
    comparisons,
    requestsPerReplication: 12_345,
    replications: 10,
    silentClasses: [],
    hasWarmup: false,
  };
}

const WINS = /costs .* less than base|has a p95/;

describe("the run in one sentence", () => {
  it("names the cheapest that is shown, its interval, its p95 and the condition", () => {
    assert.equal(
      said([
        { name: "cheap", cost: "better", p95: "worse" },
        { name: "dear", cost: "worse" },
      ]),
      "cheap costs 12 % (10–14 %) less than base per served request, and its p95 is 12 % (10–14 %) higher (10 paired replications of 12,345 requests).",
    );
  });

  it("of several it names the one that costs least, and which is fastest", () => {
    const text = said([
      { name: "a", cost: "better", usd: 4 },
      { name: "b", cost: "better", usd: 3 },
      { name: "c", p95: "better", ms: 900 },
      { name: "d", p95: "better", ms: 1200 },
    ]);
    assert.match(text, /^b costs/);
    assert.match(text, /its p95 is not shown to differ/);
    assert.match(text, /the lowest p95 shown is c's/);
  });

  it("knows which strategies it names", () => {
    const cases: readonly Case[] = [
      { name: "a", cost: "better", usd: 4 },
      { name: "b", cost: "better", usd: 3 },
      { name: "c", p95: "better", ms: 900 },
    ];
    assert.deepEqual(strategiesOfVerdict(inputOf(cases)), ["b", "c"]);
    assert.deepEqual(strategiesOfVerdict(inputOf([{ name: "a" }])), []);
    assert.deepEqual(strategiesOfVerdict(inputOf([{ name: "a", cost: "better", failed: "worse" }])), []);
  });

  it("never names a winner that is not shown", () => {
    const text = said([
      { name: "x", usd: 1, ms: 1 },
      { name: "y", cost: "worse", p95: "not comparable" },
    ]);
    assert.equal(
      text,
      "No strategy is shown to be cheaper or faster than base without failing more (10 paired replications of 12,345 requests).",
    );
  });

  it("leaves out strategies that are unstable or fail more", () => {
    assert.doesNotMatch(said([{ name: "x", cost: "better", p95: "better", unstable: true }]), WINS);
    assert.doesNotMatch(said([{ name: "x", cost: "better", p95: "better", failed: "worse" }]), WINS);
    assert.match(
      said([
        { name: "x", cost: "better", failed: "worse" },
        { name: "y", p95: "better" },
      ]),
      /^y has a p95 12 % \(10–14 %\) below that of base; no strategy is shown to cost less/,
    );
  });

  it("begins with what was not sent at all", () => {
    const input = inputOf([{ name: "cheap", cost: "better" }]);
    assert.match(
      verdictOf({ ...input, requestsPerReplication: 0, silentClasses: ["a"] }),
      /^Nothing was sent: no request arrived within the run/,
    );
    assert.match(verdictOf({ ...input, silentClasses: ["a"] }), /^Nothing was sent of class a\. cheap costs 12 %/);
    assert.match(
      verdictOf({ ...input, silentClasses: ["a", "b", "c", "d", "e", "f", "g"], hasWarmup: true }),
      /^Nothing was sent after the warm-up of the classes a, b, c, d, e and 2 more\. cheap costs/,
    );
  });

  it("a strategy alone has nothing to be compared with", () => {
    assert.equal(
      said([]),
      "base alone: p95 2.50 s over 10 paired replications of 12,345 requests; name a second strategy to compare.",
    );
  });
});

function failed(verdict: Comparison["verdict"], value: number | null): readonly Comparison[] {
  const difference = { value, low: null, high: null, n: 2 };
  const base = { strategy: "s", baselineValue: 0.01, value: 0.01, relative: difference, varianceRatio: null };
  return [
    { ...base, metric: "e2eMsP95", difference: { ...difference, value: 99 }, verdict: "worse" },
    { ...base, metric: "failedShare", difference, verdict },
  ];
}

test("what the interval shows, however small, and what is beyond a point, shown or not", () => {
  assert.equal(failsMore(failed("worse", 0.0001), "s"), true);
  assert.equal(failsMore(failed("not shown", 0.17), "s"), true);
  assert.equal(failsMore(failed("not shown", 0.009), "s"), false);
  assert.equal(failsMore(failed("not shown", -0.5), "s"), false);
  assert.equal(failsMore(failed("better", -0.01), "s"), false);
  assert.equal(failsMore(failed("not comparable", null), "s"), false);
  assert.equal(failsMore(failed("worse", 0.2), "the baseline"), false);
});

const output = (backlog: readonly number[], inSystemAtEnd: number, stoppedEarlyAtMs: number | null = null) =>
  ({ backlog, inSystemAtEnd, stoppedEarlyAtMs }) as SimulationOutput;
const rising = Array.from({ length: 16 }, (_, i) => 100 * (i + 1));

describe("a backlog without bound", () => {
  it("is large, a real share of what was served, and rose all the time: all three", () => {
    assert.match(instability(output(rising, 1700), 10_000)!, /stood at 1700 requests/);
    assert.equal(instability(output(rising, 499), 1000), null, "small");
    assert.equal(instability(output(rising, 1700), 100_000), null, "a small share");
    const peak = [...rising.slice(0, 12), 900, 800, 700, 600];
    assert.equal(instability(output(peak, 700), 10_000), null, "it fell in the end");
    assert.equal(instability(output(rising.slice(0, 7), 1700), 10_000), null, "too few looks");
  });

  it("a run that was stopped is unstable, whatever else", () => {
    assert.match(instability(output([], 0, 7_200_000), 10)!, /stopped after 2.0 h/);
  });

  it("tells overload from a busy system in a run", () => {
    const at = (rate: string) =>
      simulate(
        scenarioInput({
          requests: 50_000,
          traffic: [{ class: "all", arrivals: { poisson: rate }, tokens: { input: 1, output: 1 } }],
        }),
      ).stats.unstable;
    assert.equal(at("7.4/s"), null); // 92 % of 8 servers
    assert.match(at("9/s")!, /backlog grew/);
  });

  it("and in a short run too", () => {
    const traffic = [{ class: "all", arrivals: { poisson: "16/s" }, tokens: { input: 1, output: 1 } }];
    assert.match(simulate(scenarioInput({ requests: 6000, traffic })).stats.unstable!, /backlog grew/);
  });
});
