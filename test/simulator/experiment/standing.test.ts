import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import type { Comparison } from "../../../simulator/experiment/result.ts";
import {
  failsMore,
  hasQuantile,
  headlineClasses,
  shareText,
  standingOf,
} from "../../../simulator/experiment/standing.ts";
import { classOf, strategyOf } from "./answers.ts";

describe("how a strategy stands", () => {
  const classes = [classOf("chat", 6000), classOf("batch", null, { deferrable: true })];
  const standing = (within: number, failed = 0, unstable = false) =>
    standingOf(strategyOf("x", { chat: { within, failed }, batch: {} }, unstable ? { unstable } : {}), classes);

  it("keeps an objective with 95 % within it, and says by how much it misses", () => {
    assert.equal(standing(0.95).level, "keeps objectives");
    assert.equal(standing(0.9499).level, "misses objectives");
    assert.equal(standing(0.9499).reason, "94.9 % of chat within its objective");
    assert.deepEqual(
      standing(0.97).classes.map(({ isKept }) => isKept),
      [true, null],
    );
  });

  it("asks of a class the share that it names", () => {
    const of = (sloShare: number) =>
      standingOf(strategyOf("x", { chat: { within: 0.93 } }), [classOf("chat", 6000, { sloShare })]);
    assert.equal(of(0.9).level, "keeps objectives");
    assert.equal(of(0.94).level, "misses objectives");
    assert.equal(of(0.94).classes[0]!.targetShare, 0.94);
  });

  it("does not serve a class of which more than 5 % fail, and a backlog without bound is worse still", () => {
    assert.equal(standing(0.94, 0.06).level, "fails requests");
    assert.equal(standing(0.99, 0, true).level, "unstable");
  });
});

test("failed requests have no latency: a quantile among them does not exist", () => {
  const failing = (value: number) => ({ failedShare: { value, low: null, high: null, n: 1 } });
  assert.equal(hasQuantile(failing(0.05), 0.95), true);
  assert.equal(hasQuantile(failing(0.051), 0.95), false);
  assert.equal(hasQuantile(failing(0.051), 0.5), true);
});

test("a deferrable class is in no headline about latency, nor one without an objective beside one that has one", () => {
  const batch = classOf("batch", 86_400_000, { deferrable: true });
  const names = (...classes: Parameters<typeof headlineClasses>[0]) => headlineClasses(classes).map(({ name }) => name);
  assert.deepEqual(names(classOf("chat", 6000), batch, classOf("free", null)), ["chat"]);
  assert.deepEqual(names(classOf("free", null), batch), ["free"]);
  assert.deepEqual(names(batch), ["batch"]);
});

test("no share looks as if it kept what it misses", () => {
  assert.equal(shareText(0.9499), "94.9 %");
  assert.equal(shareText(0.99996), "99.9 %");
  assert.equal(shareText(0.8162), "81 %");
  assert.equal(shareText(0.00036), "0.04 %");
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
