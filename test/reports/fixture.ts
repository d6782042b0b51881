import type {
  ComparedMetric,
  Comparison,
  Estimate,
  RunResult,
  StrategyResult,
} from "../../simulator/experiment/result.ts";
import { estimateOf, strategyOf, type World } from "./fixture-strategy.ts";

/**
 * Plausible run records for the tests of reports: not simulated, but with the shapes, sizes and relations of a real
 * one. Deterministic: every "random" number is a hash of what it is for.
 */
export interface FixtureOptions {
  readonly strategies?: readonly string[];
  readonly regions?: readonly string[];
  readonly classes?: readonly string[];
  readonly hours?: number;
  readonly replications?: number;
  readonly unstable?: readonly string[];
  /** Nothing is served: the outage of everything. */
  readonly nothingServed?: boolean;
}

export const STRATEGIES = [
  "single-us-east-1",
  "round-robin",
  "weighted-60-40",
  "priority",
  "least-outstanding",
  "power-of-two",
  "cheapest",
  "cheapest-within-4s",
] as const;
export const REGIONS = ["us-east-1", "us-west-2", "eu-west-1", "ap-southeast-1", "ap-northeast-1"] as const;
export const HOSTILE = [
  "<script>alert(1)</script>",
  "=cmd()|' /C calc'!A0",
  "]]>\"'&\u0007\u001b[31m|`x`",
  "a\nb @you",
];

const built = new Map<string, RunResult>();

/** The same options give the same record, which is built once and cannot be changed: tests change copies of it. */
export function fixture(options: FixtureOptions = {}): RunResult {
  const key = JSON.stringify(options);
  const known = built.get(key) ?? frozen(build(options));
  built.set(key, known);
  return known;
}

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

function build(options: FixtureOptions): RunResult {
  const names = options.strategies ?? STRATEGIES;
  const regions = options.regions ?? REGIONS;
  const classes = options.classes ?? ["chat", "code", "batch"];
  const n = options.replications ?? 10;
  const world: World = {
    regions,
    classes,
    hours: options.hours ?? 24,
    n,
    nothingServed: options.nothingServed ?? false,
  };
  const strategies = names.map((name, index) =>
    strategyOf(world, name, index, options.unstable?.includes(name) ?? false),
  );
  return {
    schemaVersion: 1,
    kind: "simulated",
    scenario: { name: "five-regions", description: "A day over five regions.", sha256: "a".repeat(64) },
    versions: { meridian: "0.1.0" },
    seed: 42,
    replications: { asked: n, done: n },
    startsAt: "2026-05-04T00:00:00.000Z",
    durationMs: world.hours * 3_600_000,
    warmup: { kind: "duration", removed: "10 min" },
    billing: "source",
    classes: classes.map((name, index) => ({
      name,
      model: "sonnet",
      tags: { team: `team-${index}` },
      sloE2eMs: index === 0 ? 8000 : null,
      sloTtftMs: index === 0 ? 2000 : null,
      residency: index === 1 ? "eu" : null,
    })),
    regions: [...regions],
    targets: [...regions],
    traces: [{ name: "azure-conv-2023", sha256: "b".repeat(64), attribution: "Azure LLM inference trace 2023, CC-BY" }],
    baseline: names[0]!,
    strategies,
    comparisons: strategies.slice(1).flatMap((one) => comparisonsOf(strategies[0]!, one, n)),
    prices: regions.map((region, index) => ({
      region,
      factor: Array.from(
        { length: world.hours },
        (_, hour) => 1 + 0.155 * Math.sin((2 * Math.PI * (hour + index * 5)) / 24),
      ),
      inputUsdPerMTok: 3,
      outputUsdPerMTok: 15,
    })),
    verdict: "Read the comparison before the verdict: this one was written by hand.",
    notes: [
      "Warm-up of 10 min removed from every replication.",
      "Quota window: token bucket; the law is not published.",
    ],
    assertions: [
      { text: "p95(e2e, class=chat) < 8s", passed: true, found: "7.1 s" },
      { text: "saving(cheapest, single-us-east-1) > 20%", passed: false, found: "13.2 %" },
    ],
  };
}

const METRICS: readonly ComparedMetric[] = [
  "e2eMsP95",
  "ttftMsP95",
  "throttledAttemptShare",
  "failedShare",
  "usdPer1kServed",
];

/** The multiplier 3.69/2.262 is Student's t at 1 - 0.05/14 over t at 0.975, 9 degrees of freedom: Bonferroni for 7. */
function comparisonsOf(baseline: StrategyResult, strategy: StrategyResult, n: number): Comparison[] {
  const metricAt = (one: StrategyResult, metric: ComparedMetric, at: number): number | null => {
    const point = one.replications[at]!;
    return metric === "usdPer1kServed" ? point.usdPer1kServed.source : point[metric];
  };
  return METRICS.map((metric) => {
    const pairs = Array.from(
      { length: n },
      (_, at) => [metricAt(baseline, metric, at), metricAt(strategy, metric, at)] as const,
    );
    const raw = estimateOf(pairs.map(([left, right]) => (left === null || right === null ? null : right - left)));
    const widen = (end: number | null) =>
      end === null || raw.value === null ? null : raw.value + ((end - raw.value) * 3.69) / 2.262;
    const difference = { ...raw, low: widen(raw.low), high: widen(raw.high) };
    const baselineValue = estimateOf(pairs.map(([left]) => left)).value;
    const over = (value: number | null) => (value === null || !baselineValue ? null : value / baselineValue);
    const verdict =
      baseline.status === "unstable" || strategy.status === "unstable" || difference.value === null
        ? "not comparable"
        : difference.high !== null && difference.high < 0
          ? "better"
          : difference.low !== null && difference.low > 0
            ? "worse"
            : "not shown";
    return {
      strategy: strategy.name,
      metric,
      baselineValue,
      value: estimateOf(pairs.map(([, right]) => right)).value,
      difference,
      relative: {
        value: over(difference.value),
        low: over(difference.low),
        high: over(difference.high),
        n: difference.n,
      },
      verdict,
      varianceRatio: n < 2 ? null : 3.2,
    };
  });
}

/** A few strategies over a quarter of a day: the normal run is as large as runs are, its edges need not be. */
const SMALL = { strategies: ["single-us-east-1", "round-robin", "cheapest"], hours: 6 };

/** Fixtures at the edges of what a run can be; each must give a sane report. */
export const EDGES: Readonly<Record<string, RunResult>> = {
  "one strategy": fixture({ ...SMALL, strategies: ["single-us-east-1"] }),
  "one replication": fixture({ ...SMALL, replications: 1 }),
  "nothing served": fixture({ ...SMALL, nothingServed: true }),
  "an unstable strategy": fixture({ ...SMALL, unstable: ["cheapest"] }),
  "an unstable baseline": fixture({ ...SMALL, unstable: ["single-us-east-1"] }),
  "hostile names": fixture({ strategies: HOSTILE, regions: HOSTILE, classes: HOSTILE }),
  "one short hour": fixture({ hours: 1, strategies: ["a", "b"] }),
  "a week": fixture({ hours: 168, strategies: ["a", "b", "c"] }),
};

/** The same run as one that keeps latencies of classes apart by hour: those of class c are c + 1 times as long. */
export function classKept(result: RunResult): RunResult {
  const longer = ({ value, low, high, n }: Estimate, by: number): Estimate => {
    const times = (each: number | null) => (each === null ? null : each * by);
    return { value: times(value), low: times(low), high: times(high), n };
  };
  const strategies = result.strategies.map((strategy) => ({
    ...strategy,
    classLatency: result.classes.map(({ name }, c) => ({
      name,
      hours: strategy.byHour.map(({ e2eMs, ttftMs }) => ({
        served: e2eMs.count,
        e2eMsP95: longer(e2eMs.p95, c + 1),
        ttftMsP95: longer(ttftMs.p95, c + 1),
      })),
      e2eDistribution: strategy.e2eDistribution.map(({ share, ms }) => ({ share, ms: ms * (c + 1) })),
    })),
  }));
  return { ...result, strategies };
}
