import { tInterval } from "../../../simulator/base/statistics.ts";
import type {
  ComparedMetric,
  Comparison,
  NamedGroup,
  RunResult,
  StrategyResult,
} from "../../../simulator/experiment/result.ts";
import { type Answer, answerOf, type VerdictInput } from "../../../simulator/experiment/verdict.ts";

/** What a strategy does to a class; a list gives one value for each replication. */
export interface ClassFigures {
  readonly within?: number | readonly number[];
  readonly failed?: number | readonly number[];
  readonly p95?: number | readonly number[];
  readonly wait?: number;
  readonly throttled?: number;
}

export interface StrategyFigures {
  /** USD per 1,000 served. */
  readonly usd?: number | readonly number[];
  readonly unstable?: boolean;
}

const REPLICATIONS = 5;
const RULES = ["source", "destination", "lowest-cost"] as const;

type ResultClass = RunResult["classes"][number];

export function classOf(name: string, sloE2eMs: number | null, over: Partial<ResultClass> = {}): ResultClass {
  return { name, model: "m", tags: {}, sloE2eMs, sloTtftMs: null, residency: null, ...over };
}

/** Five values that hardly differ, or those given. */
function series(value: number | readonly number[]): readonly number[] {
  if (typeof value !== "number") return value;
  return Array.from({ length: REPLICATIONS }, (_, i) => value * (1 + (i - 2) * 1e-6));
}

export function strategyOf(
  name: string,
  classes: Readonly<Record<string, ClassFigures>>,
  { usd = 5, unstable = false }: StrategyFigures = {},
): StrategyResult {
  const bill = series(usd);
  const groups = Object.entries(classes).map(([each, figures]) => groupOf(each, figures));
  const failed = Object.values(classes).map(({ failed: share = 0 }) => series(share));
  const failedShare = bill.map((_, i) => failed.reduce((sum, each) => sum + each[i]!, 0) / Math.max(1, failed.length));
  const perRule = <T>(value: T) =>
    Object.fromEntries(RULES.map((rule) => [rule, value])) as Record<(typeof RULES)[number], T>;
  return {
    name,
    status: unstable ? "unstable" : "ok",
    statusReason: unstable ? "the backlog grew all the time" : null,
    quotas: [],
    total: {
      ...groups[0]!,
      failedShare: tInterval(failedShare),
      cost: perRule({ usdPer1kServed: tInterval(bill), usdPerMonth: tInterval(bill.map((each) => each * 1000)) }),
    },
    byClass: groups,
    replications: bill.map((each, i) => ({
      failedShare: failedShare[i]!,
      usdPer1kServed: perRule(each),
      byClass: Object.entries(classes).map(([of, figures]) => ({
        name: of,
        e2eMsP95: series(figures.p95 ?? 4000)[i]!,
        ttftMsP95: null,
        failedShare: series(figures.failed ?? 0)[i]!,
        goodputShare: series(figures.within ?? 0.99)[i]!,
        usdPer1kServed: each,
      })),
    })),
  } as unknown as StrategyResult;
}

function groupOf(
  name: string,
  { within = 0.99, failed = 0, p95 = 4000, wait = 10, throttled = 0 }: ClassFigures,
): NamedGroup {
  const share = tInterval(series(failed));
  const counts = {
    sent: 1000,
    throttled: 1000 * (share.value ?? 0),
    refused: 0,
    timedOut: 0,
    abandoned: 0,
    failed: 0,
    residencyRefused: 0,
    inFlight: 0,
  };
  return {
    name,
    counts,
    failedShare: share,
    goodputShare: tInterval(series(within)),
    throttledAttemptShare: tInterval(series(throttled)),
    e2eMs: { p95: tInterval(series(p95)), mean: tInterval(series(p95).map((each) => each / 2)) },
    ttftMs: { p95: tInterval([]), mean: tInterval([]) },
    queueWaitMs: { p95: tInterval(series(wait)), mean: tInterval(series(wait / 2)) },
  } as unknown as NamedGroup;
}

/** The answer to a run of these strategies, the first being the baseline. */
export function answer(
  strategies: readonly StrategyResult[],
  classes: readonly ResultClass[],
  over: Partial<VerdictInput> = {},
): Answer & { readonly verdict: string } {
  const [baseline, ...others] = strategies;
  const found = answerOf({
    strategies,
    classes,
    comparisons: others.flatMap((each) => comparisonsOf(each, baseline!)),
    billing: "source",
    requestsPerReplication: 12_345,
    replications: baseline!.replications.length,
    classesWithoutArrivals: [],
    hasWarmup: false,
    assumptions: ["list prices"],
    ...over,
  });
  return { ...found, verdict: found.sentences.join(" ") };
}

function comparisonsOf(one: StrategyResult, baseline: StrategyResult): readonly Comparison[] {
  const of = (
    metric: ComparedMetric,
    read: (point: StrategyResult["replications"][number]) => number | null,
  ): Comparison => {
    const mine = one.replications.map(read);
    const theirs = baseline.replications.map(read);
    const difference = tInterval(mine.map((value, i) => (value ?? 0) - (theirs[i] ?? 0)));
    const by = tInterval(theirs).value ?? 1;
    const over = (value: number | null) => (value === null || by === 0 ? null : value / by);
    return {
      strategy: one.name,
      metric,
      baselineValue: by,
      value: tInterval(mine).value,
      difference,
      relative: {
        value: over(difference.value),
        low: over(difference.low),
        high: over(difference.high),
        n: difference.n,
      },
      verdict:
        difference.low === null
          ? "not shown"
          : difference.high! < 0
            ? "better"
            : difference.low > 0
              ? "worse"
              : "not shown",
      varianceRatio: null,
    };
  };
  return [
    of("usdPer1kServed", (point) => point.usdPer1kServed.source),
    of("failedShare", (point) => point.failedShare),
  ];
}
