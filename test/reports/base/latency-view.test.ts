import assert from "node:assert/strict";
import { it } from "node:test";
import { classComparison, latencyView, quantileExists } from "../../../reports/base/latency-view.ts";
import { fixture } from "../fixture.ts";

it("one percentile over all requests only where all classes are alike; else the class with an objective", () => {
  assert.equal(latencyView(fixture({ classes: ["all"] })).className, null);
  const mixed = fixture();
  const view = latencyView(mixed);
  assert.equal(view.className, "chat");
  assert.equal(view.of(mixed.strategies[1]!), mixed.strategies[1]!.byClass[0]);
  assert.equal(view.comparisonOf(mixed.strategies[0]!), undefined);
});

it("compares one class by its paired replications, and not where a strategy is unstable", () => {
  const result = fixture();
  const compared = classComparison(result, result.strategies[1]!, "chat")!;
  assert.equal(compared.verdict, "better");
  assert.ok(compared.relative.value! < -0.2);
  const unstable = fixture({ unstable: ["round-robin"] });
  assert.equal(classComparison(unstable, unstable.strategies[1]!, "chat")!.verdict, "not comparable");
});

it("a percentile lies among the failed where more fail than it leaves out", () => {
  const group = { ...fixture().strategies[0]!.total, failedShare: { value: 0.02, low: null, high: null, n: 1 } };
  assert.deepEqual(
    (["p50", "p95", "p99"] as const).map((name) => quantileExists(group, name)),
    [true, true, false],
  );
});
