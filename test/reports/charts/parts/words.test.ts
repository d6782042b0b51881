import assert from "node:assert/strict";
import { test } from "node:test";
import { conditionWords, pairingWords, shownDifferences, shownWords } from "../../../../reports/charts/parts/words.ts";
import { fixture } from "../../fixture.ts";

const shown = (better: number, worse: number, notShown: number) => ({
  better: Array.from({ length: better }, (_, at) => `b${at}`),
  worse: Array.from({ length: worse }, (_, at) => `w${at}`),
  notShown: Array.from({ length: notShown }, (_, at) => `n${at}`),
  notComparable: [],
  total: better + worse + notShown,
});

test("differences are counted by what is shown", () => {
  assert.equal(
    shownWords(shown(3, 1, 3)),
    "shown lower for 3 of 7 other strategies, higher for 1, not shown to differ for 3",
  );
  assert.equal(shownWords(shown(0, 0, 7)), "not shown to differ for all 7 other strategies");
  assert.equal(shownWords(shown(0, 1, 0)), "shown higher for the other strategy");
  assert.equal(shownWords(shown(0, 1, 1)), "shown higher for 1 of 2 other strategies, not shown to differ for 1");
});

test("every comparison of a metric is counted once", () => {
  const { better, worse, notShown, notComparable, total } = shownDifferences(fixture(), "e2eMsP95");
  assert.equal(better.length + worse.length + notShown.length + notComparable.length, total);
  assert.equal(total, 7);
});

test("conditions name scenario, length, start and replications", () => {
  assert.equal(conditionWords(fixture()), "five-regions, 24 h from 2026-05-04 00:00 UTC, n = 10 replications");
});

test("a measurement does not claim common random numbers", () => {
  assert.match(pairingWords(fixture()), /common random numbers/);
  assert.doesNotMatch(pairingWords({ ...fixture(), kind: "measured" }), /random/);
});
