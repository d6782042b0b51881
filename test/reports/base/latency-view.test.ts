import assert from "node:assert/strict";
import { it } from "node:test";
import { headlineRun, latencyView, quantileExists } from "../../../reports/base/latency-view.ts";
import { fixture } from "../fixture.ts";

it("one percentile over all requests only where all classes are alike; else the class with an objective", () => {
  assert.equal(latencyView(fixture({ classes: ["all"] })).className, null);
  const mixed = fixture();
  const view = latencyView(mixed);
  assert.equal(view.className, "chat");
  assert.equal(view.of(mixed.strategies[1]!), mixed.strategies[1]!.byClass[0]);
  assert.equal(view.comparisonOf(mixed.strategies[0]!), undefined);
});

it("a percentile lies among the failed where more fail than it leaves out", () => {
  const group = { ...fixture().strategies[0]!.total, failedShare: { value: 0.02, low: null, high: null, n: 1 } };
  assert.deepEqual(
    (["p50", "p95", "p99"] as const).map((name) => quantileExists(group, name)),
    [true, true, false],
  );
});

it("a chart of one latency shows that of the class, beside costs of everything", () => {
  const mixed = fixture({ classes: ["chat", "batch"], replications: 4 });
  const { className, result } = headlineRun(mixed);
  assert.equal(className, "chat");
  result.strategies.forEach((strategy, at) => {
    const before = mixed.strategies[at]!;
    const chat = before.byClass.find(({ name }) => name === "chat")!;
    assert.equal(strategy.total.e2eMs.p95.value, chat.e2eMs.p95.value);
    assert.deepEqual(strategy.total.cost, before.total.cost);
    assert.deepEqual(
      strategy.replications.map((point) => point.ttftMsP95),
      before.replications.map((point) => point.byClass!.find(({ name }) => name === "chat")!.ttftMsP95),
    );
  });
  const of = (run: typeof mixed, metric: string) => run.comparisons.filter((one) => one.metric === metric);
  assert.deepEqual(of(result, "usdPer1kServed"), of(mixed, "usdPer1kServed"));
  for (const { baselineValue, value, relative } of of(result, "ttftMsP95"))
    assert.ok(Math.abs(relative.value! - (value! / baselineValue! - 1)) < 1e-9);
  const alone = fixture({ classes: ["all"] });
  assert.equal(headlineRun(alone).result, alone);
});
