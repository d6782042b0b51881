/**
 * Costs that foresight can reach: plans made by the bound's programme for the traffic that came, and simulated on it. With
 * the bound, which nothing can be below, they say how much of a regret could be had at all.
 */
import type { LinearSolver } from "../base/linear-programme.ts";
import { meanNumber, tInterval } from "../base/statistics.ts";
import { END } from "../client/request-rules.ts";
import { FIELD } from "../engine/recorder.ts";
import type { Plan, StrategyPlan } from "../scenario/plan.ts";
import { CACHE_READ } from "../service/pricing/prices.ts";
import { type ForesightCell, type ForesightPlan, foresight } from "../strategies/foresight.ts";
import { withWaits } from "./bound.ts";
import { capacityLimits } from "./bound-capacity.ts";
import { demandsAsBilled, leastCost, type Optimum } from "./bound-model.ts";
import type { JobOutput, JobSpec } from "./job.ts";
import type { GroupStats, ReplicationStats } from "./replication-stats.ts";
import type { BoundSummary, ForesightSummary, ReachedCost } from "./result-detail.ts";

/** Shares of quotas and capacity that plans use: the less, the more room is left at the peaks within an hour. */
const SPARES = [1, 0.95, 0.9, 0.85, 0.8, 0.65, 0.5] as const;
/** Replications that are planned: enough for an interval, and no more runs than that takes. */
const REPLICATIONS_MAX = 5;
/** A plan serves as well as a strategy if it fails so much more often at most, and meets so many fewer objectives. */
const FAILED_MORE = 0.001;
const WITHIN_LESS = 0.002;

/** What is to be simulated: one strategy for each plan. */
export interface ForesightRuns {
  readonly plan: Plan;
  readonly jobs: readonly JobSpec[];
  /** By strategy of the plan. */
  readonly spares: readonly number[];
}

/**
 * Plans for the traffic of each replication, by the demands of the strategy that served most of it.
 *
 * @param outputs of the run whose bound is known
 */
export function foresightRuns(plan: Plan, outputs: readonly JobOutput[], solve: LinearSolver): ForesightRuns {
  const strategies: StrategyPlan[] = [];
  const spares: number[] = [];
  const jobs: JobSpec[] = [];
  for (let replication = 0; replication < Math.min(plan.replications, REPLICATIONS_MAX); replication++) {
    const stats = outputs.flatMap((output) => output.stats).filter((each) => each.replication === replication);
    const [most] = stats.toSorted((a, b) => b.total.fields[END.served]! - a.total.fields[END.served]!);
    const arrivals = outputs.find(({ arrivals: found }) => found?.replication === replication)?.arrivals;
    if (most === undefined) continue;
    const sent = plan.classes.flatMap((_, c) => demandsAsBilled(plan, most.billedTokens, c, 1));
    const demands = withWaits(plan, most, sent, arrivals);
    const capacity = capacityLimits(plan, most.strategy, replication, new Float64Array(most.capacityUse.length));
    const own: number[] = [];
    for (const spare of SPARES) {
      const optimum = leastCost(plan, most.strategy, demands, solve, { capacity, spare, isWhole: true });
      if (optimum === null) continue;
      own.push(strategies.length);
      spares.push(spare);
      const options = { plan: planOf(plan, optimum) };
      const { client, offered } = plan.strategies[most.strategy]!;
      strategies.push({
        name: `foresight ${strategies.length}`,
        kind: foresight.name,
        source: null,
        options,
        client,
        offered,
      });
    }
    if (own.length > 0) jobs.push({ replication, strategyIndices: own });
  }
  return { plan: { ...plan, strategies, baseline: 0, money: withoutReserved(plan) }, jobs, spares };
}

/** Reserved capacity is held by strategies of the run itself. */
function withoutReserved({ money }: Plan): Plan["money"] {
  return { ...money, reserved: [] };
}

function planOf(plan: Plan, { bought }: Optimum): ForesightPlan {
  const { length: classes } = plan.classes;
  const epochStartMs = [...plan.money.schedule.epochStartMs];
  const cells: ForesightCell[][] = Array.from({ length: epochStartMs.length * classes }, () => []);
  for (const { classIndex, kind, target, arrivalEpoch, epoch, millions } of bought) {
    if (kind === CACHE_READ) continue;
    const cell = cells[arrivalEpoch * classes + classIndex]!;
    const at = cell.findIndex((each) => each.target === target && each.epoch === epoch);
    if (at < 0) cell.push({ target, epoch, share: millions });
    else cell[at] = { target, epoch, share: cell[at]!.share + millions };
  }
  const normalised = cells.map((cell) => {
    const total = cell.reduce((sum, { share }) => sum + share, 0);
    return cell.map((each) => ({ ...each, share: each.share / total }));
  });
  return { epochStartMs, cells: normalised };
}

/** What came of a plan, or of a strategy, over the planned replications. */
interface Reached {
  readonly name: string;
  /** By replication. */
  readonly usdPer1kServed: readonly number[];
  readonly failedShare: number;
  /** Null where no class has an objective. */
  readonly withinShare: number | null;
}

/**
 * The bound with what foresight reached: for each strategy the cheapest plan, or strategy of the run, that serves as well
 * as it does in the same replications, and how far its cost is from the bound.
 */
export function withForesight(
  plan: Plan,
  outputs: readonly JobOutput[],
  bound: BoundSummary,
  runs: ForesightRuns,
  found: readonly JobOutput[],
): BoundSummary {
  const replications = runs.jobs.map(({ replication }) => replication);
  const among = (stats: readonly ReplicationStats[]) => stats.filter((each) => replications.includes(each.replication));
  const own = among(outputs.flatMap(({ stats }) => stats));
  const planned = found.flatMap(({ stats }) => stats);
  const plans = SPARES.flatMap((spare): readonly Reached[] => {
    const stats = planned.filter(({ strategy }) => runs.spares[strategy] === spare);
    return stats.length < replications.length ? [] : [reachedBy(plan, planName(spare), stats)];
  });
  const strategies = plan.strategies.map(({ name }, s) =>
    reachedBy(
      plan,
      name,
      own.filter(({ strategy }) => strategy === s),
    ),
  );
  const reached = bound.strategies.map(({ strategy, boundUsd, costUsd }, s): ReachedCost => {
    const it = strategies[s]!;
    const [best] = [it, ...strategies, ...plans]
      .filter((other) => servesAsWell(other, it))
      .toSorted((a, b) => meanNumber(a.usdPer1kServed) - meanNumber(b.usdPer1kServed));
    const least = (boundUsd.value ?? Number.NaN) / (costUsd.value ?? Number.NaN);
    // Others fail other requests: where they fail cheaper ones, a gap may seem to be less than nothing.
    const gaps = best!.usdPer1kServed.map((usd, r) => Math.max(0, usd / (it.usdPer1kServed[r]! * least) - 1));
    return {
      strategy,
      by: best!.name,
      usdPer1kServed: tInterval(best!.usdPer1kServed),
      aboveBoundShare: tInterval(gaps),
    };
  });
  const summary: ForesightSummary = {
    replications: replications.length,
    plans: plans.map(({ name, usdPer1kServed, failedShare, withinShare }) => ({
      name,
      usdPer1kServed: tInterval(usdPer1kServed),
      failedShare,
      withinShare,
    })),
    reached,
  };
  return { ...bound, foresight: summary };
}

function planName(spare: number): string {
  return `foresight, ${Math.round(spare * 100)} % of the limits`;
}

function reachedBy({ money }: Plan, name: string, stats: readonly ReplicationStats[]): Reached {
  const sum = (field: number) => stats.reduce((total, each) => total + each.total.fields[field]!, 0);
  const usdPer1k = ({ cost, fields }: GroupStats) =>
    Number(cost[money.billing].totalFUsd) / 1e15 / (Math.max(1, fields[END.served]!) / 1_000);
  const promised = sum(FIELD.withObjective);
  return {
    name,
    usdPer1kServed: stats.toSorted((a, b) => a.replication - b.replication).map(({ total }) => usdPer1k(total)),
    failedShare: 1 - sum(END.served) / Math.max(1, sum(FIELD.sent)),
    withinShare: promised > 0 ? sum(FIELD.withinObjective) / promised : null,
  };
}

function servesAsWell(other: Reached, it: Reached): boolean {
  const within = (other.withinShare ?? 1) >= (it.withinShare ?? 1) - WITHIN_LESS;
  return within && other.failedShare <= it.failedShare + FAILED_MORE;
}
