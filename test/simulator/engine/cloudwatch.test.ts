import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { quantileSorted } from "../../../simulator/base/statistics.ts";
import type { AuditAttempt } from "../../../simulator/engine/audit.ts";
import { HAIKU, planOf } from "../scenario/base.ts";
import { eventful, watch } from "./watched.ts";

// Without a network the service's time of a call is what the audit shows: from sent to ended.
const base = eventful();
const plan = planOf({ ...base, world: { ...base.world, network: { roundTrips: "none", jitter: "none" } } } as never);
const { records, cloudwatch } = watch(plan);
const attempts = records.flatMap((record) => record.attempts).filter((attempt) => attempt.outcome !== "inFlight");

/** The series by label, and within it values by minute. */
const series = new Map(
  cloudwatch.MetricDataResults.map((one) => [
    one.Label,
    new Map(one.Timestamps.map((at, index) => [at, one.Values[index]!])),
  ]),
);

/** The same from the audit: attempts by source region and called id, then by minute of their end. */
function fromAudit(region: string, calledId: string): Map<string, AuditAttempt[]> {
  const minutes = new Map<string, AuditAttempt[]>();
  for (const attempt of attempts) {
    const called = attempt.route === "regional" ? HAIKU : attempt.route;
    if (attempt.sourceRegion !== region || called !== calledId) continue;
    const minute = `${attempt.endedAt.slice(0, 16)}:00Z`;
    minutes.set(minute, [...(minutes.get(minute) ?? []), attempt]);
  }
  return minutes;
}

const GROUPS = [
  ["eu-west-1", HAIKU],
  ["eu-central-1", HAIKU],
  ["us-east-1", HAIKU],
  ["eu-west-1", "pair"],
] as const;
const isOk = (attempt: AuditAttempt) => attempt.outcome === "ok";
const SUMS: Readonly<Record<string, (attempt: AuditAttempt) => number>> = {
  Invocations: (each) => (isOk(each) ? 1 : 0),
  InvocationThrottles: (each) => (each.outcome === "throttled" ? 1 : 0),
  InvocationClientErrors: (each) => (each.outcome === "abandoned" ? 1 : 0),
  InvocationServerErrors: (each) =>
    ["unavailable", "error"].includes(each.outcome) && each.destinationRegion !== null ? 1 : 0,
  InputTokenCount: (each) => each.tokens.input,
  OutputTokenCount: (each) => each.tokens.output,
  CacheReadInputTokens: (each) => each.tokens.cacheRead,
  CacheWriteInputTokens: (each) => each.tokens.cacheWrite,
  // Burndown 3; cache reads are free of quota (Bedrock User Guide, "How tokens are counted").
  EstimatedTPMQuotaUsage: (each) => each.tokens.input + each.tokens.cacheWrite + 3 * each.tokens.output,
};

describe("CloudWatch series of a run", () => {
  it("one series per source region, called id, metric and statistic", () => {
    const statistics = Object.keys(SUMS).length + 2 * 4;
    assert.equal(cloudwatch.MetricDataResults.length, GROUPS.length * statistics);
    assert.equal(new Set(cloudwatch.MetricDataResults.map((one) => one.Id)).size, series.size);
    assert.deepEqual(
      new Set([...series.keys()].map((label) => label.split("|").slice(0, 2).join("|"))),
      new Set(GROUPS.map((group) => group.join("|"))),
    );
  });

  for (const [metric, of] of Object.entries(SUMS)) {
    it(`${metric}: sums by minute as the audit has them, no point where there is nothing`, () => {
      let points = 0;
      for (const [region, calledId] of GROUPS) {
        const expected = new Map<string, number>();
        for (const [minute, members] of fromAudit(region, calledId)) {
          const sum = members.reduce((total, each) => total + of(each), 0);
          if (sum > 0) expected.set(minute, sum);
        }
        points += expected.size;
        const found = series.get(`${region}|${calledId}|${metric}|Sum`)!;
        assert.deepEqual(new Map([...found].sort()), new Map([...expected].sort()), `${region} ${calledId}`);
      }
      assert.ok(points > 10, "the run has something of it");
    });
  }

  it("InvocationLatency: mean and percentiles of the minute's calls", () => {
    for (const [region, calledId] of GROUPS) {
      for (const [minute, members] of fromAudit(region, calledId)) {
        const ms = members
          .filter(isOk)
          .map((each) => Date.parse(each.endedAt) - Date.parse(each.sentAt))
          .sort((a, b) => a - b);
        const value = (statistic: string) =>
          series.get(`${region}|${calledId}|InvocationLatency|${statistic}`)!.get(minute);
        if (ms.length === 0) {
          assert.equal(value("Average"), undefined);
          continue;
        }
        // Instants of the audit are cut to the millisecond.
        const isNear = (found: number | undefined, expected: number) => Math.abs(found! - expected) <= 1;
        assert.ok(isNear(value("Average"), ms.reduce((sum, each) => sum + each, 0) / ms.length));
        for (const p of [50, 95, 99]) {
          const rank = ((ms.length - 1) * p) / 100;
          const [low, high] = [ms[Math.floor(rank)]!, ms[Math.ceil(rank)]!];
          assert.ok(isNear(value(`p${p}`), low + (high - low) * (rank % 1)), `p${p} ${minute}`);
        }
      }
    }
  });

  it("TimeToFirstToken: earlier than the answer by 2 ms for each output token but what the law of service took", () => {
    for (const [region, calledId] of GROUPS) {
      const first = series.get(`${region}|${calledId}|TimeToFirstToken|Average`)!;
      const whole = series.get(`${region}|${calledId}|InvocationLatency|Average`)!;
      const tokens = series.get(`${region}|${calledId}|OutputTokenCount|Sum`)!;
      const calls = series.get(`${region}|${calledId}|Invocations|Sum`)!;
      for (const [minute, ms] of first) {
        const meanOutput = tokens.get(minute)! / calls.get(minute)!;
        const decodeMs = whole.get(minute)! - ms;
        assert.ok(Math.abs(decodeMs - 2 * meanOutput) <= 2.001, `${decodeMs} ms for ${meanOutput} tokens`);
      }
    }
  });

  it("newest first, whole minutes of UTC, and each id says what it stands for", () => {
    for (const one of cloudwatch.MetricDataResults) {
      assert.equal(one.Timestamps.length, one.Values.length);
      assert.equal(one.StatusCode, "Complete");
      assert.deepEqual(one.Timestamps, one.Timestamps.toSorted().toReversed());
      for (const at of one.Timestamps) assert.match(at, /^2026-05-04T1\d:\d\d:00Z$/);
    }
    cloudwatch.MetricDataQueries.forEach(({ Id, Region, MetricStat }, at) => {
      const { Namespace, MetricName, Dimensions } = MetricStat.Metric;
      assert.equal(Namespace, "AWS/Bedrock");
      assert.equal(Id, cloudwatch.MetricDataResults[at]!.Id);
      const label = `${Region}|${Dimensions[0]!.Value}|${MetricName}|${MetricStat.Stat}`;
      assert.equal(label, cloudwatch.MetricDataResults[at]!.Label);
    });
  });

  it("percentiles are linear between ranks", () => {
    assert.equal(quantileSorted(Float64Array.of(7), 0.99), 7);
    assert.equal(quantileSorted(Float64Array.of(0, 10), 0.5), 5);
    assert.equal(
      quantileSorted(
        Float64Array.from({ length: 101 }, (_, i) => i),
        0.95,
      ),
      95,
    );
  });
});
