import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  costValues,
  largestClass,
  leastOf,
  pairedDifference,
  shortfallValues,
  speedValues,
} from "../../../simulator/experiment/leaders.ts";
import { classOf, strategyOf } from "./answers.ts";

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
