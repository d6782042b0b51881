import assert from "node:assert/strict";
import { it } from "node:test";
import { latencyView } from "../../../reports/base/latency-view.ts";
import { criticalT } from "../../../simulator/base/statistics.ts";
import { classComparison, p95Values, relativeDifference } from "../../../simulator/experiment/class-comparison.ts";
import { percentText } from "../../../simulator/experiment/phrases.ts";
import { answer, classOf, strategyOf } from "./answers.ts";

const BASE = [5000, 5200, 4800, 5100, 4900];
const named = (name: string, p95: readonly number[], over: { readonly failed?: number; readonly usd?: number } = {}) =>
  strategyOf(name, { chat: { p95, failed: over.failed ?? 0 } }, { usd: over.usd ?? 5 });
const base = named("base", BASE);
const slower = named("slower", [5040, 5290, 4810, 5170, 4900]);

it("is the paired difference over the other's mean, its interval wide enough for all comparisons together", () => {
  const { relative, value, baselineValue, verdict } = classComparison([slower, base], "chat", "e2eMsP95", 6);
  const half =
    (criticalT(5, 5) * Math.sqrt((2 ** 2 + 48 ** 2 + 32 ** 2 + 28 ** 2 + 42 ** 2) / 4)) / Math.sqrt(5) / 5000;
  assert.equal(baselineValue, 5000);
  assert.equal(value, 5042);
  assert.ok(Math.abs(relative.value! - 42 / 5000) < 1e-12);
  assert.ok(Math.abs(relative.high! - relative.value! - half) < 1e-12);
  assert.equal(verdict, "not shown");
  assert.equal(classComparison([slower, base], "chat", "e2eMsP95", 2).verdict, "not shown");
  assert.equal(
    classComparison(
      [
        named(
          "x",
          BASE.map((ms) => 0.7 * ms),
        ),
        base,
      ],
      "chat",
      "e2eMsP95",
      6,
    ).verdict,
    "better",
  );
});

it("compares no survivors: neither who fails a point more, nor two that fail 5 %, nor an unstable run", () => {
  const half = BASE.map((ms) => ms / 2);
  const of = (...pair: Parameters<typeof classComparison>[0]) => classComparison(pair, "chat", "e2eMsP95", 2).verdict;
  assert.equal(of(named("x", half, { failed: 0.02 }), base), "not comparable");
  assert.equal(of(base, named("x", half, { failed: 0.02 })), "not comparable");
  assert.equal(of(named("x", half, { failed: 0.005 }), base), "better");
  const both = (share: number) => of(named("x", half, { failed: share }), named("base", BASE, { failed: share }));
  assert.deepEqual([0.04, 0.06, 0.25].map(both), ["better", "not comparable", "not comparable"]);
  assert.equal(of(named("x", BASE, { failed: 0.25 }), named("base", half)), "worse");
  assert.equal(of(strategyOf("x", { chat: { p95: half } }, { unstable: true }), base), "not comparable");
});

it("what a replication lacks is left out, and nothing is over a mean of none", () => {
  assert.deepEqual(p95Values(base, "no such class", "e2eMsP95"), [null, null, null, null, null]);
  assert.deepEqual(relativeDifference([1], [0], 1), { value: null, low: null, high: null, n: 1 });
});

it("verdict and table agree on what is shown of a class among several strategies, and on its interval", () => {
  // Shown by an interval of its own, not by one that holds for five comparisons together.
  const edge = named("edge", [5040, 5290, 4840, 5170, 4905], { usd: 4 });
  const clear = named("clear", [5540, 5790, 5340, 5670, 5405], { usd: 4 });
  const others = ["a", "b", "c", "d"].map((name) => named(name, BASE, { usd: 9 }));
  const classes = [classOf("chat", 6000), classOf("code", 9000)];
  assert.equal(classComparison([edge, base], "chat", "e2eMsP95", 2).verdict, "worse");
  for (const one of [edge, clear]) {
    const strategies = [base, one, ...others];
    const { verdict, ...found } = answer(strategies, classes);
    assert.equal(found.recommended, one.name);
    const comparisons = [{ ...classComparison([one, base], "chat", "e2eMsP95", 6) }];
    const view = latencyView({ classes, strategies, comparisons, baseline: "base" });
    assert.equal(view.className, "chat");
    const inTable = view.comparisonOf(one)!;
    assert.equal(inTable.verdict, one === edge ? "not shown" : "worse");
    const words =
      one === edge ? "not shown to differ from that of" : `${percentText(inTable.relative, "higher")} than with`;
    assert.ok(verdict.includes(`p95 of chat ${one === edge ? "5.05" : "5.55"} s, ${words} base`), verdict);
  }
});
