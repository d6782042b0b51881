/** The bound of a run: what its served requests would have cost at least, with foresight, and where the rest went. */
import type { LinearSolver } from "../base/linear-programme.ts";
import { type Estimate, meanNumber, tInterval } from "../base/statistics.ts";
import { HOUR_MS } from "../base/time.ts";
import { FIELD } from "../engine/recorder.ts";
import type { Plan } from "../scenario/plan.ts";
import { epochAt } from "../service/pricing/price-schedule.ts";
import { CACHE_READ, CACHE_WRITE, INPUT, OUTPUT, TOKEN_KINDS } from "../service/pricing/prices.ts";
import { type Arrivals, arrivalCell, capacityLimits } from "./bound-capacity.ts";
import {
  type Demand,
  demandsAsBilled,
  hasFreeCapacity,
  leastCost,
  type Optimum,
  type ReplicationBound,
} from "./bound-model.ts";
import type { JobOutput } from "./job.ts";
import type { ReplicationStats } from "./replication-stats.ts";
import type { BoundSummary, StrategyBound } from "./result-detail.ts";

/**
 * The least cost of what each strategy served, under the scenario's billing rule, prices, residency, quotas, reserved
 * tokens, deadlines and capacity; and its regret, cost - bound, with the parts of it:
 *
 *   wasted     tokens that were billed and reached no caller (calls given up, hedges that lost)
 *   placement  what was served, in the hours in which it was sent, above the best choice of targets in those hours
 *   timing     what putting deferrable work off to cheaper hours could have saved beside that
 *
 * Of latency the bound knows only what no call can be faster than: it may be out of reach, and is never above what is
 * possible. Where tokens were wasted it keeps the cheapest of what was billed, so that it stays a bound.
 *
 * @param solve called only where limits bind; null, and where only slices are simulated: quotas, reservations and capacity
 *              are left out there
 */
export function boundOf(plan: Plan, outputs: readonly JobOutput[], solve: LinearSolver | null): BoundSummary {
  if (hasFreeCapacity(plan)) {
    const why = "provisioned throughput is paid by the hour and has no limit of tokens that could be counted";
    return { strategies: [], missing: why };
  }
  // What slices let through, scaled up, may be more than a whole hour could: their sample has no hours.
  const solver = plan.slices === undefined ? solve : null;
  const arrivals = new Map(
    outputs.flatMap(({ arrivals: found }) => (found === undefined ? [] : [[found.replication, found]])),
  );
  const parts = outputs.flatMap(({ stats, bounds }) =>
    stats.map((own, i) => ({
      own,
      bound: bounds === undefined ? replicationBound(plan, own, arrivals.get(own.replication), solver) : bounds[i]!,
    })),
  );
  const strategies = plan.strategies.map(({ name }, s) => {
    const its = parts.filter(({ own }) => own.strategy === s);
    its.sort((a, b) => a.own.replication - b.own.replication);
    return strategyBound(
      plan,
      its.map(({ bound }) => bound),
      name,
    );
  });
  return { strategies, missing: null, ...(solver === null ? { isWithoutLimits: true } : {}) };
}

/**
 * A job's output with its part of `boundOf`, so that those who run jobs can share out that work too; unchanged where only
 * all outputs together can tell, or where no bound can be stated.
 */
export function withOwnBounds(plan: Plan, output: JobOutput, solve: LinearSolver): JobOutput {
  const { stats, arrivals } = output;
  if (arrivals === undefined || plan.slices !== undefined || hasFreeCapacity(plan)) return output;
  return { ...output, bounds: stats.map((own) => replicationBound(plan, own, arrivals, solve)) };
}

function replicationBound(
  plan: Plan,
  stats: ReplicationStats,
  arrivals: Arrivals | undefined,
  solve: LinearSolver | null,
): ReplicationBound | null {
  const { strategy } = stats;
  const shares = plan.classes.map((_, c) => servedShare(plan, stats, c));
  const sent = plan.classes.flatMap((_, c) => demandsAsBilled(plan, stats.billedTokens, c, shares[c]!));
  const capacity = capacityLimits(plan, strategy, stats.replication, stats.capacityUse);
  const placed = leastCost(plan, strategy, sent, solve, { capacity });
  if (placed === null) return null;
  const waiting = withWaits(plan, stats, sent, arrivals);
  const best = waiting === sent ? placed : leastCost(plan, strategy, waiting, solve, { capacity });
  const free = leastCost(plan, strategy, waiting, solve, { isLimited: false });
  if (best === null || free === null) return null;
  const rule = plan.money.billing;
  const usd = (fUsd: bigint) => Number(fUsd) / 1e15;
  const costOf = ({ cost }: ReplicationStats["total"]) => usd(cost[rule].totalFUsd);
  const cost = costOf(stats.total);
  const byClassCost = stats.byClass.map(costOf);
  const wasted = byClassCost.reduce((sum, each, c) => sum + each * (1 - shares[c]!), 0);
  // Exact bills and sums of doubles differ in their last digits: less than a billionth of the cost is nothing.
  const settled = (usdMore: number) => (Math.abs(usdMore) < 1e-9 * cost ? 0 : usdMore);
  const regret = settled(cost - best.costUsd);
  const parts = partsOf(regret, {
    wasted: settled(wasted),
    placement: settled(cost - wasted - placed.costUsd),
    timing: settled(placed.costUsd - best.costUsd),
  });
  return {
    cost,
    bound: cost - regret,
    ...parts,
    limits: settled(best.costUsd - free.costUsd),
    byClass: byClassCost.map((each, c) => settled(each - best.byClassUsd[c]!)),
    byHour: stats.byHour.map((hour, h) => settled(costOf(hour) - costInHour(plan, placed, h))),
    quotaWorth: best.quotaWorthUsd,
    endpointWorth: best.endpointWorthUsd,
  };
}

/**
 * The regret by where it comes from. Wasted tokens count at their class's mean price, and of what was sent the cheapest of
 * the billed is kept, wasted calls among it: either can be more than all of the regret where work may wait. No part is
 * below 0 unless deadlines were missed, which makes a cost below the bound.
 */
function partsOf(
  regret: number,
  parts: { readonly wasted: number; readonly placement: number; readonly timing: number },
) {
  if (regret < 0 || (parts.placement >= 0 && parts.timing >= 0)) return parts;
  const wasted = Math.min(parts.wasted, regret);
  const timing = Math.min(Math.max(0, parts.timing), regret - wasted);
  return { wasted, timing, placement: regret - wasted - timing };
}

/** Part of a class's billed tokens that served a request, by its output tokens; 1 where it has none. */
function servedShare(plan: Plan, { billedTokens, byClass }: ReplicationStats, classIndex: number): number {
  let billed = 0;
  const step = plan.classes.length * TOKEN_KINDS.length;
  for (let at = classIndex * TOKEN_KINDS.length + OUTPUT; at < billedTokens.length; at += step)
    billed += billedTokens[at]!;
  return billed > 0 ? Math.min(1, byClass[classIndex]!.fields[FIELD.outputTokens]! / billed) : 1;
}

/** The same demands, of which work that may wait can be bought from its arrival to its deadline. */
export function withWaits(
  plan: Plan,
  { billedTokens }: ReplicationStats,
  demands: readonly Demand[],
  arrivals: Arrivals | undefined,
): readonly Demand[] {
  if (arrivals === undefined || arrivals.tokens.length === 0) return demands;
  const { length: classes } = plan.classes;
  const { epochStartMs } = plan.money.schedule;
  return demands.map((demand) => {
    const { classIndex, kind } = demand.supplies[0]!;
    const { deferrable, sloE2eMs } = plan.classes[classIndex]!;
    if (!deferrable || hasCached(plan, billedTokens, classIndex)) return demand;
    const supplies = [...epochStartMs.keys()].flatMap((epoch) =>
      [0, 1].flatMap((isLate) => {
        const tokens = arrivals.tokens[arrivalCell(classes, epoch, classIndex, isLate) + (kind === INPUT ? 0 : 1)]!;
        const fromMs = isLate === 1 ? (epochStartMs[epoch + 1] ?? epochStartMs[epoch]!) : epochStartMs[epoch]!;
        const last = epochAt(plan.money.schedule, fromMs + sloE2eMs);
        return tokens === 0 ? [] : [{ classIndex, kind, epoch, last, tokens }];
      }),
    );
    const total = supplies.reduce((sum, { tokens }) => sum + tokens, 0);
    return { supplies, tokens: Math.min(demand.tokens, total) };
  });
}

/** What of a prompt is cached depends on where earlier ones went: then only when it was sent is known. */
function hasCached(plan: Plan, billedTokens: Float64Array, classIndex: number): boolean {
  const step = plan.classes.length * TOKEN_KINDS.length;
  for (let at = classIndex * TOKEN_KINDS.length; at < billedTokens.length; at += step) {
    if (billedTokens[at + CACHE_READ]! + billedTokens[at + CACHE_WRITE]! > 0) return true;
  }
  return false;
}

function costInHour(plan: Plan, { byEpochUsd }: Optimum, hour: number): number {
  const { epochStartMs } = plan.money.schedule;
  return byEpochUsd.reduce((sum, usd, e) => (Math.floor(epochStartMs[e]! / HOUR_MS) === hour ? sum + usd : sum), 0);
}

function strategyBound(plan: Plan, replications: readonly (ReplicationBound | null)[], name: string): StrategyBound {
  const known = replications.filter((each) => each !== null);
  const estimate = (of: (each: ReplicationBound) => number): Estimate => tInterval(known.map(of));
  const hours = Math.max(0, ...known.map(({ byHour }) => byHour.length));
  return {
    strategy: name,
    costUsd: estimate(({ cost }) => cost),
    boundUsd: estimate(({ bound }) => bound),
    regretUsd: estimate(({ cost, bound }) => cost - bound),
    // Over nothing it has no share, which an infinite value says.
    regretShare: estimate(({ cost, bound }) => (cost === bound ? 0 : cost / bound - 1)),
    wastedUsd: estimate(({ wasted }) => wasted),
    placementUsd: estimate(({ placement }) => placement),
    timingUsd: estimate(({ timing }) => timing),
    limitsUsd: estimate(({ limits }) => limits),
    byClass: plan.classes.map((each, c) => ({ name: each.name, regretUsd: estimate(({ byClass }) => byClass[c]!) })),
    byHour: Array.from({ length: hours }, (_, hour) => meanNumber(known.map(({ byHour }) => byHour[hour] ?? 0))),
    quotas: plan.world.quotas.flatMap(({ id }, q) => {
      const usd = meanNumber(known.map(({ quotaWorth }) => quotaWorth[q]!));
      return usd > 0 ? [{ id, usdPerMillionTokensPerMinute: usd }] : [];
    }),
    endpoints: plan.world.endpoints.flatMap(({ id }, e) => {
      const usd = meanNumber(known.map(({ endpointWorth }) => endpointWorth[e]!));
      return usd > 0 ? [{ id, usdPerTenthMore: usd }] : [];
    }),
  };
}
