import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mix32 } from "../../../../simulator/random/keyed-random.ts";
import { smallestEnough } from "../../../../simulator/service/quota/limit-search.ts";

type ShareOf = (limit: number) => number;

/** Halving to half a per cent: what the search must agree with, and how many limits that tries. */
function bisection(
  first: number,
  shareMax: number,
  shareOf: ShareOf,
): { readonly limit: number; readonly trials: number } {
  let [low, high, trials] = [0, first, 1];
  for (; shareOf(high) > shareMax; trials++) [low, high] = [high, 2 * high];
  for (; high - low > 0.005 * high; trials++) {
    const middle = (low + high) / 2;
    if (shareOf(middle) <= shareMax) high = middle;
    else low = middle;
  }
  return { limit: high, trials };
}

function search(enough: number, guess: number, shareMax: number, shareOf: ShareOf) {
  let trials = 0;
  const shareAt = (limit: number, giveUpAt: number) => {
    trials++;
    const share = shareOf(limit);
    return share > giveUpAt ? 1 : share;
  };
  return { limit: smallestEnough({ enough, guess, shareMax, shareAt }), trials };
}

const uniform = (i: number) => (mix32(i) >>> 0) / 2 ** 32;

/** Shares that fall as a limit grows, in one way or another. @param at where they pass 0.01, about */
const FALLING: Readonly<Record<string, (at: number) => ShareOf>> = {
  evenly: (at) => (limit) => 0.01 * Math.exp(-9 * (limit / at - 1)),
  steeply: (at) => (limit) => Math.min(1, 0.01 * Math.exp(-300 * (limit / at - 1))),
  slowly: (at) => (limit) => Math.min(1, 0.01 * (limit / at) ** -0.5),
  "to zero": (at) => (limit) => Math.max(0, 1 - limit / (at * 1.01)),
  "hardly, just above what is allowed": (at) => (limit) => (limit < at ? 0.01 * (1 + 1e-9 * (2 - limit / at)) : 0),
  "in one step": (at) => (limit) => (limit < at ? 0.3 : 0),
  "in steps": (at) => (limit) => Math.floor(40 * Math.exp(-5 * (limit / at - 1))) / 4000,
};

describe("the search for a limit", () => {
  for (const [name, fallingAt] of Object.entries(FALLING)) {
    it(`ends where a bisection does, shares falling ${name}`, () => {
      for (let i = 0; i < 200; i++) {
        const enough = 10 ** (1 + 6 * uniform(7 * i));
        const shareOf = fallingAt(enough * (0.02 + 1.5 * uniform(7 * i + 1)));
        const shareMax = i % 5 === 0 ? 0.002 : 0.01;
        const expected = bisection(enough, shareMax, shareOf);
        for (const guess of [Number.NaN, 0, enough * uniform(7 * i + 2), expected.limit, 1e12]) {
          const found = search(enough, guess, shareMax, shareOf);
          assert.equal(found.limit, expected.limit, `${i}: from ${guess}`);
          assert.ok(found.trials <= expected.trials + 10, `${i}: ${found.trials}, bisection ${expected.trials}`);
        }
      }
    });
  }

  it("tries a third less where shares fall evenly, and three where the guess is right", () => {
    let [own, bisected] = [0, 0];
    for (let i = 0; i < 200; i++) {
      const shareOf = FALLING.evenly!(100 * (0.1 + 0.8 * uniform(i)));
      const expected = bisection(100, 0.01, shareOf);
      bisected += expected.trials;
      own += search(100, Number.NaN, 0.01, shareOf).trials;
      assert.ok(search(100, expected.limit, 0.01, shareOf).trials <= 3);
    }
    assert.ok(own < 0.67 * bisected, `${own} and ${bisected}`);
  });

  it("finds the limit that refuses nothing", () => {
    const shareOf = (limit: number) => (limit < 63 ? 1e-6 : 0);
    assert.equal(search(100, 40, 0, shareOf).limit, bisection(100, 0, shareOf).limit);
  });

  it("ends where every limit is enough, for calls that ask for nothing", () => {
    const { limit, trials } = search(1, Number.NaN, 0.01, () => 0);
    assert.ok(limit > 0 && limit <= 2e-6, String(limit));
    assert.ok(trials < 50, String(trials));
  });

  it("doubles what was thought to be enough until it is", () => {
    const shareOf = (limit: number) => (limit < 1000 ? 0.5 : 0);
    assert.equal(search(100, 90, 0.01, shareOf).limit, bisection(100, 0.01, shareOf).limit);
  });
});
