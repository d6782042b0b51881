import { ServiceError } from "./errors.ts";

/** A model as the emulated service sells it. */
export interface ModelInfo {
  /** E.g. `anthropic.claude-sonnet-4-5-20250929-v1:0`. */
  readonly modelId: string;
  readonly modelName: string;
  /** Regions that sell the bare id on demand; elsewhere it is to be had through profiles only. */
  readonly onDemandRegions: readonly string[];
  readonly contextTokens: number;
  readonly maxOutputTokens: number;
  /** Output tokens count this often against quotas; 1 where not given. */
  readonly burndown?: number;
}

/** A system-defined inference profile. */
export interface ProfileInfo {
  readonly profileId: string;
  readonly modelId: string;
  readonly kind: "geographic" | "global";
  /** Source region to the regions that may serve it. */
  readonly destinationsBySource: Readonly<Record<string, readonly string[]>>;
}

export interface CatalogData {
  readonly models: readonly ModelInfo[];
  readonly profiles: readonly ProfileInfo[];
}

/** What an id or ARN means at one endpoint. */
export interface ResolvedModel {
  readonly model: ModelInfo;
  /** The system profile, also where an application profile wraps one. */
  readonly profile: ProfileInfo | undefined;
  readonly destinations: readonly string[];
  /** The id as metrics and logs show it: profile id, application profile ARN or model id. */
  readonly shownId: string;
}

/** Where an application profile's ARN leads; the store of such profiles lives beside the control plane. */
export type ApplicationProfileLookup = (idOrArn: string, region: string) => string | undefined;

export interface Catalog {
  readonly data: CatalogData;
  model(modelId: string): ModelInfo | undefined;
  profile(profileId: string): ProfileInfo | undefined;
  /**
   * @throws ServiceError ValidationException for an unknown id, an ARN of another region, a profile that this region
   *         does not offer, and a bare id that is sold through profiles only
   */
  resolve(idOrArn: string, region: string, lookup: ApplicationProfileLookup): ResolvedModel;
}

const ARN = /^arn:aws(?:-[a-z-]+)?:bedrock:([a-z0-9-]{0,25}):(\d{12})?:([a-z-]+)\/(.{1,500})$/;

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
    const sold = data.profiles.some(
      (profile) => profile.modelId === model.modelId && destinationsOf(profile, region) !== undefined,
    );
    if (!sold) return invalidModel();
    return new ServiceError(
      "ValidationException",
      `Invocation of model ID ${model.modelId} with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.`,
    );
  }

  return { data, model: (modelId) => models.get(modelId), profile: (id) => profiles.get(id), resolve };
}

/** Regions that may serve a profile called from `region`; undefined if it is not offered there. */
export function destinationsOf(profile: ProfileInfo, region: string): readonly string[] | undefined {
  const destinations = Object.hasOwn(profile.destinationsBySource, region)
    ? profile.destinationsBySource[region]
    : undefined;
  return destinations === undefined || destinations.length === 0 ? undefined : destinations;
}

export function invalidModel(): ServiceError {
  return new ServiceError("ValidationException", "The provided model identifier is invalid.");
}

/** The part of a model id before its first dot, e.g. `anthropic`. */
export function providerOf(modelId: string): string {
  const dot = modelId.indexOf(".");
  return dot < 0 ? modelId : modelId.slice(0, dot);
}
