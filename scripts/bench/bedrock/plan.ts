/** `bench --target bedrock`: everything that is checked before the first call, then the locks, then the target. */

import { randomBytes } from "node:crypto";
import { MeridianError } from "../../../simulator/base/errors.ts";
import type { SpendPlan } from "../../../simulator/bench/plan.ts";
import type { ScheduleRow } from "../../../simulator/bench/rows.ts";
import { type ListPrice, type PromptCount, spendPlanOf } from "../../../simulator/bench/spend-plan.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import type { CommonOptions } from "../../commands/command.ts";
import type { PreparedExperiment } from "../../io/experiment.ts";
import { loadReference } from "../../io/reference.ts";
import { type BenchEstimate, estimateBench, listPricesOf, refuseTinyBudget } from "../estimate.ts";
import { benchLimits, refuseBeyondLimits } from "../limits.ts";
import { operationOf } from "../options.ts";
import type { BenchSetup } from "../setup.ts";
import { boundAnswers, measurePrompts, type PromptMeasure, promptLengths } from "./count-tokens.ts";
import { type BedrockCredentials, bedrockCredentials, refuseExpiring } from "./credentials.ts";
import { type BedrockEndpoint, bedrockEndpoints, bedrockTarget } from "./endpoints.ts";
import { type Ask, factsOf, locksOf, openLocks, type Purchase, type SpendLocks } from "./locks.ts";

/** All that is known of a run on Amazon Bedrock before a single call. */
export interface BedrockPlan {
  readonly endpoints: readonly BedrockEndpoint[];
  /** Undefined where there are none. */
  readonly credentials: BedrockCredentials | undefined;
  readonly schedule: readonly ScheduleRow[];
  readonly listPrice: ListPrice;
  readonly estimate: BenchEstimate;
  readonly locks: SpendLocks;
  readonly purchase: Purchase;
  /** When the last strategy ends, ms since 1970. */
  readonly endsAtMs: number;
  readonly notes: readonly string[];
}

/** Time a strategy takes beyond its schedule and its drain. */
const OVERHEAD_MS = 10_000;
/** A budget that was not given: the estimate needs one, the locks refuse it. */
const NO_BUDGET_USD = Number.POSITIVE_INFINITY;

/**
 * Looks at everything and sends nothing.
 *
 * @throws MeridianError usage for limits, endpoints and prices; environment CREDENTIALS_MISSING unless it is a dry run
 */
export async function planBedrock(
  experiment: PreparedExperiment,
  drawn: readonly ScheduleRow[],
  options: CommonOptions,
): Promise<BedrockPlan> {
  const { plan } = experiment.inputs;
  refuseBeyondLimits(benchLimits(options, true), drawn, plan.strategies.length);
  const listPrice = listPricesOf(plan, (await loadReference()).prices);
  const { schedule, bounded } = boundAnswers(drawn);
  const endpoints = await bedrockEndpoints({
    regions: calledRegions(plan),
    useFips: options.fips === true ? true : undefined,
    profile: options.profile as string | undefined,
    allowedHosts: (options.allowHost as readonly string[] | undefined) ?? [],
    allowUnknown: options.dryRun === true,
  });
  const credentials = await credentialsOf(options);
  const locks = locksOf(options);
  const spend = spendPlanOf(plan, locks.budgetUsd ?? NO_BUDGET_USD, countsOf(plan, new Map()), listPrice);
  // As if all prompts could be measured: what fails then fails however they are counted.
  refuseTinyBudget(plan, schedule, { ...spend, inputFactor: spend.inputFactor.map(() => 1) });
  const estimate = estimateBench(plan, schedule, spend);
  const runMs = schedule.at(-1)![0] - plan.arrivalsFromMs + drainMs(plan, options) + OVERHEAD_MS;
  return {
    endpoints,
    credentials,
    schedule,
    listPrice,
    estimate,
    locks,
    purchase: {
      place: "Amazon Bedrock",
      facts: factsOf(experiment, schedule, endpoints, options),
      requests: schedule.length * plan.strategies.length,
      expectedUsd: estimate.expectedUsd,
      mostUsd: Math.min(estimate.worstUsd, spend.budgetUsd),
    },
    endsAtMs: Date.now() + runMs * plan.strategies.length,
    notes: notesOf(bounded),
  };
}

/**
 * Opens the locks, then measures prompts (free of charge), and makes the target ready.
 *
 * @throws MeridianError for a missing confirmation or budget, credentials that end too early or are not taken
 */
export async function openBedrock(
  plan: Plan,
  planned: BedrockPlan,
  options: CommonOptions,
  how: { readonly ask: Ask; readonly signal: AbortSignal; readonly note: (text: string) => void },
): Promise<BenchSetup> {
  const credentials = planned.credentials!;
  refuseExpiring(credentials, planned.endsAtMs);
  await openLocks(planned.locks, planned.purchase, how.ask);
  const salt = randomBytes(4).toString("hex");
  const { measures, notes } = await measureModels(plan, planned, { salt, signal: how.signal });
  for (const text of notes) how.note(text);
  const spend: SpendPlan = spendPlanOf(plan, planned.locks.budgetUsd!, countsOf(plan, measures), planned.listPrice);
  refuseTinyBudget(plan, planned.schedule, spend);
  return {
    target: bedrockTarget({
      endpoints: planned.endpoints,
      operation: operationOf(plan),
      credentials: () => bedrockCredentials({ profile: options.profile as string | undefined }),
      measures,
      salt,
      endMs: planned.schedule.at(-1)![0] + drainMs(plan, options) + OVERHEAD_MS,
    }),
    schedule: planned.schedule,
    spend,
    notes: [...planned.notes, ...notes],
    costsMoney: true,
    saysTokens: true,
  };
}

function calledRegions(plan: Plan): readonly string[] {
  return [...new Set(plan.targets.map(({ region }) => plan.regionNames[region]!))];
}

async function credentialsOf(options: CommonOptions): Promise<BedrockCredentials | undefined> {
  try {
    return await bedrockCredentials({ profile: options.profile as string | undefined });
  } catch (error) {
    if (options.dryRun === true && error instanceof MeridianError) return undefined;
    throw error;
  }
}

function drainMs(plan: Plan, options: CommonOptions): number {
  return Math.min(plan.drainMs, options.drain as number);
}

function countsOf(plan: Plan, measures: ReadonlyMap<string, PromptMeasure>): readonly PromptCount[] {
  return plan.models.map(({ id }) => {
    const measure = measures.get(id);
    return measure === undefined
      ? { charsPerToken: 4, isMeasured: false }
      : { charsPerToken: measure.charsPerToken, isMeasured: true };
  });
}

/** Counts the tokens of our texts for each model that is called, in the first region that calls it. */
async function measureModels(
  plan: Plan,
  { endpoints, schedule, credentials }: BedrockPlan,
  how: { readonly salt: string; readonly signal: AbortSignal },
): Promise<{ readonly measures: ReadonlyMap<string, PromptMeasure>; readonly notes: readonly string[] }> {
  const measures = new Map<string, PromptMeasure>();
  const notes: string[] = [];
  for (const [model, { id }] of plan.models.entries()) {
    const lengths = promptLengths(plan, schedule, model);
    const caller = plan.targets.find(({ calledIds }) => calledIds[model] !== null);
    if (lengths.length === 0 || caller === undefined || measures.has(id)) continue;
    const region = plan.regionNames[caller.region]!;
    const { url } = endpoints.find((each) => each.region === region)!;
    const found = await measurePrompts({ modelId: id, region, url, credentials: credentials!, lengths, ...how });
    if ("reason" in found) {
      notes.push(`${id} does not count tokens (${found.reason}): prompts have four characters a token.`);
      continue;
    }
    measures.set(id, found);
    const share = (100 * found.errorMax).toFixed(1);
    notes.push(
      `${id} counts ${found.charsPerToken.toFixed(2)} characters of our prompts as a token: counted tokens were within ${share} % of those wanted.`,
    );
  }
  return { measures, notes };
}

function notesOf(bounded: number): readonly string[] {
  const notes = [
    "A real model writes as much as it likes up to max_tokens: lengths of answers are not the schedule's.",
    "The bill is at the scenario's prices, which may be what-ifs; the budget was kept at these or at list prices, whichever are dearer.",
  ];
  if (bounded > 0) {
    notes.push(`${bounded} requests without max_tokens were sent with the wanted length of the answer as max_tokens.`);
  }
  return notes;
}
