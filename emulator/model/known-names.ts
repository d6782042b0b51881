/** The names that the control pages take: a fault or a policy with a name of nothing would never strike. */
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import { regionDirectory } from "../../simulator/base/regions.ts";
import { ServiceError } from "../http/errors.ts";
import type { CatalogData } from "./catalog.ts";

export interface KnownNames {
  /** Regions in which the fleet listens. */
  readonly endpoints: readonly string[];
  /** Those of AWS, and others that calls may run in. */
  readonly regions: readonly string[];
  /** Ids of models and profiles. */
  readonly models: readonly string[];
}

/**
 * @param data      what the fleet offers
 * @param endpoints regions in which it listens
 * @example knownNamesOf({ models: [], profiles: [] }, ["us-east-1"]).endpoints // => ["us-east-1"]
 */
export function knownNamesOf({ models, profiles }: CatalogData, endpoints: readonly string[]): KnownNames {
  const reached = profiles.flatMap(({ destinationsBySource }) => Object.values(destinationsBySource).flat());
  return {
    endpoints,
    regions: [...new Set([...endpoints, ...reached, ...regionDirectory([]).keys()])],
    models: [...models.map(({ modelId }) => modelId), ...profiles.map(({ profileId }) => profileId)],
  };
}

/**
 * Refuses a name that is not known; undefined is no name.
 *
 * @throws ServiceError ValidationException, with the nearest name and all that are known
 */
export function refuseUnknownName(what: string, name: string | undefined, known: readonly string[]): void {
  if (name === undefined || known.includes(name)) return;
  throw new ServiceError(
    "ValidationException",
    `there is no ${what} ${name.slice(0, 60)}; ${suggestOneOf(name, known)}.`,
  );
}
