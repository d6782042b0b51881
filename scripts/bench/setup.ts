/** What a bench sends where and what it may cost, for every target but Bedrock itself (`bedrock/plan.ts`). */

import { MeridianError } from "../../simulator/base/errors.ts";
import { nearNames } from "../../simulator/base/near-names.ts";
import { plannedCalls } from "../../simulator/bench/make-plan.ts";
import type { SpendPlan } from "../../simulator/bench/plan.ts";
import type { ScheduleRow } from "../../simulator/bench/rows.ts";
import { spendPlanOf } from "../../simulator/bench/spend-plan.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import type { CommonOptions } from "../commands/command.ts";
import type { PreparedExperiment } from "../io/experiment.ts";
import { factsOf, locksOf, type Purchase, type SpendLocks } from "./bedrock/locks.ts";
import { loadEndpoints } from "./endpoints-file.ts";
import { estimateBench, refuseTinyBudget } from "./estimate.ts";
import { benchLimits, refuseBeyondLimits } from "./limits.ts";
import { operationOf } from "./options.ts";
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
  /** The locks that are still to be opened before anything is sent. */
  readonly paid?: { readonly locks: SpendLocks; readonly purchase: Purchase };
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
  experiment: Pick<PreparedExperiment, "yaml" | "inputs">,
  schedule: readonly ScheduleRow[],
  options: CommonOptions,
): Promise<BenchSetup> {
  const { plan } = experiment.inputs;
  const isEmulated = options.target === EMULATOR;
  const { target, remote } = await targetOf(plan, options);
  refuseBeyondLimits(benchLimits(options, remote.length > 0), schedule, plan.strategies.length);
  const locks = locksOf(options);
  const budgetUsd = locks.budgetUsd ?? (remote.length > 0 ? Number.POSITIVE_INFINITY : undefined);
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
    ...(remote.length === 0 ? {} : paidPart(experiment, { schedule, spend: spend!, remote, locks, options })),
  };
}

interface PaidInput {
  readonly schedule: readonly ScheduleRow[];
  readonly spend: SpendPlan;
  readonly remote: readonly { readonly region: string; readonly url: string }[];
  readonly locks: SpendLocks;
  readonly options: CommonOptions;
}

/** Endpoints on other machines may cost money, whatever they speak: the same locks as for Bedrock. */
function paidPart(
  experiment: Pick<PreparedExperiment, "yaml" | "inputs">,
  { schedule, spend, remote, locks, options }: PaidInput,
): Pick<BenchSetup, "costsMoney" | "paid" | "notes"> {
  const { plan } = experiment.inputs;
  const { expectedUsd, worstUsd } = estimateBench(plan, schedule, spend);
  const place = `${remote.length === 1 ? "an endpoint" : `${remote.length} endpoints`} on other machines`;
  const purchase = {
    place,
    facts: factsOf(experiment, schedule, remote, options),
    requests: schedule.length * plan.strategies.length,
    expectedUsd,
    mostUsd: Math.min(worstUsd, spend.budgetUsd),
  };
  const notes =
    worstUsd > 0
      ? []
      : ["No price of these calls is known: the budget cannot stop them. State world.prices.overrides."];
  return { costsMoney: true, paid: { locks, purchase }, notes };
}

/**
 * What `--target` names, but for Bedrock itself.
 *
 * @throws MeridianError for a file of endpoints that cannot be read or must not be called
 */
export async function benchTargetOf(plan: Plan, options: CommonOptions): Promise<BenchTarget> {
  return (await targetOf(plan, options)).target;
}

async function targetOf(
  plan: Plan,
  options: CommonOptions,
): Promise<{ readonly target: BenchTarget; readonly remote: PaidInput["remote"] }> {
  const operation = operationOf(plan);
  const name = String(options.target);
  if (name === EMULATOR) return { target: emulatorTarget(plan, operation), remote: [] };
  refuseMisspelt(name);
  const sources = new Set(plan.targets.map(({ region }) => plan.regionNames[region]!));
  const set = await loadEndpoints(name, {
    regions: [...sources],
    calls: plannedCalls(plan),
    allowedHosts: (options.allowHost as readonly string[] | undefined) ?? [],
    env: process.env,
  });
  refuseAmazon(set.urlOfRegion, name);
  const called = set.remoteRegions.filter((region) => sources.has(region));
  const remote = called.map((region) => ({ region, url: set.urlOfRegion.get(region)! }));
  return { target: endpointsTarget(set, name, operation), remote };
}

/** `--target bedrok` is no file: files of endpoints have an extension. */
function refuseMisspelt(name: string): void {
  const [near] = name.includes(".") ? [] : nearNames(name, [EMULATOR, BEDROCK]);
  if (near === undefined) return;
  const what = `"${name}" is neither a kind of target nor a file of endpoints`;
  throw new MeridianError("usage", { code: "BENCH_TARGET", what, where: "--target", fix: `did you mean ${near}?` });
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
