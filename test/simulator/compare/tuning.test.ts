import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  halvingRounds,
  hasPercentile,
  isKnown,
  judge,
  knState,
  lossesOf,
  lossOf,
  survivorsOf,
} from "../../../simulator/compare/tuning.ts";

const FIGURES = { cost: 2, p95: 900, p99: 1000, "ttft-p95": 100, failed: 0.02, missed: 0.07 };

describe("tuning", () => {
  it("makes a setting 10 % dearer for each point by which it misses a limit", () => {
    const goal = { metric: "cost", withinMin: null, failedMax: null } as const;
    assert.equal(lossOf(FIGURES, goal), 2);
    assert.equal(lossOf(FIGURES, { ...goal, withinMin: 0.9 }), 2, "93 % within is enough");
    assert.ok(Math.abs(lossOf(FIGURES, { ...goal, withinMin: 0.95 }) - 2 * 1.2) < 1e-9, "two points short");
    assert.ok(Math.abs(lossOf(FIGURES, { metric: "p95", withinMin: 0.95, failedMax: 0.01 }) - 900 * 1.3) < 1e-6);
  });

  it("halves with twice the replications until four are left, and never drops the scenario's own", () => {
    assert.deepEqual(
      halvingRounds(33).map(({ keep }) => keep),
      [17, 9, 5, 4],
    );
    assert.deepEqual(
      halvingRounds(33).map(({ replications }) => replications),
      [1, 2, 4, 8],
    );
    assert.deepEqual(halvingRounds(4), []);
    const losses = new Map([
      [0, [9]],
      [1, [3]],
      [2, [1]],
      [3, [2]],
    ]);
    assert.deepEqual(survivorsOf(losses, 2), [0, 2]);
    assert.deepEqual(survivorsOf(losses, 3), [0, 2, 3]);
  });

  it("asks KN for more values until it has decided or the budget is used", () => {
    const clear = [
      [10, 11, 10, 12, 11],
      [1, 2, 1, 3, 2],
    ];
    assert.deepEqual(
      knState(
        clear.map((each) => each.slice(0, 3)),
        1,
        20,
      ),
      { survivors: [0, 1], isDone: false, more: 2 },
    );
    assert.deepEqual(knState(clear, 1, 20), { survivors: [1], isDone: true, more: 0 });
    const close = [
      [10, 12, 9, 14, 11],
      [12, 9, 13, 10, 12],
    ];
    assert.deepEqual(knState(close, 0.1, 8), { survivors: [0, 1], isDone: false, more: 3 });
    assert.equal(knState(close, 0.1, 5).isDone, true);
    assert.deepEqual(knState([[1]], 1, 9), { survivors: [0], isDone: true, more: 0 });
  });

  it("says best, equal or open of the winner on held-out values, with the gain's interval", () => {
    const own = [10, 11, 12, 10, 11, 12];
    const better = own.map((value) => value - 3);
    const twin = better.map((value, i) => value + (i % 2 === 0 ? 0.01 : -0.01));
    const of = (losses: readonly (readonly number[])[], winner: number) =>
      judge(losses, { winner, own: 0, delta: 0.5 });
    const best = of([own, better], 1);
    assert.deepEqual([best.answer, best.gain!.value, best.gain!.low, best.gain!.high], ["best", -3, -3, -3]);
    assert.ok(Math.abs(best.gainShare! + 3 / 11) < 1e-12);
    assert.equal(of([own, better, twin], 1).answer, "open", "own is far behind, and the twins are not told apart");
    assert.equal(of([better, twin], 0).answer, "equal");
    assert.equal(of([better, twin], 0).gain, null);
    assert.equal(of([own, better], 0).answer, "open", "chosen before, and not the least here");
    assert.throws(() => of([[1], [2]], 0), /TUNE_REPLICATIONS/);
  });

  it("has no percentile where more fail, over the replications, than it leaves out", () => {
    const goal = { metric: "p95", withinMin: null, failedMax: null } as const;
    const of = (...failed: readonly number[]) => failed.map((share) => ({ ...FIGURES, failed: share }));
    assert.deepEqual(lossesOf(of(0.06, 0.03), goal), [900, 900], "4.5 % on average");
    assert.deepEqual(lossesOf(of(0.08, 0.03), goal), [Infinity, Infinity]);
    assert.deepEqual(lossesOf(of(0.02), { ...goal, metric: "p99" }), [Infinity]);
    assert.deepEqual(lossesOf(of(0.9), { ...goal, metric: "cost" }), [2], "a cost is one, however many fail");
    assert.equal(hasPercentile(of(0.051), "ttft-p95"), false);
    assert.deepEqual([isKnown([1, 2]), isKnown([1, Infinity])], [true, false]);
    const losses = new Map([
      [0, [Infinity]],
      [1, [Infinity]],
      [2, [5]],
      [3, [4]],
    ]);
    assert.deepEqual(survivorsOf(losses, 3), [0, 2, 3]);
  });

  it("judges among finalists that have a loss, and says which has none", () => {
    const [none, ten, nine] = [
      [Infinity, Infinity, Infinity],
      [10, 11, 10],
      [9, 10, 9],
    ] as const;
    const of = (losses: readonly (readonly number[])[], winner: number) => {
      const { answer, gain, without } = judge(losses, { winner, own: 0, delta: 0.5 });
      return [answer, gain?.value ?? null, without];
    };
    assert.deepEqual(of([none, nine, ten], 1), ["best", null, "own"]);
    assert.deepEqual(of([ten, none, nine], 1), ["open", null, "winner"]);
    assert.deepEqual(of([ten, none], 0), ["best", null, null], "better than one that fails");
    assert.deepEqual(of([ten, nine, none], 1), ["best", -1, null]);
  });
});
