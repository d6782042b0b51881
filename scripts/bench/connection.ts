/**
 * How a file of endpoints says that its endpoints are called: API, authorisation, names of models, settings of adapters.
 * The schema of the file, and what its blocks mean for one endpoint.
 */
import { z } from "zod";
import type { Problem } from "../../simulator/base/errors.ts";
import { durationMs } from "../../simulator/base/schema-forms.ts";
import type {
  AdapterSetting,
  AdapterSettings,
  AuthKind,
  EndpointAdapter,
} from "../../simulator/bench/adapters/adapter.ts";
import { adapters, findAdapter } from "../../simulator/bench/adapters/index.ts";
import { type EndpointWay, nameAtEndpoint, type PlannedCall } from "../../simulator/bench/make-plan.ts";

export interface WayContext {
  /** The endpoint's path in the file. */
  readonly where: string;
  /** What is called there. */
  readonly calls: readonly PlannedCall[];
}

/**
 * How an endpoint is called, and what is wrong with that.
 *
 * @param common what the file says of all its endpoints
 * @param own what it says of this one, which takes precedence
 */
export function endpointWay(
  common: ConnectionInput,
  own: ConnectionInput,
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

/** Problems of what a file says of all its endpoints and none of them can use. */
export function strayProblems({
  endpoints,
  ...common
}: ConnectionInput & Pick<EndpointsInput, "endpoints">): readonly Problem[] {
  const inputs = Object.values(endpoints).map((entry): ConnectionInput => (typeof entry === "string" ? {} : entry));
  const used = inputs.map((own) => findAdapter(own.api ?? common.api ?? "bedrock"));
  const strays = Object.keys(settingsIn(common)).filter((name) => !used.some((adapter) => has(adapter, name)));
  const auths = inputs.map((own) => own.auth ?? common.auth ?? "api-key");
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
      const what = `target ${target} is of tier ${tier}, which api ${adapter.name} does not have`;
      add({ code: "ENDPOINT_TIER", what, where, fix: "leave that target out of the scenario" });
    }
  }
  return [...problems.values()];
}

/** Names of variables that hold keys; those of AWS, k6 and this program have a meaning of their own. */
const KEY_VARIABLE = /^(?!AWS_|K6_|MERIDIAN_)[A-Z][A-Z0-9_]*(KEY|TOKEN)$/;

const charsPerToken = z.number().min(1).max(20);

/** What may be said for all endpoints of a file, and for each of them otherwise. */
const connectionFields = {
  api: z
    .enum(adapters.map(({ name }) => name))
    .optional()
    .meta({ description: "What the endpoint speaks; bedrock where it is left out" }),
  auth: z
    .enum(["none", "api-key", "sigv4"])
    .optional()
    .meta({ description: "How calls are authorised; credentials come from the environment" }),
  keyFrom: z
    .string()
    .regex(
      KEY_VARIABLE,
      "must name an environment variable in capitals that ends in KEY or TOKEN, not one of AWS or k6",
    )
    .optional()
    .meta({ description: "Environment variable that holds the API key" }),
  models: z
    .record(z.string(), z.string().min(1))
    .optional()
    .meta({ description: "Names of models at the endpoint, by the scenario's name or id of a model" }),
  firstToken: z
    .enum(["headers", "unseen"])
    .optional()
    .meta({ description: "Whether a stream's headers come with its first token; unseen where they come before it" }),
  ...settingsOfAdapters(),
};

/** A file that says where each region's endpoint is, and how it is called. */
export const endpointsSchema = z.strictObject({
  ...connectionFields,
  charsPerToken: z
    .union([charsPerToken, z.record(z.string(), charsPerToken)])
    .optional()
    .meta({
      description: "Characters of filler text that make a token, of all models or by the scenario's name of each",
    }),
  endpoints: z.record(
    z.string(),
    z.union([
      z.string(),
      z.strictObject({
        url: z.string(),
        roundTrip: durationMs.default(0).meta({ description: "Network round trip from here that latencies contain" }),
        ...connectionFields,
      }),
    ]),
  ),
});

export type EndpointsInput = z.output<typeof endpointsSchema>;
/** What a file says of all its endpoints, or of one. */
type ConnectionInput = Pick<EndpointsInput, "api" | "auth" | "keyFrom" | "models" | "firstToken">;

/** The settings of adapters that are given here, by name. */
function settingsIn(said: ConnectionInput): AdapterSettings {
  const values = said as Readonly<Record<string, unknown>>;
  const names = new Set(adapters.flatMap((adapter) => Object.keys(adapter.settings)));
  return Object.fromEntries(
    [...names].flatMap((name) =>
      values[name] === undefined ? [] : [[name, values[name] as string | number] as const],
    ),
  );
}

/** Settings of the same name in several adapters take what any of them takes. */
function settingsOfAdapters(): Readonly<Record<string, z.ZodType>> {
  const byName = new Map<string, AdapterSetting[]>();
  for (const { settings } of adapters) {
    for (const [name, setting] of Object.entries(settings)) byName.set(name, [...(byName.get(name) ?? []), setting]);
  }
  return Object.fromEntries(
    [...byName].map(([name, settings]) => {
      const [first, ...others] = settings.map(schemaOf);
      const schema = others.length === 0 ? first! : z.union([first!, ...others]);
      return [name, schema.optional().meta({ description: settings[0]!.description })];
    }),
  );
}

function schemaOf(setting: AdapterSetting): z.ZodType {
  return setting.kind === "choice" ? z.enum(setting.choices) : z.number().min(setting.min).max(setting.max);
}
