/** Which quota binds and what to ask for: tokens a minute and a day, calls a minute, and what max_tokens costs. */
import { type Estimate, tInterval } from "../base/statistics.ts";
import type { QuotaNeed, RunResult, StrategyResult } from "../experiment/result.ts";
import type { Plan } from "../scenario/plan.ts";
import type { RouteFamily } from "../service/pricing/prices.ts";
import { defaultQuotaOf, type QuotaData } from "../service/quota/default-quotas.ts";

/** One quota of a source region, model and family of routes. */
export interface QuotaRequest {
  /** As the run names it. */
  readonly id: string;
  /** Undefined where no quota is set: then it holds for whatever account calls. */
  readonly account: string | undefined;
  readonly region: string;
  readonly model: string;
  readonly modelId: string;
  /** As people and Service Quotas call it. */
  readonly modelName: string;
  readonly family: RouteFamily;
  /** Tokens a minute now; null where none is set. */
  readonly limitNow: number | null;
  /** AWS's published default; null where none is known. */
  readonly defaultTpm: number | null;
  /**
   * Smallest limit that throttles at most 1 % of the calls, by the strictest and by the mildest window law; the former of
   * the replication that needs most.
   */
  readonly needTpm: number;
  /** Mean of the need over the replications that were counted, with its interval; undefined where one was. */
  readonly needRange?: Estimate;
  readonly strictestLaw: string;
  readonly mildestTpm: number;
  /** What to ask for: the need with headroom, two digits, up. */
  readonly askTpm: number;
  readonly askTpd: number;
  /** Calls of the busiest 60 s with headroom; not enforced for text models since 2026-05-27. */
  readonly askRpm: number;
  /** Whether the limit that is set refused calls, or is below the need. */
  readonly binds: boolean;
  /** Attempts that it refused, all replications. */
  readonly refused: number;
  /** Code in Service Quotas of the tokens a minute; undefined where the table does not know it. */
  readonly quotaCode: string | undefined;
  /** Need with max_tokens left out, and with what 99 % of the answers stay within; the most of the replications. */
  readonly unsetTpm: number;
  readonly explicitTpm: number;
  readonly explicitMaxTokens: readonly { readonly name: string; readonly tokens: number }[];
  /** What a class asks for now, and what an unset max_tokens reserves. */
  readonly maxOutputTokens: number;
  /** What one more million tokens a minute would have saved, USD over the run, with foresight; 0 where it costs nothing. */
  readonly worthUsdPerMillionTpm: number;
}

export interface QuotaRequestOptions {
  readonly data: QuotaData;
  /** Public name of a model. */
  readonly names: (modelId: string) => string | undefined;
  /** What to add to the need, as a share. */
  readonly headroom: number;
  /** Calls of the busiest day over those simulated; undefined where whole days were, or the run is scaled up to one. */
  readonly dayOverSimulated: number | undefined;
}

/**
 * What to ask for, quota by quota, under one strategy.
 *
 * @throws nothing: quotas of routes that the plan lacks are left out
 */
export function quotaRequests(
  plan: Plan,
  result: RunResult,
  strategy: StrategyResult,
  { data, names, headroom, dayOverSimulated }: QuotaRequestOptions,
): readonly QuotaRequest[] {
  const worth = result.bound?.strategies.find((each) => each.strategy === strategy.name)?.quotas ?? [];
  return (strategy.quotaNeeds ?? []).flatMap((need): readonly QuotaRequest[] => {
    const place = placeOf(plan, need);
    const { detail } = need;
    if (place === undefined || detail === undefined || need.calls === 0) return [];
    const { region, model, modelId, family, maxOutputTokens, account } = place;
    const by = need.laws.toSorted((a, b) => b.smallestLimit - a.smallestLimit);
    const strictest = by[0]!;
    const use = strategy.quotas.find(({ id }) => id === need.id);
    const refused = (use?.refusedTokensPerMinute ?? 0) + (use?.refusedTokensPerDay ?? 0) + (use?.refusedRequests ?? 0);
    const { settled, coveredShare } = detail.busiestDay;
    const limitNow = need.limitTokensPerMinute;
    const counted = detail.byReplication ?? [];
    const needs = counted.map(({ smallestLimit }) => smallestLimit);
    const days = counted.map(({ settledADay }) => settledADay);
    const needTpm = Math.max(strictest.smallestLimit, ...needs);
    return [
      {
        id: need.id,
        account,
        region,
        model,
        modelId,
        modelName: names(modelId) ?? modelId,
        family,
        limitNow,
        defaultTpm: defaultQuotaOf(data, { modelId, region, family })?.tokensPerMinute ?? null,
        needTpm,
        ...(needs.length > 1 ? { needRange: tInterval(needs) } : {}),
        strictestLaw: strictest.law,
        mildestTpm: by.at(-1)!.smallestLimit,
        askTpm: twoDigitsUp(needTpm * (1 + headroom)),
        askTpd: twoDigitsUp(
          (dayOverSimulated === undefined ? Math.max(settled / coveredShare, ...days) : settled * dayOverSimulated) *
            (1 + headroom),
        ),
        askRpm: twoDigitsUp(detail.busiestCalls * (1 + headroom)),
        binds: refused > 0 || (limitNow !== null && limitNow < needTpm),
        refused,
        quotaCode: quotaCodeOf(data, { modelId, region, family }),
        unsetTpm: Math.max(detail.unset.smallestLimit, ...counted.map(({ unset }) => unset)),
        explicitTpm: Math.max(detail.explicit.smallestLimit, ...counted.map(({ explicit }) => explicit)),
        explicitMaxTokens: need.explicitMaxTokens.byClass,
        maxOutputTokens,
        worthUsdPerMillionTpm: worth.find(({ id }) => id === need.id)?.usdPerMillionTokensPerMinute ?? 0,
      },
    ];
  });
}

/** An entry of `world.quotas` that grants what is asked for, under the strictest law: to try it before asking. */
export function quotaEntryOf({ account, region, model, family, askTpm, askTpd }: QuotaRequest): object {
  return {
    ...(account === undefined || account === "default" ? {} : { account }),
    region,
    model,
    family: family === "regional" ? "on-demand" : family,
    tokensPerMinute: askTpm,
    tokensPerDay: askTpd,
    law: "rolling-window",
  };
}

/** The line that asks for it; undefined where no code is known. */
export function requestLineOf({ quotaCode, region, askTpm }: QuotaRequest): string | undefined {
  if (quotaCode === undefined) return undefined;
  return `aws service-quotas request-service-quota-increase --service-code bedrock --quota-code ${quotaCode} --desired-value ${askTpm} --region ${region}`;
}

/** The line that finds a code that is not known. */
export function findCodeLineOf({ region, family, modelName }: QuotaRequest): string {
  const words = { regional: "On-demand", geographic: "Cross-region", global: "Global cross-region" }[family];
  const filter = `starts_with(QuotaName, '${words}') && contains(QuotaName, '${modelName.replace(/[^\w. -]/g, "")}')`;
  return `aws service-quotas list-service-quotas --service-code bedrock --region ${region} --query "Quotas[?${filter}].[QuotaCode,QuotaName,Value]" --output text`;
}

const SCOPES: Readonly<Record<RouteFamily, string>> = {
  regional: "on-demand",
  geographic: "cross-region-geo",
  global: "cross-region-global",
};

/** A code is one for all regions: it is known as soon as any record of the model and family has it. */
function quotaCodeOf(
  data: QuotaData,
  { modelId, family }: { readonly modelId: string; readonly region: string; readonly family: RouteFamily },
): string | undefined {
  return data.quotas.find(
    ({ model, scope, quotaCode }) => model === modelId && scope === SCOPES[family] && quotaCode !== undefined,
  )?.quotaCode;
}

interface Place {
  readonly account: string | undefined;
  readonly region: string;
  readonly model: string;
  readonly modelId: string;
  readonly family: RouteFamily;
  readonly maxOutputTokens: number;
}

/** Where a need stands: of a quota by its id, else by the route whose calls were counted. */
function placeOf(plan: Plan, { id }: QuotaNeed): Place | undefined {
  const { keys } = plan.money.schedule;
  const placeAt = (target: number, model: number, account: string | undefined): Place | undefined => {
    const key = keys[plan.money.keyOfTarget[target * plan.models.length + model] ?? -1];
    if (key === undefined) return undefined;
    const { name, id: modelId, maxOutputTokens } = plan.models[model]!;
    const region = plan.regionNames[plan.targets[target]!.region]!;
    return { account, region, model: name, modelId, family: key.family, maxOutputTokens };
  };
  for (const [t, { region, route }] of plan.targets.entries()) {
    for (const [m, { name }] of plan.models.entries()) {
      if (`${plan.regionNames[region]}/${name}/${route}` === id) return placeAt(t, m, undefined);
      const quotas = plan.world.routes[t * plan.models.length + m]?.quotas ?? [];
      if (quotas.some((quota) => plan.world.quotas[quota]?.id === id)) return placeAt(t, m, id.split("/")[0]);
    }
  }
  return undefined;
}

/** @example twoDigitsUp(706_391) // => 710_000 */
export function twoDigitsUp(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.ceil(Math.round(value * 1e6) / 1e6 / unit) * unit;
}
