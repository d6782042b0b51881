import { createHash } from "node:crypto";
import type { Catalog } from "../catalog.ts";
import { ServiceError } from "../errors.ts";
import { asList, asObject, asText, ConstraintList, type JsonObject, optional } from "../shape.ts";

/** A profile that a user made: a name, and tags, for a model or a system profile that it copies. */
export interface ApplicationProfile {
  readonly id: string;
  readonly arn: string;
  readonly region: string;
  readonly name: string;
  readonly description: string | undefined;
  /** Id of the model or system profile. */
  readonly copyFrom: string;
  readonly createdAt: string;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
}

/** Application profiles of an account, by region. In memory: they live as long as the fleet. */
export interface ApplicationProfiles {
  /** @throws ServiceError ValidationException, ServiceQuotaExceededException */
  create(body: JsonObject, region: string): ApplicationProfile;
  /** By id or ARN. @throws ServiceError ResourceNotFoundException */
  get(idOrArn: string, region: string): ApplicationProfile;
  delete(idOrArn: string, region: string): void;
  list(region: string): readonly ApplicationProfile[];
  /** The id that a profile copies; undefined for what is no application profile here. */
  lookup(idOrArn: string, region: string): string | undefined;
}

const MAX_PROFILES = 1000;
const NAME = /^[0-9a-zA-Z][0-9a-zA-Z _-]{0,63}$/;

export function createApplicationProfiles(catalog: Catalog, accountId: string): ApplicationProfiles {
  const byArn = new Map<string, ApplicationProfile>();
  const arnByToken = new Map<string, string>();
  let made = 0;

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
      const { name, copyFrom, description, tags } = readRequest(body);
      const source = sourceId(catalog, copyFrom, region);
      if (byArn.size >= MAX_PROFILES) throw new ServiceError("ServiceQuotaExceededException");
      const id = createHash("sha256").update(`${region} ${name} ${made++}`).digest("hex").slice(0, 12);
      const createdAt = new Date().toISOString();
      const profile = { id, arn: arnOf(id, region), region, name, description, copyFrom: source, createdAt, tags };
      byArn.set(profile.arn, profile);
      if (token !== undefined) arnByToken.set(`${region} ${token}`, profile.arn);
      return profile;
    },
  };
}

function readRequest(body: JsonObject): Pick<ApplicationProfile, "name" | "description" | "copyFrom" | "tags"> {
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

/** A profile may copy a model that is sold on demand or a system profile, both by ARN of this region. */
function sourceId(catalog: Catalog, arn: string, region: string): string {
  const { profile, model } = catalog.resolve(arn, region, () => undefined);
  return profile?.profileId ?? model.modelId;
}
