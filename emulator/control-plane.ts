/** Bedrock's control plane as far as routing needs it: models, system profiles and application profiles. */
import { createHash } from "node:crypto";
import { ServiceError } from "./http/errors.ts";
import {
  asList,
  asObject,
  asText,
  ConstraintList,
  type JsonObject,
  optional,
  parseJsonObject,
} from "./http/request-body.ts";
import type { ControlOperation } from "./http/router.ts";
import { type Catalog, destinationsOf, type ModelInfo, type ProfileInfo, providerOf } from "./model/catalog.ts";

/** A request of the control plane. */
export interface ControlRequest {
  readonly operation: ControlOperation;
  readonly id: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
}

/** The control plane of a fleet. */
export interface ControlPlane {
  /** @throws ServiceError as the service would */
  handle(request: ControlRequest, region: string): { readonly status: number; readonly body: object };
}

const SYSTEM_CREATED_AT = "2026-01-01T00:00:00Z";

/**
 * Creates the control plane over a fleet's catalogue and application profiles.
 * Source: botocore service model `bedrock` 2023-04-20; Amazon Bedrock API reference.
 */
export function createControlPlane(
  catalog: Catalog,
  applicationProfiles: ApplicationProfiles,
  accountId: string,
): ControlPlane {
  const systemItem = (profile: ProfileInfo, region: string) =>
    systemProfileSummary(catalog, profile, region, accountId);
  const applicationItem = (profile: ApplicationProfile) => applicationProfileSummary(catalog, profile);

  function listProfiles(query: URLSearchParams, region: string): object {
    const type = query.get("type") ?? query.get("typeEquals") ?? "SYSTEM_DEFINED";
    const constraints = new ConstraintList();
    const known = type === "SYSTEM_DEFINED" || type === "APPLICATION";
    constraints.check(known, type, "type", "Member must satisfy enum value set: [SYSTEM_DEFINED, APPLICATION]");
    constraints.throwIfAny();
    const items =
      type === "APPLICATION"
        ? applicationProfiles.list(region).map(applicationItem)
        : catalog.data.profiles
            .filter((profile) => destinationsOf(profile, region) !== undefined)
            .map((profile) => systemItem(profile, region));
    const { page, nextToken } = pageOf(items, query);
    return { inferenceProfileSummaries: page, ...(nextToken === undefined ? {} : { nextToken }) };
  }

  function getProfile(id: string, region: string): object {
    const bareId = id.replace(/^arn:aws[a-z-]*:bedrock:[a-z0-9-]*:\d{12}:inference-profile\//, "");
    const system = catalog.profile(bareId);
    if (system !== undefined && destinationsOf(system, region) !== undefined) return systemItem(system, region);
    return applicationItem(applicationProfiles.get(id, region));
  }

  return {
    handle({ operation, id, query, body }, region) {
      switch (operation) {
        case "ListInferenceProfiles":
          return { status: 200, body: listProfiles(query, region) };
        case "GetInferenceProfile":
          return { status: 200, body: getProfile(id, region) };
        case "CreateInferenceProfile": {
          const profile = applicationProfiles.create(parseJsonObject(body, brokenJson), region);
          return { status: 201, body: { inferenceProfileArn: profile.arn, status: "ACTIVE" } };
        }
        case "DeleteInferenceProfile":
          if (catalog.profile(id) !== undefined) {
            throw new ServiceError("ValidationException", "System-defined inference profiles cannot be deleted.");
          }
          applicationProfiles.delete(id, region);
          return { status: 200, body: {} };
        case "ListFoundationModels":
          return { status: 200, body: { modelSummaries: listModels(catalog, query, region) } };
        case "GetFoundationModel": {
          const model = catalog.model(bareModelId(id, region));
          if (model === undefined || !isOffered(catalog, model, region)) {
            throw new ServiceError(
              "ResourceNotFoundException",
              "Could not resolve the foundation model from the provided model identifier.",
            );
          }
          return { status: 200, body: { modelDetails: modelSummary(model, region) } };
        }
      }
    },
  };
}

/** Filters of ListFoundationModels and their values. Every model here answers with text; none can be customised. */
const MODEL_FILTERS = {
  byCustomizationType: ["FINE_TUNING", "CONTINUED_PRE_TRAINING", "DISTILLATION"],
  byInferenceType: ["ON_DEMAND", "PROVISIONED", "INFERENCE_PROFILE"],
  byOutputModality: ["TEXT", "IMAGE", "EMBEDDING"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

function listModels(catalog: Catalog, query: URLSearchParams, region: string): object[] {
  const constraints = new ConstraintList();
  for (const [name, values] of Object.entries<readonly string[]>(MODEL_FILTERS)) {
    const value = query.get(name);
    const rule = `Member must satisfy enum value set: [${values.join(", ")}]`;
    constraints.check(value === null || values.includes(value), value, name, rule);
  }
  constraints.throwIfAny();
  if (query.has("byCustomizationType") || (query.get("byOutputModality") ?? "TEXT") !== "TEXT") return [];
  const provider = query.get("byProvider")?.toLowerCase();
  const inference = query.get("byInferenceType");
  return catalog.data.models
    .filter((model) => isOffered(catalog, model, region))
    .filter((model) => provider === undefined || providerOf(model.modelId) === provider)
    .filter((model) => inference === null || inferenceTypeOf(model, region) === inference)
    .map((model) => modelSummary(model, region));
}

function inferenceTypeOf(model: ModelInfo, region: string): "ON_DEMAND" | "INFERENCE_PROFILE" {
  return model.onDemandRegions.includes(region) ? "ON_DEMAND" : "INFERENCE_PROFILE";
}

/** The id in a model's ARN of this region; any other text as it is. */
function bareModelId(id: string, region: string): string {
  const beginning = modelArn(region, "");
  return id.startsWith(beginning) ? id.slice(beginning.length) : id;
}

function isOffered(catalog: Catalog, model: ModelInfo, region: string): boolean {
  return (
    model.onDemandRegions.includes(region) ||
    catalog.data.profiles.some(
      (profile) => profile.modelId === model.modelId && destinationsOf(profile, region) !== undefined,
    )
  );
}

function modelSummary(model: ModelInfo, region: string): object {
  const provider = providerOf(model.modelId);
  return {
    modelArn: modelArn(region, model.modelId),
    modelId: model.modelId,
    modelName: model.modelName,
    providerName: `${provider[0]?.toUpperCase() ?? ""}${provider.slice(1)}`,
    inputModalities: ["TEXT"],
    outputModalities: ["TEXT"],
    responseStreamingSupported: true,
    customizationsSupported: [],
    inferenceTypesSupported: [inferenceTypeOf(model, region)],
    modelLifecycle: { status: "ACTIVE" },
  };
}

function systemProfileSummary(catalog: Catalog, profile: ProfileInfo, region: string, accountId: string): object {
  const name = catalog.model(profile.modelId)?.modelName ?? profile.modelId;
  const prefix = profile.profileId.slice(0, profile.profileId.indexOf("."));
  // A global profile lists the source region's model and one without a region.
  const regions = profile.kind === "global" ? [region, ""] : (destinationsOf(profile, region) ?? []);
  return {
    inferenceProfileName: `${prefix.toUpperCase()} ${name}`,
    description: `Routes requests to ${name} in ${regions.filter((name) => name !== "").join(", ")}.`,
    createdAt: SYSTEM_CREATED_AT,
    updatedAt: SYSTEM_CREATED_AT,
    inferenceProfileArn: `arn:aws:bedrock:${region}:${accountId}:inference-profile/${profile.profileId}`,
    models: regions.map((name) => ({ modelArn: modelArn(name, profile.modelId) })),
    inferenceProfileId: profile.profileId,
    status: "ACTIVE",
    type: "SYSTEM_DEFINED",
  };
}

function applicationProfileSummary(catalog: Catalog, profile: ApplicationProfile): object {
  const { model, destinations } = catalog.resolve(profile.copyFrom, profile.region, () => undefined);
  return {
    inferenceProfileName: profile.name,
    ...(profile.description === undefined ? {} : { description: profile.description }),
    createdAt: profile.createdAt,
    updatedAt: profile.createdAt,
    inferenceProfileArn: profile.arn,
    models: destinations.map((name) => ({ modelArn: modelArn(name, model.modelId) })),
    inferenceProfileId: profile.id,
    status: "ACTIVE",
    type: "APPLICATION",
  };
}

function modelArn(region: string, modelId: string): string {
  return `arn:aws:bedrock:${region}::foundation-model/${modelId}`;
}

function pageOf(items: readonly object[], query: URLSearchParams): { page: readonly object[]; nextToken?: string } {
  const size = Number(query.get("maxResults") ?? 1000);
  const constraints = new ConstraintList();
  const isValid = Number.isInteger(size) && size >= 1 && size <= 1000;
  constraints.check(
    isValid,
    query.get("maxResults"),
    "maxResults",
    "Member must have value between 1 and 1000, inclusive",
  );
  constraints.throwIfAny();
  const token = query.get("nextToken") ?? "0";
  if (!/^\d{1,6}$/.test(token)) throw new ServiceError("ValidationException", "The nextToken is not valid.");
  const start = Number(token);
  const page = items.slice(start, start + size);
  return start + size < items.length ? { page, nextToken: String(start + size) } : { page };
}

function brokenJson(): ServiceError {
  return new ServiceError("SerializationException", "Unable to parse the request body: it is not a JSON object.");
}

/** A user-defined profile: a name and tags for a model or system profile. */
interface ApplicationProfile {
  readonly id: string;
  readonly arn: string;
  readonly region: string;
  readonly name: string;
  readonly description: string | undefined;
  /** Id of the model or system profile behind it. */
  readonly copyFrom: string;
  readonly createdAt: string;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
}

/** Application profiles of an account, by region. Kept in memory for the lifetime of the fleet. */
export interface ApplicationProfiles {
  /** @throws ServiceError ValidationException, ServiceQuotaExceededException */
  create(body: JsonObject, region: string): ApplicationProfile;
  /** By id or ARN. @throws ServiceError ResourceNotFoundException */
  get(idOrArn: string, region: string): ApplicationProfile;
  delete(idOrArn: string, region: string): void;
  list(region: string): readonly ApplicationProfile[];
  /** The model or system profile behind an application profile; undefined for any other id. */
  lookup(idOrArn: string, region: string): string | undefined;
}

const MAX_PROFILES = 1000;
const NAME = /^[0-9a-zA-Z][0-9a-zA-Z _-]{0,63}$/;

/** @returns an empty store of application profiles */
export function createApplicationProfiles(catalog: Catalog, accountId: string): ApplicationProfiles {
  const byArn = new Map<string, ApplicationProfile>();
  const arnByToken = new Map<string, string>();
  let created = 0;

  const arnOf = (idOrArn: string, region: string): string =>
    idOrArn.startsWith("arn:")
      ? idOrArn
      : `arn:aws:bedrock:${region}:${accountId}:application-inference-profile/${idOrArn}`;

  function find(idOrArn: string, region: string): ApplicationProfile | undefined {
    const profile = byArn.get(arnOf(idOrArn, region));
    return profile?.region === region ? profile : undefined;
  }

  function get(idOrArn: string, region: string): ApplicationProfile {
    const profile = find(idOrArn, region);
    if (profile === undefined) throw new ServiceError("ResourceNotFoundException", "Inference profile not found.");
    return profile;
  }

  return {
    get,
    lookup: (idOrArn, region) => find(idOrArn, region)?.copyFrom,
    list: (region) => [...byArn.values()].filter((profile) => profile.region === region),
    delete(idOrArn, region) {
      byArn.delete(get(idOrArn, region).arn);
    },
    create(body, region) {
      const token = optional(body.clientRequestToken, asText);
      const before = token === undefined ? undefined : byArn.get(arnByToken.get(`${region} ${token}`) ?? "");
      if (before !== undefined) return before;
      const { name, copyFrom, description, tags } = readCreateRequest(body);
      const source = sourceId(catalog, copyFrom, region);
      if (byArn.size >= MAX_PROFILES) throw new ServiceError("ServiceQuotaExceededException");
      const id = createHash("sha256").update(`${region} ${name} ${created++}`).digest("hex").slice(0, 12);
      const createdAt = new Date().toISOString();
      const profile = { id, arn: arnOf(id, region), region, name, description, copyFrom: source, createdAt, tags };
      byArn.set(profile.arn, profile);
      if (token !== undefined) arnByToken.set(`${region} ${token}`, profile.arn);
      return profile;
    },
  };
}

function readCreateRequest(body: JsonObject): Pick<ApplicationProfile, "name" | "description" | "copyFrom" | "tags"> {
  const name = optional(body.inferenceProfileName, asText) ?? "";
  const copyFrom = optional(optional(body.modelSource, asObject)?.copyFrom, asText) ?? "";
  const description = optional(body.description, asText);
  const constraints = new ConstraintList();
  const nameRule = "Member must satisfy regular expression pattern: ([0-9a-zA-Z][ _-]?)+";
  constraints.check(NAME.test(name), name, "inferenceProfileName", nameRule);
  constraints.check(copyFrom.startsWith("arn:"), copyFrom, "modelSource.copyFrom", "Member must be an ARN");
  constraints.check(
    (description ?? "x").length >= 1,
    description,
    "description",
    "Member must have length greater than or equal to 1",
  );
  constraints.throwIfAny();
  const tags = (optional(body.tags, asList) ?? []).map((value) => {
    const tag = asObject(value);
    return { key: asText(tag.key), value: asText(tag.value) };
  });
  return { name, description, copyFrom, tags };
}

/** The source of a profile must be an on-demand model or a system profile, given by its ARN in this region. */
function sourceId(catalog: Catalog, arn: string, region: string): string {
  const { profile, model } = catalog.resolve(arn, region, () => undefined);
  return profile?.profileId ?? model.modelId;
}
