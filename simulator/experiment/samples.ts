/** The values of single replications, by strategy, class and region: what later comparisons of runs are made from. */
import { END } from "../client/request-rules.ts";
import { FIELD } from "../engine/recorder.ts";
import type { BillingRule } from "../service/pricing/prices.ts";
import { billUsd, quantileOrNull, usdPer1kServed } from "./groups.ts";
import type { GroupStats, ReplicationStats } from "./replication-stats.ts";
import { type GroupSamples, SAMPLE_METRICS, type SampleMetric } from "./result.ts";

/**
 * All samples of one strategy.
 *
 * @param stats one for each replication, in order
 * @param names classes and regions in the order of the stats' groups
 */
export function samplesOf(
  stats: readonly ReplicationStats[],
  names: { readonly classes: readonly string[]; readonly regions: readonly string[] },
  billing: BillingRule,
): readonly GroupSamples[] {
  const group = (scope: GroupSamples["scope"], name: string, pick: (one: ReplicationStats) => GroupStats) => ({
    scope,
    name,
    values: valuesOf(
      stats.map((one) => [pick(one), one.total] as const),
      billing,
    ),
  });
  return [
    group("total", "", (one) => one.total),
    ...names.classes.map((name, c) => group("class", name, (one) => one.byClass[c]!)),
    ...names.regions.map((name, r) => group("region", name, (one) => one.byRegion[r]!)),
  ];
}

function valuesOf(
  pairs: readonly (readonly [group: GroupStats, total: GroupStats])[],
  billing: BillingRule,
): GroupSamples["values"] {
  const values: Partial<Record<SampleMetric, readonly (number | null)[]>> = {};
  for (const metric of SAMPLE_METRICS) {
    values[metric] = pairs.map(([group, total]) => sampleOf(metric, group, { total, billing }));
  }
  return values as GroupSamples["values"];
}

function sampleOf(
  metric: SampleMetric,
  group: GroupStats,
  { total, billing }: { readonly total: GroupStats; readonly billing: BillingRule },
): number | null {
  const { fields, e2e, ttft, wait } = group;
  const sent = fields[FIELD.sent]!;
  const share = (part: number, whole: number) => (whole > 0 ? part / whole : null);
  switch (metric) {
    case "e2eMsMean":
      return e2e.count > 0 ? e2e.mean : null;
    case "e2eMsP50":
      return quantileOrNull(e2e, "p50");
    case "e2eMsP95":
      return quantileOrNull(e2e, "p95");
    case "e2eMsP99":
      return quantileOrNull(e2e, "p99");
    case "ttftMsP50":
      return quantileOrNull(ttft, "p50");
    case "ttftMsP95":
      return quantileOrNull(ttft, "p95");
    case "ttftMsP99":
      return quantileOrNull(ttft, "p99");
    case "waitMsP95":
      return quantileOrNull(wait, "p95");
    case "goodputShare":
      return share(fields[FIELD.withinObjective]!, fields[FIELD.withObjective]!);
    case "throttledAttemptShare":
      return share(fields[FIELD.attemptsThrottled]!, fields[FIELD.attempts]!);
    case "failedShare":
      return share(sent - fields[END.served]!, sent);
    case "retriedShare":
      return share(fields[FIELD.retried]!, sent);
    case "trafficShare":
      return share(sent, total.fields[FIELD.sent]!);
    case "usdPer1kServed":
      return usdPer1kServed(group, billing);
    case "billUsd":
      return billUsd(group, billing);
  }
}
