import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isDecided, questionOf, rankingOf, rankingText } from "../../../scripts/compare/ranking.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";

/** Strategies whose p95 in replication r is a common wave and their own lag, ms. */
function resultOf(lagsMs: Readonly<Record<string, (r: number) => number>>, replications: number): RunResult {
  const strategies = Object.entries(lagsMs).map(([name, lag]) => {
    const e2eMsP95 = Array.from({ length: replications }, (_, r) => 1000 + 300 * Math.sin(r) + lag(r));
    const values = { e2eMsP95, usdPer1kServed: e2eMsP95.map((ms) => ms / 1000) };
    return {
      name,
      samples: [
        { scope: "total", name: "", values },
        { scope: "class", name: "chat", values },
      ],
    };
  });
  return { classes: [{ name: "chat" }], strategies } as unknown as RunResult;
}

const jitter = (r: number) => 5 * Math.cos(7 * r);
const question = (text: string) => questionOf(text, "chat");

describe("a ranking with an indifference zone", () => {
  it("reads a time as p95 of the class, an amount as USD per 1,000", () => {
    assert.deepEqual(question("20ms"), { metric: "e2eMsP95", className: "chat", delta: 20 });
    assert.deepEqual(question("0.05 USD"), { metric: "usdPer1kServed", className: null, delta: 0.05 });
    assert.throws(() => question("banana"), /STATS_DELTA.*neither a time nor an amount.*write 200ms/s);
  });

  it("names the best, says that nothing above delta is left, or how many replications decide", () => {
    const lags = { a: () => 0, b: (r: number) => 40 + jitter(r) };
    const best = rankingOf(resultOf(lags, 10), question("10ms"));
    assert.deepEqual([best.answer, best.best, isDecided(best)], ["best", "a", true]);
    assert.match(rankingText(best), /b: behind by 40(\.\d+)? ms/);
    const equal = rankingOf(resultOf({ a: () => 0, b: jitter }, 10), question("100ms"));
    assert.match(equal.sentence, /^No difference above 100 ms: /);
    const wide = (r: number) => 300 * Math.cos(5 * r);
    const open = rankingOf(resultOf({ a: () => 0, b: wide }, 10), question("20ms"));
    assert.match(open.sentence, /^Open: .*at most \d+ replications decide it/);
    assert.equal(isDecided(open), false);
    const later = rankingOf(resultOf({ a: () => 0, b: wide }, open.knAtMost!), question("20ms"));
    assert.equal(isDecided(later), true, "KN ends where it said it would");
    assert.match(later.sentence, /within 20 ms|No difference|shown against/);
  });

  it("does not rank by latency or cost what fails more than others, or is unstable", () => {
    const plain = resultOf({ a: () => 0, b: (r) => 40 + jitter(r), fast: () => -900, late: () => -950 }, 10);
    const strategies = plain.strategies.map((strategy) => {
      const failedShare = Array.from({ length: 10 }, () => (strategy.name === "fast" ? 0.6 : 0.001));
      const samples = strategy.samples!.map((each) => ({ ...each, values: { ...each.values, failedShare } }));
      return { ...strategy, samples, status: strategy.name === "late" ? "unstable" : "stable" };
    });
    const result = { ...plain, strategies } as RunResult;
    for (const text of ["10ms", "0.01 USD"]) {
      const ranking = rankingOf(result, question(text));
      assert.deepEqual([ranking.best, ranking.answer], ["a", "best"], text);
      assert.match(rankingText(ranking), /^ {2}fast: left out, since it fails 60\.0 % of the requests$/m);
      assert.match(rankingText(ranking), /^ {2}late: left out, since it is unstable$/m);
    }
    const failing = rankingOf(result, { metric: "failedShare", className: "chat", delta: 0.01 });
    assert.deepEqual(failing.leftOut, [], "of failures all are ranked");
    const two = { ...result, strategies: result.strategies.filter(({ name }) => name === "b" || name === "fast") };
    const only = rankingOf(two, question("10ms"));
    assert.deepEqual([only.best, isDecided(only)], ["b", true]);
    assert.match(rankingText(only), /^b is the only one that can be ranked\./);
  });
});
