import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import type { Comparison, StrategyResult } from "../../../simulator/experiment/result.ts";
import {
  costValues,
  failsMore,
  hasQuantile,
  headlineClasses,
  largestClass,
  leastOf,
  pairedDifference,
  servesAlike,
  shortfallValues,
  speedValues,
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
    assert.equal(standing(0.9499).reason, "94.99 % of chat within its objective");
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

const cost = costValues({ billing: "source" });
const priced = (name: string, usd: number | readonly number[]) => strategyOf(name, { chat: {} }, { usd });
const namesOf = (tied: readonly { readonly name: string }[]) => tied.map(({ name }) => name);

describe("the least of several strategies", () => {
  it("is alone where the paired difference is shown, though the replications differ widely", () => {
    const steady = [priced("a", [4, 8, 6, 5, 7]), priced("b", [4.2, 8.2, 6.2, 5.2, 7.21])];
    assert.deepEqual(namesOf(leastOf(steady, cost, () => 0).tied), ["a"]);
  });

  it("is tied with one that is not shown to differ, or by less than is worth a choice", () => {
    const noisy = [priced("a", [4, 8, 6, 5, 7]), priced("b", [8, 4, 6, 7, 5.1])];
    assert.deepEqual(namesOf(leastOf(noisy, cost, () => 0).tied), ["a", "b"]);
    const steady = [priced("a", 4), priced("b", 4.01)];
    assert.deepEqual(namesOf(leastOf(steady, cost, () => 0).tied), ["a"]);
    assert.deepEqual(namesOf(leastOf(steady, cost, (usd) => 0.005 * usd).tied), ["a", "b"]);
  });

  it("one replication shows nothing; of none there is no least", () => {
    assert.deepEqual(namesOf(leastOf([priced("a", [1]), priced("b", [9])], cost, () => 0).tied), ["a", "b"]);
    assert.deepEqual(
      leastOf([], cost, () => 0),
      { least: undefined, tied: [] },
    );
  });
});

it("pairs leave out what one side lacks", () => {
  assert.deepEqual(pairedDifference([3, null, 5], [1, 1, 3]), { value: 2, low: 2, high: 2, n: 2 });
});

it("speed is the worst class's p95 over its limit; without limits the p95 of the largest class", () => {
  const one = strategyOf("x", { chat: { p95: [3000] }, code: { p95: [9000] }, batch: { p95: [90_000] } }, { usd: [1] });
  const classes = [classOf("chat", 6000), classOf("code", 10_000), classOf("batch", null, { deferrable: true })];
  assert.deepEqual(speedValues({ classes, strategies: [one] })(one), [0.9]);
  assert.deepEqual(speedValues({ classes: [classOf("chat", null)], strategies: [one] })(one), [3000]);
  assert.equal(largestClass({ strategies: [one] }, classes)!.name, "chat");
});

it("a shortfall is what a class lacks of the share that is asked for, a class that keeps it lacks nothing", () => {
  const one = strategyOf("x", { chat: { within: [0.75] }, code: { within: [0.99] } }, { usd: [1] });
  const [shortfall] = shortfallValues([classOf("chat", 1), classOf("code", 1)])(one);
  assert.ok(Math.abs(shortfall! - 0.1) < 1e-12);
  const [own] = shortfallValues([classOf("chat", 1, { sloShare: 0.85 }), classOf("code", 1, { sloShare: 0.995 })])(one);
  assert.ok(Math.abs(own! - (0.1 + 0.005) / 2) < 1e-12);
});

const failingShare = (value: number | null) => ({ failedShare: { value, low: null, high: null, n: 1 } });
const servingOf = (total: number | null, classes: Readonly<Record<string, number>>) =>
  ({
    total: failingShare(total),
    byClass: Object.entries(classes).map(([name, share]) => ({ name, ...failingShare(share) })),
  }) as unknown as StrategyResult;

test("strategies serve alike where no class fails a point more", () => {
  const baseline = servingOf(0.02, { a: 0.02, b: 0.02 });
  assert.ok(servesAlike(servingOf(0.028, { a: 0.028, b: 0.028 }), baseline));
  assert.ok(!servesAlike(servingOf(0.04, { a: 0.04, b: 0.04 }), baseline));
  assert.ok(!servesAlike(servingOf(0, { a: 0, b: 0 }), baseline));
  // As many in all, and others: the dear class fails in place of the cheap one.
  assert.ok(!servesAlike(servingOf(0.02, { a: 0.04, b: 0 }), baseline));
  assert.ok(servesAlike(servingOf(null, {}), servingOf(0.005, {})));
});
