import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetrics, metricData, prometheusText } from "../../../emulator/monitoring/metrics.ts";
import { outcomeOf } from "../outcome.ts";

const START = Date.UTC(2026, 10, 21);
const metrics = createMetrics();
for (const [minute, latencyMs, region] of [
  [0, 100, "us-east-1"],
  [0, 300, "us-east-1"],
  [1, 50, "us-east-1"],
  [5, 70, "us-east-1"],
  [0, 9999, "eu-west-1"],
] as const) {
  metrics.add(outcomeOf({ timestampMs: START + minute * 60_000, latencyMs, region }));
}

function ask(stat: string, period: number, extra: object = {}, window: object = {}) {
  const metric = { Namespace: "AWS/Bedrock", MetricName: "InvocationLatency", ...extra };
  const query = { Id: "q", MetricStat: { Metric: metric, Period: period, Stat: stat } };
  const body = { MetricDataQueries: [query], ...window };
  return (
    metricData(body, "us-east-1", metrics.series()) as {
      MetricDataResults: { Timestamps: string[]; Values: number[] }[];
    }
  ).MetricDataResults[0]!;
}

describe("metricData", () => {
  it("answers newest first, by period", () => {
    assert.deepEqual(ask("Average", 60).Values, [70, 50, 200]);
    assert.deepEqual(ask("Average", 60).Timestamps.at(-1), "2026-11-21T00:00:00.000Z");
    assert.deepEqual(ask("Sum", 300).Values, [70, 450]);
    assert.deepEqual(
      [ask("Maximum", 300).Values, ask("Minimum", 300).Values, ask("SampleCount", 300).Values],
      [
        [70, 300],
        [70, 50],
        [1, 3],
      ],
    );
  });
  it("filters by time window and model", () => {
    const window = { StartTime: START / 1000 + 60, EndTime: "2026-11-21T00:02:00Z" };
    assert.deepEqual(ask("Sum", 60, {}, window).Values, [50]);
    assert.deepEqual(ask("Sum", 60, { Dimensions: [{ Name: "ModelId", Value: "other" }] }).Values, []);
  });
  it("refuses unknown statistics, periods and instants", () => {
    assert.throws(() => ask("p99", 60), { name: "ValidationException" });
    assert.throws(() => ask("constructor", 60), { name: "ValidationException" });
    assert.throws(() => ask("Sum", 90), { name: "ValidationException" });
    assert.throws(() => ask("Sum", 60, {}, { StartTime: "yesterday" }), { name: "ValidationException" });
  });
});

const sums = (outcomes: readonly ReturnType<typeof outcomeOf>[]) => {
  const metrics = createMetrics();
  for (const outcome of outcomes) metrics.add(outcome);
  return Object.fromEntries(metrics.series().map(({ name, total }) => [name, total.sum]));
};

describe("metrics", () => {
  it("count throttles neither as invocations nor as errors", () => {
    const found = sums([
      outcomeOf(),
      outcomeOf({ error: "ThrottlingException" }),
      outcomeOf({ error: "ServiceUnavailableException" }),
      outcomeOf({ error: "ValidationException" }),
    ]);
    assert.deepEqual(found, {
      Invocations: 1,
      InputTokenCount: 10,
      OutputTokenCount: 5,
      EstimatedTPMQuotaUsage: 35,
      InvocationLatency: 100,
      InvocationThrottles: 1,
      InvocationServerErrors: 1,
      InvocationClientErrors: 1,
    });
  });
  it("have the time to first token for streams only, and cache counts only if there are any", () => {
    const found = sums([outcomeOf({ operation: "ConverseStream", cacheReadTokens: 7 })]);
    assert.equal(found.TimeToFirstToken, 20);
    assert.equal(found.CacheReadInputTokens, 7);
  });
  it("keep acronyms together in Prometheus's names", () => {
    const metrics = createMetrics();
    metrics.add(outcomeOf());
    assert.match(prometheusText(metrics.series(), {}), /^bedrock_estimated_tpm_quota_usage_sum\{[^}]*\} 35$/m);
  });
  it("print as Prometheus text with escaped labels", () => {
    const metrics = createMetrics();
    metrics.add(outcomeOf({ modelId: 'a"b\\c\nd' }));
    const text = prometheusText(metrics.series(), { meridian_connections: 3 });
    assert.ok(text.includes('bedrock_invocation_latency_sum{region="us-east-1",model_id="a\\"b\\\\c\\nd"} 100\n'));
    assert.ok(text.includes("bedrock_invocations_count{"));
    assert.ok(text.endsWith("# TYPE meridian_connections gauge\nmeridian_connections 3\n"));
  });
  it("keep a day of minutes and no more", () => {
    const metrics = createMetrics();
    for (let minute = 0; minute < 1500; minute++) metrics.add(outcomeOf({ timestampMs: minute * 60_000 }));
    const series = metrics.series().find(({ name }) => name === "Invocations")!;
    assert.equal(series.minutes.size, 1440);
    assert.equal(series.minutes.has(59), false);
    assert.equal(series.total.count, 1500);
  });
});
