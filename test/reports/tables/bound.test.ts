import assert from "node:assert/strict";
import { test } from "node:test";
import { boundTable, boundText, hasBound, regretTable } from "../../../reports/tables/bound.ts";
import type { Estimate, RunResult } from "../../../simulator/experiment/result.ts";
import type { StrategyBound } from "../../../simulator/experiment/result-detail.ts";
import { fixture } from "../fixture.ts";

const exact = (value: number): Estimate => ({ value, low: null, high: null, n: 1 });

function boundOf(strategy: string, over: Partial<StrategyBound> = {}): StrategyBound {
  return {
    strategy,
    costUsd: exact(110),
    boundUsd: exact(100),
    regretUsd: exact(10),
    regretShare: exact(0.1),
    wastedUsd: exact(1),
    placementUsd: exact(7),
    timingUsd: exact(2),
    limitsUsd: exact(0),
    byClass: [{ name: "chat", regretUsd: exact(10) }],
    byHour: [3, 5],
    quotas: [],
    endpoints: [],
    ...over,
  };
}

function withBounds(bounds: readonly StrategyBound[], failed: readonly number[] = [0, 0]): RunResult {
  const result = fixture({ strategies: ["a", "b"] });
  const strategies = result.strategies.map((one, i) => ({
    ...one,
    total: { ...one.total, failedShare: exact(failed[i]!) },
  }));
  return { ...result, strategies, bound: { strategies: bounds, missing: null } };
}

test("a run without a bound has nothing to show; one that can have none says why", () => {
  const result = fixture({ strategies: ["a", "b"] });
  assert.deepEqual([hasBound(result), boundText(result)], [false, ""]);
  assert.equal(
    boundText({ ...result, bound: { strategies: [], missing: "it is free" } }),
    "No bound can be stated: it is free.",
  );
});

test("a row for each strategy in the result's order, with its regret in parts", () => {
  const result = withBounds([boundOf("b", { costUsd: exact(120) }), boundOf("a")]);
  const { columns, rows } = boundTable(result);
  const names = rows.map(({ cells }) => cells[0]!.text);
  assert.deepEqual(names, ["a", "b"]);
  const values = Object.fromEntries(columns.map(({ key }, i) => [key, rows[0]!.cells[i]!.value]));
  assert.deepEqual([values.cost_usd, values.regret_usd, values.placement_usd, values.timing_usd], [110, 10, 7, 2]);
  const parts = regretTable(result).rows.map(({ cells }) => `${cells[0]!.text} ${cells[1]!.text} ${cells[2]!.value}`);
  assert.deepEqual(parts.slice(0, 3), ["a class chat 10", "a hour 0 3", "a hour 1 5"]);
});

test("the sentence is about the cheapest that does its work", () => {
  const cheap = boundOf("b", { costUsd: exact(50), regretShare: exact(0) });
  assert.match(boundText(withBounds([boundOf("a"), cheap])), /serves at least 99 %, b, costs 0/);
  const text = boundText(withBounds([boundOf("a"), cheap], [0, 0.2]));
  assert.match(text, /, a, costs 10.0 % more than the least possible for what it served \(10.0 USD of 110 USD/);
  assert.match(
    text,
    /7(\.00)? USD by where calls went, which foresight would have told, 2(\.00)? USD by when \(work that could have waited\), 1(\.00)? USD for calls whose callers had gone/,
  );
  assert.match(text, /Neither a quota nor a region's capacity costs anything with foresight\.$/);
  assert.match(boundText(withBounds([boundOf("a"), cheap], [0.5, 0.2])), /^No strategy served 99 %/);
});

test("which quota, and whose capacity, would be worth most", () => {
  const quotas = [
    { id: "default/a", usdPerMillionTokensPerMinute: 3 },
    { id: "default/b", usdPerMillionTokensPerMinute: 12.5 },
  ];
  const text = boundText(withBounds([boundOf("a", { limitsUsd: exact(4), quotas })]));
  assert.match(text, /quotas and capacity still cost 4(\.00)? USD a replication\./);
  assert.match(text, /One more million tokens a minute of default\/b would be worth up to 12\.50 USD/);
  const endpoints = [{ id: "a/m", usdPerTenthMore: 7.25 }];
  assert.match(
    boundText(withBounds([boundOf("a", { limitsUsd: exact(4), endpoints })])),
    /A tenth more capacity of a\/m would be worth up to 7\.25 USD/,
  );
});
