/** What a bench sends where and what it may cost, for every target but Bedrock itself (`bedrock/plan.ts`). */
import { MeridianError } from "../../simulator/base/errors.ts";
import { plannedCalls } from "../../simulator/bench/make-plan.ts";
import type { ReplayOperation, SpendPlan } from "../../simulator/bench/plan.ts";
import type { ScheduleRow } from "../../simulator/bench/rows.ts";
import { spendPlanOf } from "../../simulator/bench/spend-plan.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import type { CommonOptions } from "../commands/command.ts";
import { loadEndpoints } from "./endpoints-file.ts";
import { refuseTinyBudget } from "./estimate.ts";
import { benchLimits, refuseBeyondLimits } from "./limits.ts";
import { type BenchTarget, emulatorTarget, endpointsTarget } from "./target.ts";

/** What a bench sends where, and what it may cost. */
export interface BenchSetup {
  readonly target: BenchTarget;
  readonly schedule: readonly ScheduleRow[];
  /** Left out where nothing limits it. */
  readonly spend?: SpendPlan;
  /** For the report. */
  readonly notes: readonly string[];
  /** Calls leave this machine, and may cost real money. */
  readonly costsMoney?: boolean;
  /** The service's own counts of tokens may differ from those wanted: the report says by how much. */
  readonly saysTokens: boolean;
}

export const EMULATOR = "emulator";
export const BEDROCK = "bedrock";

/**
 * The setup for `--target emulator` or a file of endpoints.
 *
 * @throws MeridianError for limits, and for a file of endpoints that cannot be read or must not be called
 */
export async function freeSetup(
  plan: Plan,
  schedule: readonly ScheduleRow[],
  options: CommonOptions,
): Promise<BenchSetup> {
  refuseBeyondLimits(benchLimits(options, false), schedule, plan.strategies.length);
  const isEmulated = options.target === EMULATOR;
  const budgetUsd = options.budgetUsd as number | undefined;
  const target = await benchTargetOf(plan, options);
  const counts = plan.models.map(({ id }) =>
    isEmulated ? ("exact" as const) : { charsPerToken: target.charsPerToken?.get(id) ?? 4, isMeasured: false },
  );
  const spend = budgetUsd === undefined ? undefined : spendPlanOf(plan, budgetUsd, counts);
  if (spend !== undefined) refuseTinyBudget(plan, schedule, spend);
  return {
    target,
    schedule,
    ...(spend === undefined ? {} : { spend }),
    notes: [],
    saysTokens: !isEmulated,
  };
}

/**
 * What `--target` names, but for Bedrock itself.
 *
 * @throws MeridianError for a file of endpoints that cannot be read or must not be called
 */
export async function benchTargetOf(plan: Plan, options: CommonOptions): Promise<BenchTarget> {
  const operation = options.api as ReplayOperation;
  const name = String(options.target);
  if (name === EMULATOR) return emulatorTarget(plan, operation);
  const sources = new Set(plan.targets.map(({ region }) => plan.regionNames[region]!));
  const set = await loadEndpoints(name, {
    regions: [...sources],
    calls: plannedCalls(plan),
    allowedHosts: (options.allowHost as readonly string[] | undefined) ?? [],
    env: process.env,
  });
  refuseAmazon(set.urlOfRegion, name);
  return endpointsTarget(set, name, operation);
}

/** Suffixes of the hosts of Amazon's partitions. */
const AMAZON =
  /(^|\.)(amazonaws\.com(\.cn)?|api\.aws|amazonwebservices\.(com\.cn|eu)|amazonaws\.eu|ic\.gov|sgov\.gov|adc-e\.uk)$/;

/** A file of endpoints has no locks on spending, so it must not lead to where they are needed. */
export function refuseAmazon(urlOfRegion: ReadonlyMap<string, string>, file: string): void {
  const problems = [...urlOfRegion]
    .filter(([, url]) => AMAZON.test(new URL(url).hostname.replace(/\.$/, "")))
    .map(([region, url]) => ({
      code: "ENDPOINT_COSTS_MONEY",
      what: `${url} is Amazon's own`,
      where: `${file}: endpoints.${region}`,
      fix: "use --target bedrock, which has locks on spending",
    }));
  if (problems.length > 0) throw new MeridianError("usage", problems);
}
