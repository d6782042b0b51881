import type { Estimate } from "../../simulator/base/statistics.ts";
import type { Counts, GroupResult, StrategyResult } from "../../simulator/experiment/result.ts";

/** mean p50 E2E ms, tail factor p95/p50, throttled share, price factor, strength of the day's swing. */
const CHARACTER: readonly (readonly [number, number, number, number, number])[] = [
  [2900, 3.1, 0.12, 1.0, 0.9],
  [2600, 2.5, 0.021, 1.012, 0.25],
  [2700, 2.7, 0.06, 1.004, 0.5],
  [2720, 2.75, 0.05, 0.997, 0.6],
  [2350, 2.15, 0.008, 1.01, 0.2],
  [2370, 2.2, 0.009, 1.011, 0.2],
  [3250, 3.4, 0.14, 0.868, 0.8],
  [2650, 2.3, 0.03, 0.912, 0.35],
];
const T_975 = [0, 12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.262];

/** What all strategies of a fixture share. */
export interface World {
  readonly regions: readonly string[];
  readonly classes: readonly string[];
  readonly hours: number;
  readonly n: number;
  readonly nothingServed: boolean;
}

/** Uniform in [-1, 1), a hash of the purpose. */
function noise(...purpose: readonly (string | number)[]): number {
  let hash = 2166136261;
  const text = purpose.join("\u0000");
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i)!;
    hash = Math.imul(hash ^ code, 16777619);
    if (code > 0xffff) i++;
  }
  hash = Math.imul(hash ^ (hash >>> 15), 2246822519);
  hash = Math.imul(hash ^ (hash >>> 13), 3266489917);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 31 - 1;
}

export function estimateOf(values: readonly (number | null)[]): Estimate {
  const known = values.filter((value) => value !== null);
  const n = known.length;
  if (n === 0) return { value: null, low: null, high: null, n };
  const mean = known.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { value: mean, low: null, high: null, n };
  const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = (T_975[n - 1] ?? 2) * Math.sqrt(variance / n);
  return { value: mean, low: mean - half, high: mean + half, n };
}

/** Values of one quantity over the replications: noise shared by all strategies (common random numbers), and some of its own. */
function draws(world: World, center: number, spread: number, ...purpose: readonly (string | number)[]): number[] {
  return Array.from({ length: world.n }, (_, replication) => {
    const shared = noise("shared", purpose[0] ?? "", replication);
    return Math.max(0, center * (1 + spread * (0.8 * shared + 0.4 * noise(replication, ...purpose))));
  });
}

function latency(world: World, p50Ms: number, tail: number, count: number, key: string, name: string) {
  const at = (factor: number, spread: number, quantile: string) =>
    estimateOf(world.nothingServed || count === 0 ? [] : draws(world, p50Ms * factor, spread, key + quantile, name));
  return {
    mean: at(1.3, 0.03, "mean"),
    p50: at(1, 0.02, "p50"),
    p95: at(tail, 0.05, "p95"),
    p99: at(tail * 1.8, 0.1, "p99"),
    max: world.nothingServed || count === 0 ? null : p50Ms * tail * 4,
    count: world.nothingServed ? 0 : count,
  };
}

interface GroupShape {
  readonly key: string;
  readonly sent: number;
  readonly share: number;
  readonly load: number;
}

function groupOf(world: World, name: string, index: number, shape: GroupShape): GroupResult {
  const [p50Ms, tail, throttled, priceFactor, swing] = CHARACTER[index % CHARACTER.length]!;
  const load = 1 + swing * (shape.load - 1);
  const throttledShare = Math.min(0.9, throttled * load ** 3);
  const failed = world.nothingServed ? 1 : throttledShare / 6;
  const served = Math.round(shape.sent * (1 - failed));
  const attempts = Math.round(shape.sent * (1 + throttledShare));
  const counts: Counts = {
    sent: shape.sent,
    served,
    throttled: shape.sent - served,
    refused: 0,
    timedOut: 0,
    abandoned: 0,
    failed: 0,
    residencyViolations: 0,
    residencyRefused: 0,
    inFlight: 0,
    attempts,
    attemptsThrottled: Math.round(attempts * throttledShare),
    attemptsUnavailable: 0,
    attemptsTimedOut: 0,
    retried: attempts - shape.sent,
    waited: Math.round(served / 5),
    inputTokens: shape.sent * 1200,
    outputTokens: served * 210,
  };
  const share = (center: number, what: string) =>
    estimateOf(draws(world, center, 0.08, what + shape.key, name).map((value) => Math.min(1, value)));
  return {
    counts,
    e2eMs: latency(world, p50Ms * load, tail, served, `e2e${shape.key}`, name),
    ttftMs: latency(world, p50Ms * 0.22 * load, tail * 0.9, served, `ttft${shape.key}`, name),
    queueWaitMs: latency(world, p50Ms * 0.05 * load, tail * 2, served, `wait${shape.key}`, name),
    throttledAttemptShare: share(throttledShare, "throttled"),
    unavailableAttemptShare: share(0, "unavailable"),
    timedOutAttemptShare: share(0, "timed out"),
    failedShare: share(failed, "failed"),
    retriedShare: share(throttledShare * 0.9, "retried"),
    attemptsPerRequest: estimateOf(draws(world, 1 + throttledShare, 0.01, `attempts${shape.key}`, name)),
    waitedShare: share(0.2, "waited"),
    goodputShare: share(world.nothingServed ? 0 : 0.93, "goodput"),
    trafficShare: estimateOf(draws(world, shape.share, shape.share === 1 ? 0 : 0.01, `traffic${shape.key}`, name)),
    cost: {
      source: costOf(world, name, shape, { served, factor: priceFactor, feeUsd: 0, index, rule: "source" }),
      destination: costOf(world, name, shape, {
        served,
        factor: priceFactor * 1.01,
        feeUsd: 0,
        index,
        rule: "destination",
      }),
      "lowest-cost": costOf(world, name, shape, {
        served,
        factor: priceFactor * 0.97,
        feeUsd: served * 2e-5,
        index,
        rule: "lowest",
      }),
    },
  };
}

function costOf(
  world: World,
  name: string,
  shape: GroupShape,
  how: {
    readonly served: number;
    readonly factor: number;
    readonly feeUsd: number;
    readonly index: number;
    readonly rule: string;
  },
) {
  const per1k = world.nothingServed ? [] : draws(world, 6.75 * how.factor, 0.01, `usd${how.rule}${shape.key}`, name);
  return {
    totalUsd: estimateOf(per1k.map((value) => (value * how.served) / 1000 / Math.max(1, world.n))),
    usdPer1kServed: estimateOf(per1k),
    routingFeeUsd: estimateOf(Array.from({ length: world.n }, () => how.feeUsd)),
    savingShare:
      how.index === 0
        ? null
        : estimateOf(draws(world, 1, 0.006, `saving${how.rule}`, name).map((one) => one - how.factor)),
  };
}

export function strategyOf(world: World, name: string, index: number, unstable: boolean): StrategyResult {
  const loadAt = (hour: number) => 1 + 0.55 * Math.sin((2 * Math.PI * (hour - 9)) / 24);
  const sentAt = (hour: number) => Math.round(7200 * loadAt(hour) * (world.n / 10));
  const sent = Array.from({ length: world.hours }, (_, hour) => sentAt(hour)).reduce((sum, one) => sum + one, 0);
  const weight = regionWeights(world, index);
  const group = (key: string, share: number, load = 1) =>
    groupOf(world, name, index, { key, sent: Math.round(sent * share), share, load });
  const total = group("total", 1, 1.08);
  const tail = CHARACTER[index % CHARACTER.length]!;
  return {
    name,
    kind: name.replace(/-\d.*|-us-.*/, ""),
    options: index === 0 ? { region: world.regions[0] } : {},
    status: unstable ? "unstable" : "ok",
    statusReason: unstable ? "the backlog grew by 3.1 requests/s until the end" : null,
    total,
    byClass: world.classes.map((name, at) => ({
      name,
      ...group(`class-${name}`, [0.6, 0.3, 0.1][at] ?? 0.1, 1 + at / 10),
    })),
    byRegion: world.regions.map((region, at) => ({
      name: region,
      ...group(`region-${region}`, weight[at]!, 1 + at / 20),
    })),
    byHour: Array.from({ length: world.hours }, (_, hour) => ({
      hour,
      startsAt: new Date(Date.parse("2026-05-04T00:00:00Z") + hour * 3_600_000).toISOString(),
      ...groupOf(world, name, index, {
        key: `hour-${hour}`,
        sent: sentAt(hour),
        share: sentAt(hour) / sent,
        load: loadAt(hour),
      }),
    })),
    quotas: [],
    byRegionHour: world.regions.flatMap((region, at) =>
      Array.from({ length: world.hours }, (_, hour) => {
        const attempts = Math.round(sentAt(hour) * weight[at]!);
        const share = Math.min(0.7, Math.max(0, tail[2] * loadAt(hour) ** 4 * (1 + 0.4 * noise(name, region, hour))));
        const attemptsThrottled = Math.round(attempts * share);
        return {
          region,
          hour,
          attempts,
          attemptsThrottled,
          attemptsUnavailable: 0,
          served: attempts - attemptsThrottled,
        };
      }),
    ),
    e2eDistribution: world.nothingServed ? [] : distribution(tail[0], tail[1]),
    ttftDistribution: world.nothingServed ? [] : distribution(tail[0] * 0.22, tail[1] * 0.9),
    meanInSystem: estimateOf(draws(world, 12, 0.05, "system", name)),
    replications: replicationsOf(world, name, total, index),
  };
}

function regionWeights(world: World, index: number): number[] {
  if (index === 0) return world.regions.map((_, at) => (at === 0 ? 1 : 0));
  const raw = world.regions.map((_, at) => (index === 1 ? 1 : 1 + 0.9 * noise("weight", index, at)));
  const sum = raw.reduce((total, one) => total + one, 0);
  return raw.map((one) => one / sum);
}

/** Log-logistic: a median, a 95th percentile, a heavy tail. */
function distribution(p50Ms: number, tail: number) {
  const shape = Math.log(19) / Math.log(tail);
  return Array.from({ length: 120 }, (_, at) => {
    const share = 1 - 10 ** (-at / 20);
    return { share, ms: share === 0 ? p50Ms / 8 : p50Ms * (share / (1 - share)) ** (1 / shape) };
  });
}

function replicationsOf(world: World, name: string, total: GroupResult, index: number) {
  const [p50Ms, tail, throttled, priceFactor] = CHARACTER[index % CHARACTER.length]!;
  const load = 1 + CHARACTER[index % CHARACTER.length]![4] * 0.08;
  const p95 = draws(world, p50Ms * load * tail, 0.05, "e2etotalp95", name);
  const usd = draws(world, 6.75 * priceFactor, 0.01, "usdsourcetotal", name);
  return Array.from({ length: world.n }, (_, replication) => {
    const none = world.nothingServed;
    const per1k = none ? null : usd[replication]!;
    return {
      replication,
      e2eMsP50: none ? null : p50Ms,
      e2eMsP95: none ? null : p95[replication]!,
      e2eMsP99: none ? null : p95[replication]! * 1.8,
      ttftMsP95: none ? null : p95[replication]! * 0.2,
      throttledAttemptShare: throttled * load ** 3 * (1 + 0.08 * noise("rep", name, replication)),
      failedShare: none ? 1 : throttled / 6,
      billUsd: { source: "120.5", destination: "121.25", "lowest-cost": "118" },
      usdPer1kServed: {
        source: per1k,
        destination: per1k === null ? null : per1k * 1.01,
        "lowest-cost": per1k === null ? null : per1k * 0.97,
      },
      byClass: world.classes.map((each, at) => ({
        name: each,
        e2eMsP95: none ? null : p95[replication]! * (1 + at / 10),
        ttftMsP95: none ? null : p95[replication]! * 0.2,
        failedShare: none ? 1 : throttled / 6,
        goodputShare: none ? 0 : 0.93,
        usdPer1kServed: per1k,
      })),
    };
  }).map((point) => ({ ...point, failedShare: total.counts.sent === 0 ? null : point.failedShare }));
}
