import type { QuotaData } from "../../profiles/quota-data.ts";
import type { RouteFamily } from "../../world/pricing/prices.ts";
import type { QuotaSpec } from "../../world/quota/token-quota.ts";
import type { RoutePlan } from "../../world/world-plan.ts";
import { metersOf, type QuotaInput } from "../quota-schema.ts";
import type { Scenario } from "../schema.ts";
import type { Problems } from "./problems.ts";
import type { RouteDraft } from "./targets.ts";

const FAMILY: Readonly<Record<RouteFamily, NonNullable<QuotaInput["family"]>>> = {
  regional: "on-demand",
  geographic: "geographic",
  global: "global",
};

export interface QuotasInput {
  readonly scenario: Scenario;
  readonly regionNames: readonly string[];
  readonly accounts: readonly string[];
  readonly data: QuotaData;
  readonly routes: readonly (RouteDraft | null)[];
  readonly problems: Problems;
}

/** One set of meters for each account x source region x model x family that a route uses and an entry limits. */
export function resolveQuotas(input: QuotasInput): {
  readonly quotas: readonly QuotaSpec[];
  readonly routes: readonly (RoutePlan | null)[];
} {
  const { scenario, regionNames, accounts, problems } = input;
  const modelNames = Object.keys(scenario.world.models);
  const entries = scenario.world.quotas;
  entries.forEach((entry, i) => {
    const where = `world.quotas[${i}]`;
    if (entry.region !== undefined) problems.indexOf(entry.region, regionNames, "region", `${where}.region`);
    if (entry.model !== undefined) problems.indexOf(entry.model, modelNames, "model", `${where}.model`);
    if (entry.account !== undefined) problems.indexOf(entry.account, accounts, "account", `${where}.account`);
  });
  const quotas: QuotaSpec[] = [];
  const indexOf = new Map<string, number>();
  const quotaOf = (account: string, region: number, model: number, family: RouteFamily): number => {
    const name = modelNames[model]!;
    const entry = entries.findLast(
      (each) =>
        (each.account ?? account) === account &&
        (each.region ?? regionNames[region]) === regionNames[region] &&
        (each.model ?? name) === name &&
        (each.family ?? FAMILY[family]) === FAMILY[family],
    );
    if (entry === undefined) return -1;
    const id = `${account}/${regionNames[region]}/${name}/${FAMILY[family]}`;
    const known = indexOf.get(id);
    if (known !== undefined) return known;
    const spec = scenario.world.models[name]!;
    quotas.push({
      id,
      region,
      model,
      ...metersOf(entry),
      burndown: entry.burndown ?? spec.burndown ?? burndownOf(spec.id, input.data),
      reservesCacheReads: entry.reserveCacheReads,
    });
    indexOf.set(id, quotas.length - 1);
    return quotas.length - 1;
  };
  const routes = input.routes.map((draft, i): RoutePlan | null => {
    if (draft === null) return null;
    const model = i % modelNames.length;
    return { ...draft, quotas: accounts.map((account) => quotaOf(account, draft.sourceRegion, model, draft.family)) };
  });
  return { quotas, routes };
}

/** The rate at which AWS counts a model's output tokens; 1 for models of which nothing is known. */
export function burndownOf(modelId: string, data: QuotaData): number {
  const row = data.quotas.find((each) => each.model === modelId && each.burndown !== null);
  return row?.burndown ?? 1;
}
