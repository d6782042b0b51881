import assert from "node:assert/strict";
import { test } from "node:test";
import { assembleResult } from "../../../simulator/experiment/assemble.ts";
import { type GroupResult, SAMPLE_METRICS, type SampleMetric } from "../../../simulator/experiment/result.ts";
import { samplesOf } from "../../../simulator/experiment/samples.ts";
import { classInput, planOf, scenarioInput } from "../scenario/base.ts";
import { runAll } from "./fixtures.ts";

const plan = planOf(
  scenarioInput({
    replications: 3,
    requests: 900,
    strategies: ["round-robin"],
    traffic: [classInput({ slo: { e2e: "3s" } })],
  }),
);
const outputs = runAll({ plan });
const result = assembleResult({ plan }, outputs, { scenarioSha256: "", meridianVersion: "", traces: [] });
const [strategy] = result.strategies;

/** The estimate of a group that the samples of a metric must average to. */
function estimateOf(group: GroupResult, metric: SampleMetric) {
  const cost = group.cost[result.billing];
  switch (metric) {
    case "e2eMsMean":
      return group.e2eMs.mean;
    case "e2eMsP50":
      return group.e2eMs.p50;
    case "e2eMsP95":
      return group.e2eMs.p95;
    case "e2eMsP99":
      return group.e2eMs.p99;
    case "ttftMsP50":
      return group.ttftMs.p50;
    case "ttftMsP95":
      return group.ttftMs.p95;
    case "ttftMsP99":
      return group.ttftMs.p99;
    case "waitMsP95":
      return group.queueWaitMs.p95;
    case "billUsd":
      return cost.totalUsd;
    case "usdPer1kServed":
      return cost.usdPer1kServed;
    default:
      return group[metric];
  }
}

test("samples average to the estimates of their group, metric by metric", () => {
  for (const { scope, name, values } of strategy!.samples!) {
    const groups = scope === "class" ? strategy!.byClass : strategy!.byRegion;
    const group = scope === "total" ? strategy!.total : groups.find((each) => each.name === name)!;
    for (const metric of SAMPLE_METRICS) {
      const known = values[metric].filter((value) => value !== null);
      const { value, n } = estimateOf(group, metric);
      assert.equal(known.length, n, `${scope} ${name} ${metric}`);
      if (value !== null)
        assert.ok(Math.abs(known.reduce((sum, each) => sum + each, 0) / n - value) <= 1e-12 + 1e-9 * value);
    }
  }
});

test("there is a group for the total, each class and each region, with a value for each replication", () => {
  const stats = outputs.flatMap((output) => output.stats);
  const groups = samplesOf(stats, { classes: ["chat"], regions: ["a"] }, "source");
  assert.deepEqual(
    groups.map(({ scope, name }) => `${scope} ${name}`),
    ["total ", "class chat", "region a"],
  );
  assert.ok(groups.every(({ values }) => SAMPLE_METRICS.every((metric) => values[metric].length === 3)));
});
