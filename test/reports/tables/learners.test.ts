import assert from "node:assert/strict";
import { test } from "node:test";
import { learnersText } from "../../../reports/tables/learners.ts";
import { withCosts } from "../with-costs.ts";

const shares = { cheapest: 0.8, score: 0.97, bandit: 0.97 };

test("a learner is held against those that meet as many objectives, pair by pair", () => {
  const won = withCosts({ cheapest: [5, 6, 7], score: [9, 10, 11], bandit: [8.5, 9.4, 10.5] }, shares);
  assert.match(
    learnersText(won)[1]!,
    /^bandit costs less than the one that meets .*: −0\.5\d* USD \(.*\) per 1,000 served against score/,
  );
  assert.equal(
    learnersText(won)[0],
    "bandit learns and is shown to cost less than every strategy that does not learn and meets as many objectives.",
  );
  const open = withCosts({ cheapest: [5, 6, 7], score: [9, 10, 11], bandit: [8.5, 10.4, 10.5] }, shares);
  assert.match(learnersText(open)[1]!, /^bandit is not shown to cost less than the one that meets .* against score\.$/);
  assert.match(learnersText(open)[0]!, /^No strategy that learns is shown to cost less than every one/);
  const alone = withCosts({ cheapest: [5, 6, 7], bandit: [8, 9, 10] }, shares);
  assert.equal(learnersText(alone)[1], "bandit: no strategy that does not learn meets as many objectives.");
});

test("nothing is said of a run in which none learns", () => {
  assert.deepEqual(learnersText(withCosts({ cheapest: [5, 6], score: [9, 10] }, shares)), []);
});
