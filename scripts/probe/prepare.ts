/**
 * Finds out what a probe will call, where in each region, with which identity and at what price, before the first call.
 */
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { type EndpointWay, nameAtEndpoint } from "../../simulator/bench/make-plan.ts";
import { createPriceBook } from "../../simulator/service/pricing/price-book.ts";
import type { TokenPricesUsdPerMTok } from "../../simulator/service/pricing/prices.ts";
import type { ProfileData } from "../../simulator/service/profiles.ts";
import { guardEndpoint, loadEndpoints, type Resolve } from "../bench/endpoints-file.ts";
import { prepareExperiment } from "../io/experiment.ts";
import { loadReference } from "../io/reference.ts";
import type { CallerOptions } from "./caller.ts";
import { findIdentity, type Identity, identityOf } from "./identity.ts";
import type { ProbeTarget } from "./run-probe.ts";
import { FREE_OF_CHARGE, priceOfCall } from "./spending.ts";

/** What a probe is asked to look at. */
export interface ProbeSettings {
  readonly scenario: string | undefined;
  readonly regions: readonly string[];
  readonly models: readonly string[];
  readonly endpointUrl: string | undefined;
  /** Endpoints file. */
  readonly endpoints: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly profile: string | undefined;
  readonly prices: Pick<TokenPricesUsdPerMTok, "input" | "output"> | undefined;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** All that can be known before the first call. */
export interface PreparedProbe {
  readonly placeOf: ReadonlyMap<string, Place>;
  /** How to call a region's endpoint. */
  callerOf(region: string): CallerOptions;
  readonly targets: readonly ProbeTarget[];
  /** Where the prices are from; empty where all calls are free. */
  readonly priceSources: readonly string[];
  /** Inference profiles that offer a model in a region. */
  profilesOf(model: string, region: string): readonly string[];
}

/**
 * Finds out what is to be called, where, with which identity and at what price.
 *
 * @throws MeridianError usage, environment: each with what to add
 */
export async function prepareProbe(settings: ProbeSettings): Promise<PreparedProbe> {
  const calls = await callsOf(settings);
  const regions = [...new Set(calls.map(({ region }) => region))];
  const places = await placesOf({ ...settings, regions });
  const placeOf = new Map(places.map((place) => [place.region, place]));
  const { prices, profiles, models } = await loadReference();
  const facts = { book: createPriceBook({ data: prices }), profiles, models };
  const targets: ProbeTarget[] = [];
  const priceSources = new Set<string>();
  for (const { region, model, name = model, id = model } of calls) {
    const { isLoopback: isFree, names } = placeOf.get(region)!;
    const calledAs = nameAtEndpoint(names, { name, id, calledId: model }) ?? model;
    const { inputTokens, outputTokens } = settings;
    const call = { region, model, inputTokens, outputTokens };
    const price = isFree ? FREE_OF_CHARGE : priceOfCall(call, facts, settings.prices);
    if (!isFree) priceSources.add(price.derivation);
    targets.push({ region, model, calledAs, worstUsd: price.worstUsd, costUsd: price.costUsd });
  }
  return {
    placeOf,
    targets,
    priceSources: [...priceSources],
    callerOf: (region) => {
      const { url, allowedHosts, isLoopback, identity } = placeOf.get(region)!;
      return { region, url, allowedHosts, wishes: isLoopback, identity: identity.config, redact: identity.redact };
    },
    profilesOf: (model, region) => profilesOf(profiles, model, region),
  };
}

interface Call {
  readonly region: string;
  readonly model: string;
  /** The scenario's name of the model, and the model behind a profile. */
  readonly name?: string;
  readonly id?: string;
}

/** Every region with every model, or those that a scenario calls, in its order. */
async function callsOf(settings: ProbeSettings): Promise<readonly Call[]> {
  const { scenario, models } = settings;
  if (scenario !== undefined) return scenarioCalls(scenario, settings);
  refuseSwallowed(settings);
  const regions = await regionsOf(settings);
  const problems: Problem[] = [
    ...(regions.length === 0 ? [NO_REGION] : []),
    ...(models.length === 0 ? [NO_MODEL] : []),
  ];
  if (problems.length > 0) throw new MeridianError("usage", problems);
  return regions.flatMap((region) => [...new Set(models)].map((model) => ({ region, model })));
}

/** `--region a b.yaml` takes the file for a region. */
function refuseSwallowed({ regions, models }: ProbeSettings): void {
  for (const [option, values] of [
    ["--region", regions],
    ["--model", models],
  ] as const) {
    const file = values.find((value) => /\.ya?ml$/.test(value));
    if (file === undefined) continue;
    const what = `"${file}" is taken for a value of ${option}`;
    const fix = `put the scenario before ${option}, which takes every word up to the next option`;
    throw new MeridianError("usage", { code: "PROBE_SCENARIO_SWALLOWED", what, where: option, fix });
  }
}

async function regionsOf({ regions, endpoints, allowedHosts, env }: ProbeSettings): Promise<readonly string[]> {
  if (regions.length > 0) return [...new Set(regions)];
  if (endpoints !== undefined) {
    return [...(await loadEndpoints(endpoints, { regions: [], allowedHosts, env })).urlOfRegion.keys()];
  }
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION;
  return region ? [region] : [];
}

/** Targets that are fetched later (batch) or bought by the hour under a name of the scenario's own cannot be probed. */
async function scenarioCalls(file: string, { regions, models }: ProbeSettings): Promise<readonly Call[]> {
  const { plan } = (await prepareExperiment(file, { overrides: [], strategies: [] })).inputs;
  const calls = new Map<string, Call>();
  for (const { region: index, calledIds, isAsync, route } of plan.targets) {
    const region = plan.regionNames[index]!;
    if (isAsync || route === "provisioned" || (regions.length > 0 && !regions.includes(region))) continue;
    for (const [m, model] of calledIds.entries()) {
      if (model === null || (models.length > 0 && !models.includes(model))) continue;
      const { name, id } = plan.models[m]!;
      calls.set(`${region} ${model}`, { region, model, name, id });
    }
  }
  if (calls.size > 0) return [...calls.values()];
  throw new MeridianError("usage", {
    code: "PROBE_NOTHING_TO_CALL",
    what: "no target of the scenario is left to probe",
    where: file,
    fix: "check --region and --model against its targets: meridian check shows that it is valid, not what is in it",
  });
}

function profilesOf(data: ProfileData, model: string, region: string): readonly string[] {
  return data.profiles
    .filter((record) => record.modelId === model && record.historical !== true)
    .filter((record) =>
      record.kind === "global"
        ? record.sourceRegions.includes(region)
        : Object.hasOwn(record.destinationsBySource, region),
    )
    .map(({ profileId }) => profileId);
}

const NO_REGION: Problem = {
  code: "PROBE_WITHOUT_REGION",
  what: "no region is named",
  where: "--region",
  fix: "add --region us-east-1, set AWS_REGION, or name a scenario",
};

const NO_MODEL: Problem = {
  code: "PROBE_WITHOUT_MODEL",
  what: "no model is named",
  where: "--model",
  fix: "add --model with the id of a model or an inference profile, such as us.amazon.nova-lite-v1:0, or name a scenario",
};

/** Where a region is called, and with which identity. */
export interface Place {
  readonly region: string;
  /** Scheme, host and port, and the path that calls stand below, where there is one. */
  readonly url: string;
  readonly host: string;
  /** Hosts beyond loopback that a connection may lead to. */
  readonly allowedHosts: readonly string[];
  /** On this machine: calls are free, and the length of answers may be requested. */
  readonly isLoopback: boolean;
  readonly identity: Identity;
  /** What models are called there, where it is not their own id. */
  readonly names: EndpointWay["models"];
}

export interface PlaceOptions {
  readonly regions: readonly string[];
  /** Endpoints file, as `meridian bench --target` reads it, with the credentials that it asks for. */
  readonly endpoints: string | undefined;
  /** `--endpoint-url`, for all regions; undefined leaves it to the SDK. */
  readonly endpointUrl: string | undefined;
  readonly profile: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly resolve?: Resolve | undefined;
}

const IDENTITY_LIMIT_MS = 20_000;

/**
 * The endpoint of each region: of the endpoints file, `--endpoint-url`, else as the AWS SDK finds it from environment,
 * profile and partition; with the file's credentials, else those that the SDK finds.
 *
 * @throws MeridianError usage for a URL that is none or leads where nothing is called; environment without credentials
 */
export async function placesOf(options: PlaceOptions): Promise<readonly Place[]> {
  const places = options.endpoints === undefined ? await sdkPlaces(options) : await filePlaces(options);
  const open = places.find(
    ({ url, isLoopback, identity }) => identity.isApiKey && !isLoopback && !url.startsWith("https:"),
  );
  if (open !== undefined) throw new MeridianError("usage", keyInTheClear(open.url));
  return places;
}

async function sdkPlaces(options: PlaceOptions): Promise<readonly Place[]> {
  const { regions, endpointUrl, profile, allowedHosts, env, resolve } = options;
  const find = () => findIdentity({ env, profile, instanceMetadata: true, limitMs: IDENTITY_LIMIT_MS });
  if (endpointUrl !== undefined) {
    const guarded = await guard(endpointUrl, "--endpoint-url", options);
    const identity = await find().catch((error: unknown) => {
      // An emulator may want none; if it does, its refusal says whose it wants.
      if (guarded.isLoopback && error instanceof MeridianError && error.kind === "environment") return identityOf({});
      throw error;
    });
    return regions.map((region) => ({ ...guarded, region, url: guarded.origin, identity, names: {} }));
  }
  // With it comes the SDK, which other verbs do not need.
  const { bedrockEndpoints } = await import("../bench/bedrock/endpoints.ts");
  const endpoints = await bedrockEndpoints({ regions, profile, allowedHosts, resolve });
  const identity = await find();
  return endpoints.map(({ region, url, host, isLoopback }) => {
    return { region, url, host, isLoopback, allowedHosts: [...allowedHosts, host], identity, names: {} };
  });
}

async function filePlaces(options: PlaceOptions): Promise<readonly Place[]> {
  const { regions, allowedHosts, env, resolve } = options;
  const file = options.endpoints!;
  const set = await loadEndpoints(file, { regions, allowedHosts, env, ...(resolve === undefined ? {} : { resolve }) });
  const places: Place[] = [];
  for (const region of regions) {
    const { api, auth, models } = set.waysOfRegion.get(region)!;
    if (api !== "bedrock") throw new MeridianError("usage", otherApi(api, region, file));
    const url = set.urlOfRegion.get(region)!;
    const { host, isLoopback } = await guard(new URL(url).origin, region, options);
    // Each region its own: a key of one endpoint is nothing for another.
    const identity = identityOf(variablesOf(auth, env));
    places.push({ region, url, host, isLoopback, allowedHosts, identity, names: models });
  }
  return places;
}

/** By the SDK's names, whatever variable the file takes a key from. */
function variablesOf(auth: EndpointWay["auth"], env: PlaceOptions["env"]): Readonly<Record<string, string>> {
  if (auth.kind === "none") return {};
  const names: readonly (readonly [sdk: string, from: string])[] =
    auth.kind === "api-key"
      ? [["AWS_BEARER_TOKEN_BEDROCK", auth.variable]]
      : ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].map((name) => [name, name] as const);
  return Object.fromEntries(names.flatMap(([name, from]) => (env[from] ? [[name, env[from]] as const] : [])));
}

async function guard(text: string, where: string, options: PlaceOptions) {
  const { allowedHosts, resolve } = options;
  const endpoint = await guardEndpoint(text, where, allowedHosts, resolve);
  if ("code" in endpoint) throw new MeridianError("usage", endpoint);
  const { url: origin, host, isLoopback } = endpoint;
  return { origin, host, isLoopback, allowedHosts };
}

/** An API key is the secret itself. */
function keyInTheClear(where: string): Problem {
  return {
    code: "ENDPOINT_PLAIN_HTTP",
    what: "an API key would travel in the clear",
    where,
    fix: "use https, or credentials that sign (unset AWS_BEARER_TOKEN_BEDROCK)",
  };
}

function otherApi(api: string, region: string, file: string): Problem {
  return {
    code: "PROBE_API",
    what: `a probe speaks Bedrock's own API, and ${region} speaks ${api}`,
    where: file,
    fix: "name other regions with --region; meridian bench speaks to this one",
  };
}
