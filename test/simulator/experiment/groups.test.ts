import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { tInterval } from "../../../simulator/base/statistics.ts";
import { assembleResult } from "../../../simulator/experiment/assemble.ts";
import {
  billUsd,
  groupResult,
  quantileOrNull,
  quotaSummaries,
  reservedSummary,
  residencySummary,
  samplesOf,
  usdPer1kServed,
} from "../../../simulator/experiment/groups.ts";
import type { ReplicationStats } from "../../../simulator/experiment/replication-stats.ts";
import { type GroupResult, SAMPLE_METRICS, type SampleMetric } from "../../../simulator/experiment/result.ts";
import { eventful } from "../engine/watched.ts";
import { classInput, planOf, scenarioInput } from "../scenario/base.ts";
import { group, latency, runAll } from "./fixtures.ts";

describe("a group's estimates", () => {
  const stats = [
    group({ sent: 1000, served: 900, attempts: 1500, throttled: 600, p95: 2000, usd: 9 }),
    group({ sent: 2000, served: 2000, attempts: 2000, throttled: 0, p95: 2400, usd: 10 }),
  ];
  const result = groupResult({ stats, baseline: null, sent: [4000, 4000] });

  it("shares are per replication, counts are sums", () => {
    assert.deepEqual(result.failedShare, tInterval([0.1, 0]));
    assert.deepEqual(result.throttledAttemptShare, tInterval([0.4, 0]));
    assert.deepEqual(result.attemptsPerRequest, tInterval([1.5, 1]));
    assert.deepEqual(result.trafficShare, tInterval([0.25, 0.5]));
    assert.deepEqual([result.counts.sent, result.counts.served, result.counts.failed], [3000, 2900, 100]);
    assert.deepEqual(result.e2eMs.p95, tInterval([2000, 2400]));
    assert.equal(result.e2eMs.max, 7200);
    assert.equal(result.e2eMs.count, 2900);
    assert.equal(result.goodputShare.value, null, "no request had an objective");
  });

  it("cost: totals, per 1,000 served, and the saving against the baseline by replication", () => {
    const { totalUsd, usdPer1kServed: per1k, savingShare } = result.cost.source;
    assert.deepEqual(totalUsd, tInterval([9, 10]));
    assert.deepEqual(per1k, tInterval([10, 5]));
    assert.equal(savingShare, null);
    const baseline = [group({ usd: 20 }), group({ usd: 20 })];
    const saved = groupResult({ stats, baseline, sent: [1, 1] }).cost.source.savingShare;
    assert.deepEqual(saved, tInterval([0.5, 0.75]));
  });

  it("nothing served: no figure is invented", () => {
    const empty = groupResult({ stats: [group({ sent: 0 })], baseline: null, sent: [0] });
    for (const estimate of [empty.failedShare, empty.trafficShare, empty.e2eMs.p50, empty.cost.source.usdPer1kServed]) {
      assert.equal(estimate.value, null);
    }
    assert.equal(empty.e2eMs.max, null);
  });
});

it("quantiles need requests behind them: 59 for p95, 299 for p99", () => {
  assert.equal(quantileOrNull(latency(58, 10), "p95"), null);
  assert.equal(quantileOrNull(latency(59, 10), "p95"), 10);
  assert.equal(quantileOrNull(latency(298, 10), "p99"), null);
  assert.equal(quantileOrNull(latency(299, 10), "p99"), 20);
  assert.equal(quantileOrNull(latency(1, 10), "p50"), 5);
  assert.equal(quantileOrNull(latency(0, 10), "p50"), null);
});

it("money as a number, reserved capacity included", () => {
  const held = group({ sent: 500, usd: 2, standingUsd: 3 });
  assert.equal(billUsd(held, "source"), 5);
  assert.equal(usdPer1kServed(held, "source"), 10);
  const none = group({ sent: 500, usd: 2 });
  const { cost } = groupResult({ stats: [held, held], baseline: [none, none], sent: [500, 500] });
  assert.deepEqual(cost.source.reservedUsd, tInterval([3, 3]));
  assert.deepEqual(cost.source.savingShare, tInterval([1 - 10 / 4, 1 - 10 / 4]));
  assert.equal(groupResult({ stats: [none], baseline: null, sent: [500] }).cost.source.reservedUsd, undefined);
});

const use = (granted: number, utilisationMax: number, firstRefusalMs: number | null, lastRefusalMs: number | null) => ({
  id: "q",
  granted,
  refusedTokensPerMinute: granted / 10,
  refusedTokensPerDay: 1,
  refusedRequests: 2,
  overshootTokens: 5,
  utilisationMax,
  firstRefusalMs,
  lastRefusalMs,
});
const stats = (...uses: readonly ReturnType<typeof use>[]) =>
  uses.map((each) => ({ quotas: [each] }) as unknown as ReplicationStats);

test("counts add up over replications; the highest use and the first and last refusal stand", () => {
  assert.deepEqual(quotaSummaries(stats(use(100, 0.9, null, null), use(50, 1.2, 500, 900), use(10, 1, 300, 400))), [
    {
      id: "q",
      granted: 160,
      refusedTokensPerMinute: 16,
      refusedTokensPerDay: 3,
      refusedRequests: 6,
      overshootTokens: 15,
      utilisationMax: 1.2,
      firstRefusalMs: 300,
      lastRefusalMs: 900,
    },
  ]);
  assert.equal(quotaSummaries(stats(use(1, 0.1, null, null)))[0]!.firstRefusalMs, null);
});

test("hours and dollars of each reservation, averaged over replications", () => {
  const stats = [10, 12].map(
    (hours) =>
      ({
        reserved: [{ name: "r", usdPerHour: 2, hours, costFUsd: BigInt(hours * 2) * 10n ** 15n }],
      }) as unknown as ReplicationStats,
  );
  const [line] = reservedSummary(stats).reserved!;
  assert.deepEqual([line!.name, line!.usdPerHour, line!.hours.value, line!.usd.value], ["r", 2, 11, 22]);
  assert.deepEqual(reservedSummary([{ reserved: [] } as unknown as ReplicationStats]), {});
});

test("regions that the rule allows, and each target with the reason against it", () => {
  const plan = planOf(eventful());
  const { regions, targets } = residencySummary(plan, plan.classes[0]!);
  assert.deepEqual(regions, ["eu-west-1", "eu-central-1"]);
  assert.deepEqual(
    targets.map(({ target, legal }) => [target, legal]),
    [
      ["eu-west-1", true],
      ["eu-central-1", true],
      ["us-east-1", false],
      ["eu-west-1/pair", true],
    ],
  );
  for (const { legal, reason } of targets) assert.equal(reason === null, legal);
  assert.match(targets[2]!.reason!, /^eu: is called in us-east-1 \(US\)/);
});

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
