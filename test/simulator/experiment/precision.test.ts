import assert from "node:assert/strict";
import { test } from "node:test";
import { tInterval } from "../../../simulator/base/statistics.ts";
import {
  FIRST_REPLICATIONS,
  isPrecise,
  MOST_REPLICATIONS,
  nextReplications,
  precisionTargets,
} from "../../../simulator/experiment/precision.ts";
import { purposeStream } from "../../../simulator/random/sampler.ts";
import { budget } from "../../budget.ts";
import { fixture } from "../../reports/fixture.ts";
import { normalFrom } from "../compare/fixtures.ts";

const target = (values: readonly number[], isShare = false) => ({ name: "x", estimate: tInterval(values), isShare });

test("the interval at which the rule stops holds the truth in 93 to 97 of 100, whatever the law and the precision", (t) => {
  const random = purposeStream(31, "precision");
  const normal = normalFrom(random);
  const laws: Readonly<Record<string, readonly [mean: number, draw: () => number]>> = {
    normal: [100, () => 100 + 10 * normal()],
    skewed: [100, () => 60 + 40 * -Math.log(1 - random.next())],
  };
  const experiments = budget(1000, 250);
  for (const [law, [mean, draw]] of Object.entries(laws)) {
    for (const precision of [0.02, 0.05]) {
      let covered = 0;
      let replications = 0;
      for (let e = 0; e < experiments; e++) {
        const values: number[] = [];
        for (
          let n = FIRST_REPLICATIONS;
          n > values.length;
          n = nextReplications([target(values)], values.length, precision)
        ) {
          while (values.length < n) values.push(draw());
        }
        const { low, high } = tInterval(values);
        assert.ok((high! - low!) / 2 <= precision * tInterval(values).value!);
        if (low! <= mean && high! >= mean) covered++;
        replications += values.length;
      }
      const slack = budget(0, 0.03);
      const share = covered / experiments;
      t.diagnostic(`${law}, to ${100 * precision} %: ${covered} of ${experiments} intervals hold the truth`);
      assert.ok(
        share >= 0.93 - slack && share <= 0.97 + slack,
        `${law} ${precision}: ${share} with ${replications / experiments}`,
      );
    }
  }
});

test("it begins with ten, never more than doubles, ends where all is precise, and gives up at the most", () => {
  const noisy = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 1 : 100));
  assert.equal(nextReplications([], 3, 0.02), FIRST_REPLICATIONS);
  assert.equal(nextReplications([target(noisy)], 10, 0.01), 20);
  assert.equal(nextReplications([target([5, 5, 5, 5, 5, 5, 5, 5, 5, 5])], 10, 0.01), 10);
  assert.equal(nextReplications([target(noisy)], MOST_REPLICATIONS, 0.001), MOST_REPLICATIONS);
  assert.ok(isPrecise(target([]), 0.01), "a figure that does not exist cannot become precise");
});

test("a share is judged in absolute terms: none that failed is precise", () => {
  assert.ok(
    isPrecise(
      target(
        Array.from({ length: 10 }, () => 0),
        true,
      ),
      0.01,
    ),
  );
  assert.ok(
    isPrecise(
      target(
        Array.from({ length: 10 }, (_, i) => 0.01 + i * 1e-4),
        true,
      ),
      0.01,
    ),
  );
});

test("the targets are what assert reads, else p95 by class and cost", () => {
  const result = fixture({ strategies: ["single", "cheapest"], classes: ["chat", "batch"], hours: 1 });
  const names = (assertions: readonly string[]) => precisionTargets(result, assertions).map(({ name }) => name);
  assert.equal(names([]).length, 2 * (2 + 1));
  assert.deepEqual(
    names(["p99(ttft, class=chat, strategy=single) < 1s", "failed() < 1%", "residencyViolations == 0"]),
    ["p99 ttft of chat under single", "failed of single", "failed of cheapest"],
  );
  assert.deepEqual(names(["saving(cheapest, single) > 1%"]), ["saving of single", "saving of cheapest"]);
  const [cost] = precisionTargets(result, ["cost(strategy=single) < 5"]);
  assert.deepEqual(cost!.estimate, result.strategies[0]!.total.cost[result.billing].totalUsd);
});
