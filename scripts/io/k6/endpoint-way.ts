import type { Problem } from "../../../simulator/errors.ts";
import type { AuthKind, EndpointAdapter } from "../../../simulator/replay/adapters/adapter.ts";
import { findAdapter } from "../../../simulator/replay/adapters/index.ts";
import { type EndpointWay, nameAtEndpoint } from "../../../simulator/replay/make-replay-plan.ts";
import type { PlannedCall } from "../../../simulator/replay/planned-calls.ts";
import { type EndpointsInput, type Manner, settingsIn } from "./endpoints-schema.ts";

export interface WayContext {
  /** The endpoint's path in the file. */
  readonly where: string;
  /** What is called there. */
  readonly calls: readonly PlannedCall[];
}

/** How an endpoint is called, by what its file says of all endpoints and of this one, and what is wrong with that. */
export function endpointWay(
  common: Manner,
  own: Manner,
  { where, calls }: WayContext,
): { readonly way: EndpointWay; readonly problems: readonly Problem[] } {
  const adapter = findAdapter(own.api ?? common.api ?? "bedrock");
  const keyFrom = own.keyFrom ?? common.keyFrom;
  const auth = own.auth ?? common.auth ?? (keyFrom === undefined ? "none" : "api-key");
  const models = { ...common.models, ...own.models };
  const settings = { ...common, ...own };
  const way: EndpointWay = {
    api: adapter.name,
    settings: Object.fromEntries(Object.entries(settingsIn(settings)).filter(([name]) => has(adapter, name))),
    auth: auth === "api-key" ? { kind: auth, variable: keyFrom ?? adapter.keyVariable } : { kind: auth },
    seesFirstToken: (own.firstToken ?? common.firstToken) !== "unseen",
    models,
  };
  const problems = [
    ...authProblems(adapter, auth, where),
    ...(own.keyFrom !== undefined && auth !== "api-key" ? [strayKey(`${where}.keyFrom`)] : []),
    ...Object.keys(settingsIn(own))
      .filter((name) => !has(adapter, name))
      .map((name) => straySetting(name, [adapter], `${where}.${name}`)),
    ...modelProblems(adapter, models, { where, calls }),
  ];
  return { way, problems };
}

/** What a file says of all its endpoints that holds for none of them. */
export function strayProblems({
  endpoints,
  ...common
}: Manner & Pick<EndpointsInput, "endpoints">): readonly Problem[] {
  const manners = Object.values(endpoints).map((entry): Manner => (typeof entry === "string" ? {} : entry));
  const used = manners.map((own) => findAdapter(own.api ?? common.api ?? "bedrock"));
  const strays = Object.keys(settingsIn(common)).filter((name) => !used.some((adapter) => has(adapter, name)));
  const auths = manners.map((own) => own.auth ?? common.auth ?? "api-key");
  return [
    ...(used.length === 0 ? [] : strays.map((name) => straySetting(name, used, name))),
    ...(common.keyFrom !== undefined && auths.length > 0 && !auths.includes("api-key") ? [strayKey("keyFrom")] : []),
  ];
}

function has({ settings }: EndpointAdapter, name: string): boolean {
  return Object.hasOwn(settings, name);
}

function strayKey(where: string): Problem {
  return { code: "ENDPOINT_KEY", what: "no endpoint takes an API key here", where, fix: "add auth: api-key" };
}

function straySetting(name: string, adapters: readonly EndpointAdapter[], where: string): Problem {
  const apis = [...new Set(adapters.map((adapter) => adapter.name))].join(" and ");
  const what = `api ${apis} has no ${name}`;
  return { code: "ENDPOINT_SETTING", what, where, fix: "take it out, or name the api that has it" };
}

function authProblems(adapter: EndpointAdapter, auth: AuthKind, where: string): readonly Problem[] {
  if (adapter.auths.includes(auth)) return [];
  const what = `api ${adapter.name} is not called with auth: ${auth}`;
  return [{ code: "ENDPOINT_AUTH", what, where, fix: `use auth: ${adapter.auths.join(" or ")}` }];
}

function modelProblems(
  adapter: EndpointAdapter,
  models: EndpointWay["models"],
  { where, calls }: WayContext,
): readonly Problem[] {
  const problems = new Map<string, Problem>();
  const add = (problem: Problem) => problems.set(problem.what, problem);
  for (const { target, region, model, modelId, calledId, tier } of calls) {
    const name = nameAtEndpoint(models, { name: model, id: modelId, calledId });
    const isMapped = [calledId, modelId, model].some((each) => each !== null && Object.hasOwn(models, each));
    if (name === null || (!adapter.knowsScenarioIds && !isMapped)) {
      const what = `the scenario calls ${model} in ${region}, and no name of it at that endpoint is given`;
      add({ code: "ENDPOINT_MODEL", what, where, fix: `add models: { ${model}: <its name there> }` });
    }
    if (!adapter.tiers.includes(tier)) {
      const what = `target ${target} is of tier ${tier}, for which api ${adapter.name} has no word`;
      add({ code: "ENDPOINT_TIER", what, where, fix: "leave that target out of the scenario" });
    }
  }
  return [...problems.values()];
}
