import assert from "node:assert/strict";
import { test } from "node:test";
import { boundOf } from "../../../simulator/experiment/bound.ts";
import { foresightRuns, withForesight } from "../../../simulator/experiment/foresight.ts";
import { runJob } from "../../../simulator/experiment/job.ts";
import { simplex } from "../base/simplex.ts";
import { classInput, HAIKU, planOf, scenarioInput, worldInput } from "../scenario/base.ts";
import { runAll } from "./fixtures.ts";

/** Region a at half of b's price, with room for two thirds of the calls. */
function reach(strategies: readonly unknown[], traffic: object = {}, prices: object = {}, perMinute = "12k") {
  const plan = planOf(
    scenarioInput({
      duration: "2h",
      requests: undefined,
      drain: "1h",
      replications: 2,
      client: { retry: "standard", timeout: "60s" },
      world: worldInput({
        models: {
          m: { id: HAIKU, burndown: 1, capacity: { kind: "slots", servers: 40, service: { constant: "1s" } } },
        },
        quotas: [{ region: "a", tokensPerMinute: perMinute, law: "token-bucket" }],
        prices: {
          book: "none",
          overrides: [
            { model: "m", region: "a", input: 1, output: 5 },
            { model: "m", region: "b", input: 2, output: 10 },
          ],
          ...prices,
        },
      } as never),
      traffic: [classInput({ arrivals: { poisson: "2/s" }, slo: { e2e: "20s" }, ...traffic } as never)],
      strategies,
    } as never),
  );
  const outputs = runAll({ plan });
  const bound = boundOf(plan, outputs, simplex);
  const runs = foresightRuns(plan, outputs, simplex);
  const found = runs.jobs.map((job) => {
    const steps = runJob({ plan: runs.plan, skipQuotaNeeds: true }, job);
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    return step.value;
  });
  return { plan, runs, ...withForesight(plan, outputs, bound, runs, found) };
}

test("the optimum is bracketed: what was reached costs no less than the bound, and no more than the strategy", () => {
  const { strategies, foresight } = reach(["round-robin", "cheapest"]);
  assert.equal(foresight!.replications, 2);
  foresight!.reached.forEach(({ aboveBoundShare }, s) => {
    assert.ok(aboveBoundShare.value! >= -1e-3, `${aboveBoundShare.value}`);
    assert.ok(aboveBoundShare.value! <= strategies[s]!.regretShare.value! + 1e-9);
  });
  // Turns send half to b, which only a third of the calls have to.
  const [turns] = foresight!.reached;
  assert.match(turns!.by, /foresight|cheapest/);
  const { value } = turns!.aboveBoundShare;
  assert.ok(
    value! < strategies[0]!.regretShare.value! / 2,
    `${turns!.by} ${value} ${strategies[0]!.regretShare.value}`,
  );
});

test("work that may wait is planned into the cheap hour", () => {
  const { runs, foresight } = reach(
    ["round-robin"],
    { deferrable: true, slo: { e2e: "2h" } },
    { shocks: [{ at: "1h", for: "1h", factor: 0.5 }] },
    "60k",
  );
  const { cells } = (runs.plan.strategies[0]!.options as { plan: { cells: { epoch: number; share: number }[][] } })
    .plan;
  const late = cells[0]!.filter(({ epoch }) => epoch === 1).reduce((sum, { share }) => sum + share, 0);
  assert.ok(late > 0.9, `${late}`);
  assert.ok(foresight!.plans.every(({ failedShare }) => failedShare < 0.05));
});

test("plans that use less of the limits leave more room", () => {
  const { runs, foresight } = reach(["round-robin"]);
  assert.deepEqual([...new Set(runs.spares)], [1, 0.95, 0.9, 0.85, 0.8, 0.65, 0.5]);
  const costs = foresight!.plans.map(({ usdPer1kServed }) => usdPer1kServed.value!);
  assert.ok(costs.at(-1)! > costs[0]!, `${costs}`);
});
