import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { metricData, metricStatistics } from "../../../emulator/monitoring/metric-queries.ts";
import { createMetrics } from "../../../emulator/monitoring/metrics.ts";
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
  it("answers with percentiles", () => {
    assert.deepEqual(ask("p50", 300).Values, [70, 100]);
    assert.deepEqual(ask("p99.9", 300).Values.at(-1)?.toFixed(1), "299.6");
    assert.deepEqual(ask("p100", 300).Values, [70, 300]);
  });
  it("filters by time window and model", () => {
    const window = { StartTime: START / 1000 + 60, EndTime: "2026-11-21T00:02:00Z" };
    assert.deepEqual(ask("Sum", 60, {}, window).Values, [50]);
    assert.deepEqual(ask("Sum", 60, { Dimensions: [{ Name: "ModelId", Value: "other" }] }).Values, []);
  });
  it("refuses unknown statistics, periods and instants", () => {
    for (const stat of ["p101", "p", "p-1", "q50"]) assert.throws(() => ask(stat, 60), { name: "ValidationException" });
    assert.throws(() => ask("constructor", 60), { name: "ValidationException" });
    assert.throws(() => ask("Sum", 90), { name: "ValidationException" });
    assert.throws(() => ask("Sum", 60, {}, { StartTime: "yesterday" }), { name: "ValidationException" });
  });
});

describe("metricStatistics", () => {
  const asked = (rest: object) =>
    metricStatistics({ MetricName: "InvocationLatency", Period: 300, ...rest }, "us-east-1", metrics.series()) as {
      Label: string;
      Datapoints: object[];
    };
  it("answers with all statistics of a period", () => {
    const { Label, Datapoints } = asked({ Statistics: ["Sum", "SampleCount"], ExtendedStatistics: ["p50", "p90"] });
    assert.equal(Label, "InvocationLatency");
    assert.deepEqual(Datapoints[0], {
      Timestamp: "2026-11-21T00:00:00.000Z",
      Sum: 450,
      SampleCount: 3,
      ExtendedStatistics: { p50: 100, p90: 260 },
      Unit: "Milliseconds",
    });
  });
  it("refuses a question without statistics, and unknown ones", () => {
    assert.throws(() => asked({}), { name: "ValidationException" });
    assert.throws(() => asked({ Statistics: ["Median"] }), { name: "ValidationException" });
  });
});
