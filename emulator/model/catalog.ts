/** Models and inference profiles: what is offered where, a default catalogue, and the one of a scenario. */
import type { Plan } from "../../simulator/scenario/plan.ts";
import { ServiceError } from "../http/errors.ts";
import { bundledFacts, type ModelRules, rulesOf } from "./facts.ts";

/** A model as the emulated service offers it. */
export interface ModelInfo extends ModelRules {
  /** E.g. `anthropic.claude-sonnet-4-5-20250929-v1:0`. */
  readonly modelId: string;
  readonly modelName: string;
  /** Regions that offer the bare id on demand; elsewhere the model is reached through profiles only. */
  readonly onDemandRegions: readonly string[];
  /** Largest answer, and what an unset max_tokens reserves. */
  readonly maxOutputTokens: number;
  /** Quota tokens per output token. */
  readonly burndown: number;
}

/** A system-defined inference profile. */
export interface ProfileInfo {
  readonly profileId: string;
  readonly modelId: string;
  readonly kind: "geographic" | "global";
  /** Regions that may serve a call, by source region. */
  readonly destinationsBySource: Readonly<Record<string, readonly string[]>>;
}

/** Everything a fleet offers. */
export interface CatalogData {
  readonly models: readonly ModelInfo[];
  readonly profiles: readonly ProfileInfo[];
}

/** What an id or ARN refers to at one endpoint. */
export interface ResolvedModel {
  readonly model: ModelInfo;
  /** The system profile, directly or through an application profile. */
  readonly profile: ProfileInfo | undefined;
  readonly destinations: readonly string[];
  /** The id in metrics and logs: profile id, application profile ARN or model id. */
  readonly shownId: string;
}

/** The model or profile id behind an application profile's id or ARN; undefined for other ids. */
export type ApplicationProfileLookup = (idOrArn: string, region: string) => string | undefined;

/** A catalogue with lookups. */
export interface Catalog {
  readonly data: CatalogData;
  model(modelId: string): ModelInfo | undefined;
  profile(profileId: string): ProfileInfo | undefined;
  /**
   * Resolves an id or ARN as the endpoint of `region` would.
   *
   * @throws ServiceError ValidationException for an unknown id, an ARN of another region, a profile that this region
   *         does not offer, and a bare id that is offered through profiles only
   */
  resolve(idOrArn: string, region: string, lookup: ApplicationProfileLookup): ResolvedModel;
}

const ARN = /^arn:aws(?:-[a-z-]+)?:bedrock:([a-z0-9-]{0,25}):(\d{12})?:([a-z-]+)\/(.{1,500})$/;

/** @returns a catalogue whose `resolve` answers as the service does */
export function createCatalog(data: CatalogData): Catalog {
  const models = new Map(data.models.map((model) => [model.modelId, model]));
  const profiles = new Map(data.profiles.map((profile) => [profile.profileId, profile]));

  function resolve(idOrArn: string, region: string, lookup: ApplicationProfileLookup): ResolvedModel {
    const copied = lookup(idOrArn, region);
    if (copied !== undefined) return { ...resolve(copied, region, () => undefined), shownId: idOrArn };
    const arn = ARN.exec(idOrArn);
    if (arn !== null && arn[1] !== region) throw invalidModel();
    if (arn !== null && arn[3] !== "foundation-model" && arn[3] !== "inference-profile") {
      throw new ServiceError("ResourceNotFoundException", "The specified resource was not found.");
    }
    const id = arn === null ? idOrArn : arn[4]!;
    const profile = profiles.get(id);
    if (profile !== undefined) return throughProfile(profile, region);
    const model = models.get(id);
    if (model === undefined) throw invalidModel();
    if (!model.onDemandRegions.includes(region)) throw notOnDemand(model, region);
    return { model, profile: undefined, destinations: [region], shownId: model.modelId };
  }

  function throughProfile(profile: ProfileInfo, region: string): ResolvedModel {
    const destinations = destinationsOf(profile, region);
    const model = models.get(profile.modelId);
    if (destinations === undefined || model === undefined) throw invalidModel();
    return { model, profile, destinations, shownId: profile.profileId };
  }

  function notOnDemand(model: ModelInfo, region: string): ServiceError {
    const isOffered = data.profiles.some(
      (profile) => profile.modelId === model.modelId && destinationsOf(profile, region) !== undefined,
    );
    if (!isOffered) return invalidModel();
    return new ServiceError(
      "ValidationException",
      `Invocation of model ID ${model.modelId} with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.`,
    );
  }

  return { data, model: (modelId) => models.get(modelId), profile: (id) => profiles.get(id), resolve };
}

/** @returns the regions that may serve a profile called in `region`; undefined if it is not offered there */
export function destinationsOf(profile: ProfileInfo, region: string): readonly string[] | undefined {
  const destinations = Object.hasOwn(profile.destinationsBySource, region)
    ? profile.destinationsBySource[region]
    : undefined;
  return destinations === undefined || destinations.length === 0 ? undefined : destinations;
}

/** The service's error for an unknown model or profile id. */
export function invalidModel(): ServiceError {
  return new ServiceError("ValidationException", "The provided model identifier is invalid.");
}

/** The part of a model id before its first dot, e.g. `anthropic`. */
export function providerOf(modelId: string): string {
  const dot = modelId.indexOf(".");
  return dot < 0 ? modelId : modelId.slice(0, dot);
}

/**
 * Source regions and destinations of the default profiles.
 * Source: ListInferenceProfiles output collected per region, 2026-08-21. Limits come from the table of model facts.
 */
const US = ["us-east-1", "us-east-2", "us-west-2"];
const EU = ["eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"];
const EU_NOVA = ["eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3"];
const JP = ["ap-northeast-1", "ap-northeast-3"];
const AU = ["ap-southeast-2", "ap-southeast-4"];
const APAC_SOURCES = ["ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"];
const APAC = [...APAC_SOURCES, "ap-northeast-3"];
const GLOBAL = [
  ...US,
  "us-west-1",
  ...EU,
  "eu-west-2",
  ...JP,
  ...AU,
  "ap-northeast-2",
  "ap-south-1",
  "ap-southeast-1",
  "ca-central-1",
  "sa-east-1",
];

const SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0";
const CLAUDE_3_HAIKU = "anthropic.claude-3-haiku-20240307-v1:0";
const NOVA_PRO = "amazon.nova-pro-v1:0";
const NOVA_LITE = "amazon.nova-lite-v1:0";
const LLAMA = "meta.llama3-3-70b-instruct-v1:0";

/** Limit of models whose maximum output is not known, and their burndown. */
const USUAL = { maxOutputTokens: 64_000, burndown: 1 } as const;

/** The catalogue of a fleet without a scenario: a few models of each body format and their profiles. */
export const DEFAULT_CATALOG: CatalogData = {
  models: [
    model(SONNET, []),
    model(HAIKU, []),
    model(CLAUDE_3_HAIKU, GLOBAL),
    model(NOVA_PRO, ["us-east-1", "us-gov-west-1"]),
    model(NOVA_LITE, ["us-east-1", "us-gov-west-1"]),
    model(LLAMA, ["us-east-2"]),
    model("mistral.mistral-large-2407-v1:0", ["us-west-2"]),
    model("mistral.mistral-7b-instruct-v0:2", GLOBAL),
    model("amazon.titan-text-express-v1", GLOBAL),
    model("cohere.command-r-v1:0", ["us-east-1", "us-west-2"]),
    model("openai.gpt-oss-120b-1:0", GLOBAL),
  ],
  profiles: [
    ...claudeProfiles(SONNET),
    ...claudeProfiles(HAIKU),
    ...novaProfiles(NOVA_PRO),
    ...novaProfiles(NOVA_LITE),
    geographic("us", LLAMA, US, US),
  ],
};

/** Regions in which a fleet without a scenario listens. */
export const DEFAULT_REGIONS = ["us-east-1", "us-west-2", "eu-west-1", "ap-northeast-1", "ap-southeast-2"] as const;

/** Name, limits and rules of a model from the table of model facts. */
function model(modelId: string, onDemandRegions: readonly string[]): ModelInfo {
  const facts = bundledFacts();
  return {
    modelId,
    modelName: facts.nameOf(modelId) ?? modelId,
    onDemandRegions,
    maxOutputTokens: facts.fact(modelId, "maxOutputTokens")?.value ?? USUAL.maxOutputTokens,
    burndown: facts.fact(modelId, "burndown")?.value ?? USUAL.burndown,
    ...rulesOf(modelId),
  };
}

function claudeProfiles(modelId: string): ProfileInfo[] {
  return [
    geographic("us", modelId, [...US, "us-west-1", "ca-central-1"], US),
    geographic("eu", modelId, [...EU, "eu-west-2", "eu-central-2"], EU),
    geographic("jp", modelId, JP, JP),
    geographic("au", modelId, AU, AU),
    { ...geographic("global", modelId, GLOBAL, GLOBAL), kind: "global" },
  ];
}

function novaProfiles(modelId: string): ProfileInfo[] {
  return [
    geographic("us", modelId, [...US, "us-west-1"], US),
    geographic("eu", modelId, EU_NOVA, EU_NOVA),
    geographic("apac", modelId, APAC_SOURCES, APAC),
  ];
}

/** A source outside the core regions is also one of its own destinations. */
function geographic(prefix: string, modelId: string, sources: readonly string[], core: readonly string[]): ProfileInfo {
  const destinationsBySource = Object.fromEntries(
    sources.map((source) => [source, core.includes(source) ? core : [...core, source]]),
  );
  return { profileId: `${prefix}.${modelId}`, modelId, kind: "geographic", destinationsBySource };
}

/**
 * The models and profiles that a scenario's targets call; an id that is offered under several tiers is listed once.
 *
 * @param plan a resolved scenario
 */
export function catalogOf(plan: Plan): CatalogData {
  const profiles = new Map<string, ProfileInfo & { readonly destinationsBySource: Record<string, string[]> }>();
  const onDemand = plan.models.map(() => new Set<string>());
  plan.targets.forEach(({ region, calledIds, isAsync }, target) => {
    if (isAsync) return;
    const source = plan.regionNames[region]!;
    calledIds.forEach((calledId, model) => {
      const route = plan.world.routes[target * plan.models.length + model];
      if (calledId === null || route === null || route === undefined) return;
      const modelId = plan.models[model]!.id;
      if (calledId === modelId) {
        onDemand[model]!.add(source);
        return;
      }
      const kind = calledId.startsWith("global.") ? ("global" as const) : ("geographic" as const);
      const known = profiles.get(calledId) ?? { profileId: calledId, modelId, kind, destinationsBySource: {} };
      profiles.set(calledId, known);
      known.destinationsBySource[source] = route.destinations.map(
        (endpoint) => plan.regionNames[plan.world.endpoints[endpoint]!.region]!,
      );
    });
  });
  const models = plan.models.map((planned, model): ModelInfo => {
    const { id, name, maxOutputTokens, burndown, contextTokens, latencyOptimizedIn } = planned;
    return {
      modelId: id,
      modelName: bundledFacts().nameOf(id) ?? name,
      onDemandRegions: [...onDemand[model]!],
      maxOutputTokens,
      burndown,
      ...rulesOf(id),
      ...statedWindow(id, contextTokens),
      ...(latencyOptimizedIn === undefined ? {} : { latencyOptimizedIn, isLatencyOptimizedAlone: true }),
    };
  });
  return { models: uniqueModels(models), profiles: [...profiles.values()] };
}

/** The context window that a scenario states, where it is not the one of the facts; it holds with and without betas. */
function statedWindow(
  modelId: string,
  contextTokens: number,
): Pick<ModelInfo, "contextTokens" | "extendedContextTokens"> {
  const known = rulesOf(modelId);
  const usual = known.extendedContextTokens ?? known.contextTokens ?? Number.POSITIVE_INFINITY;
  return contextTokens === usual ? {} : { contextTokens, extendedContextTokens: undefined };
}

/** Several models of a scenario may be the same model of the service, with different capacities. */
function uniqueModels(models: readonly ModelInfo[]): readonly ModelInfo[] {
  const byId = new Map<string, ModelInfo>();
  for (const model of models) {
    const known = byId.get(model.modelId);
    const onDemandRegions = [...new Set([...(known?.onDemandRegions ?? []), ...model.onDemandRegions])];
    byId.set(model.modelId, { ...(known ?? model), onDemandRegions });
  }
  return [...byId.values()];
}
