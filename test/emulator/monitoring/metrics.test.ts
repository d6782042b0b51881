import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createMetrics, prometheusText, Statistics } from "../../../emulator/monitoring/metrics.ts";
import { outcomeOf } from "../outcome.ts";

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
  it("print latencies and tokens as histograms", () => {
    const metrics = createMetrics();
    for (const latencyMs of [10, 11, 260, 400_000]) metrics.add(outcomeOf({ latencyMs }));
    const lines = prometheusText(metrics.series(), {}).split("\n");
    const counts = ["10", "25", "250", "500", "300000", "+Inf"].map((limit) =>
      Number(
        lines
          .find((line) => line.startsWith("bedrock_invocation_latency_bucket") && line.includes(`le="${limit}"`))
          ?.split(" ")[1],
      ),
    );
    assert.deepEqual(counts, [1, 2, 2, 3, 3, 4]);
    assert.ok(lines.includes("# TYPE bedrock_invocation_latency histogram"));
    assert.ok(lines.includes("# TYPE bedrock_invocations summary"));
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

function of(values: readonly number[]): Statistics {
  const statistics = new Statistics();
  for (const value of values) statistics.add(value);
  return statistics;
}

/** By sorting everything, with linear interpolation between the two nearest values. */
function exactQuantile(values: readonly number[], share: number): readonly [number, number] {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  return [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
}

describe("statistics of a period", () => {
  it("are exact for few values", () => {
    const few = of([5, 1, 3]);
    assert.deepEqual([few.count, few.sum, few.min, few.max], [3, 9, 1, 5]);
    assert.deepEqual([few.quantile(0), few.quantile(0.5), few.quantile(0.75), few.quantile(1)], [1, 3, 4, 5]);
    assert.deepEqual([few.countUpTo(0), few.countUpTo(1), few.countUpTo(4.9)], [0, 1, 2]);
    assert.ok(Number.isNaN(of([]).quantile(0.5)));
  });
  it("have percentiles within 0.5 % for many values", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.double({ min: 0.01, max: 1e6, noNaN: true }), fc.constant(0)), {
          minLength: 257,
          maxLength: 900,
        }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const [low, high] = exactQuantile(values, share);
          const found = of(values).quantile(share);
          assert.ok(found >= low * 0.995 - 1e-9 && found <= high * 1.005 + 1e-9, `${found} not in ${low}..${high}`);
        },
      ),
      { numRuns: 50 },
    );
  });
  it("add up over periods as if they were one", () => {
    const all = Array.from({ length: 600 }, (_, index) => index + 1);
    const parts = of(all.slice(0, 100));
    parts.addAll(of(all.slice(100)));
    assert.deepEqual([parts.count, parts.sum, parts.max], [600, 180_300, 600]);
    for (const share of [0.5, 0.95, 0.99]) assert.ok(Math.abs(parts.quantile(share) / (1 + share * 599) - 1) < 0.01);
  });
});
