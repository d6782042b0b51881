/** The groups of requests that two runs have in common, and what the runs say of a metric of a group. */
import { type Estimate, tInterval } from "../base/statistics.ts";
import type { GroupResult, GroupSamples, RunResult, SampleMetric, StrategyResult } from "../experiment/result.ts";

/** A group of requests, and which of its metrics are shown unless others are asked for. */
export interface GroupKey {
  readonly scope: GroupSamples["scope"] | "tag";
  /** Class, region, or `team=search`; empty for the total. */
  readonly name: string;
  /** Of a tag: the classes that have it in both runs. */
  readonly classes?: readonly string[];
  readonly metrics: readonly SampleMetric[];
}

const SERVICE: readonly SampleMetric[] = ["failedShare", "throttledAttemptShare"];
const LATENCIES: readonly SampleMetric[] = ["e2eMsP95", "ttftMsP95"];

/**
 * Groups of both runs. A total over classes has no latency and no share within objectives: it would mix unlike
 * objectives; with one class the total is the class.
 */
export function groupKeys(
  a: RunResult,
  b: RunResult,
  { byRegion = false, byTag = false }: { readonly byRegion?: boolean; readonly byTag?: boolean },
): readonly GroupKey[] {
  const both = (names: readonly string[], others: readonly string[]) => names.filter((name) => others.includes(name));
  const namesOf = ({ classes }: RunResult) => classes.map(({ name }) => name);
  const classes = both(namesOf(a), namesOf(b));
  const isOneClass = a.classes.length === 1 && b.classes.length === 1 && classes.length === 1;
  const keys: GroupKey[] = isOneClass
    ? [{ scope: "total", name: "", metrics: [...SERVICE, "goodputShare", "usdPer1kServed", ...LATENCIES] }]
    : [{ scope: "total", name: "", metrics: [...SERVICE, "usdPer1kServed"] }];
  if (!isOneClass) {
    const prompt = promptClasses(a);
    for (const name of classes) {
      const latencies = prompt.includes(name) ? LATENCIES : [];
      keys.push({ scope: "class", name, metrics: [...SERVICE, "goodputShare", "usdPer1kServed", ...latencies] });
    }
  }
  if (byRegion) {
    for (const name of both(a.regions, b.regions)) {
      keys.push({ scope: "region", name, metrics: ["trafficShare", ...SERVICE, "usdPer1kServed", ...LATENCIES] });
    }
  }
  return byTag ? [...keys, ...tagKeys(a, b)] : keys;
}

/** Classes whose latency matters: deferrable ones only where there is nothing else. */
export function promptClasses({ classes }: Pick<RunResult, "classes">): readonly string[] {
  const prompt = classes.filter(({ deferrable }) => deferrable !== true);
  return (prompt.length > 0 ? prompt : classes).map(({ name }) => name);
}

/** What adds up over classes: the bill, and shares of requests. */
const OF_TAGS: readonly SampleMetric[] = ["trafficShare", "failedShare", "billUsd"];

function tagKeys(a: RunResult, b: RunResult): readonly GroupKey[] {
  const taggedIn = ({ classes }: RunResult) =>
    new Set(
      classes.flatMap(({ name, tags }) => Object.entries(tags).map(([key, value]) => `${name}\n${key}=${value}`)),
    );
  const others = taggedIn(b);
  const byTag = new Map<string, string[]>();
  for (const each of taggedIn(a)) {
    const [name, tag] = each.split("\n") as [string, string];
    if (others.has(each)) byTag.set(tag, [...(byTag.get(tag) ?? []), name]);
  }
  return [...byTag].sort().map(([name, classes]) => ({ scope: "tag", name, classes, metrics: OF_TAGS }));
}

/** One metric of one group. */
export interface GroupMetric {
  readonly scope: GroupKey["scope"];
  readonly name: string;
  readonly metric: SampleMetric;
}

/** Groups with other metrics than the usual ones, and with more: each metric once, the usual ones first. */
export function withMetrics(
  keys: readonly GroupKey[],
  metrics: readonly SampleMetric[] | undefined,
  also: readonly GroupMetric[],
): readonly GroupKey[] {
  const isOf = (key: Pick<GroupKey, "scope" | "name">) => (one: Pick<GroupKey, "scope" | "name">) =>
    one.scope === key.scope && one.name === key.name;
  const more = also.filter((one, i) => !keys.some(isOf(one)) && also.findIndex(isOf(one)) === i);
  const all = [...keys, ...more.map(({ scope, name }): GroupKey => ({ scope, name, metrics: [] }))];
  return all.map((key) => {
    const own = keys.includes(key) ? (metrics ?? key.metrics) : [];
    return { ...key, metrics: [...new Set([...own, ...also.filter(isOf(key)).map(({ metric }) => metric)])] };
  });
}

/** Values of single replications, where the result has kept them. */
export function valuesOf(
  strategy: StrategyResult,
  { scope, name, classes }: GroupKey,
  metric: SampleMetric,
): readonly (number | null)[] | undefined {
  if (scope === "tag") return tagValues(strategy, classes ?? [], metric);
  return strategy.samples?.find((each) => each.scope === scope && each.name === name)?.values[metric];
}

/** Sums over classes; shares of requests are weighted by the requests of each. */
function tagValues(
  { samples = [] }: StrategyResult,
  classes: readonly string[],
  metric: SampleMetric,
): readonly (number | null)[] | undefined {
  const own = samples.filter(({ scope, name }) => scope === "class" && classes.includes(name));
  if (own.length < classes.length || !OF_TAGS.includes(metric)) return undefined;
  const weighted = metric === "failedShare";
  return own[0]!.values[metric].map((_, r) => {
    let [sum, weight] = [0, 0];
    for (const { values } of own) {
      const traffic = values.trafficShare[r] ?? 0;
      sum += (values[metric][r] ?? 0) * (weighted ? traffic : 1);
      weight += traffic;
    }
    return weighted ? (weight === 0 ? null : sum / weight) : sum;
  });
}

/** What a run says of a metric: the mean over its replications; undefined where it has no such group. */
export function groupEstimate(
  result: RunResult,
  strategy: StrategyResult,
  key: GroupKey,
  metric: SampleMetric,
): Estimate | undefined {
  const values = valuesOf(strategy, key, metric);
  if (values !== undefined) return tInterval(values);
  const group = key.scope === "tag" ? undefined : groupOf(strategy, key);
  return group === undefined ? undefined : estimateOf(group, metric, result);
}

function groupOf(strategy: StrategyResult, { scope, name }: GroupKey): GroupResult | undefined {
  if (scope === "total") return strategy.total;
  return (scope === "class" ? strategy.byClass : strategy.byRegion).find((each) => each.name === name);
}

/** A metric as the result's groups have it. */
export function estimateOf(
  group: GroupResult,
  metric: SampleMetric,
  { billing }: Pick<RunResult, "billing">,
): Estimate {
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
    case "usdPer1kServed":
      return group.cost[billing].usdPer1kServed;
    case "billUsd":
      return group.cost[billing].totalUsd;
    default:
      return group[metric];
  }
}
