import type { ServiceTierName } from "../backend.ts";
import type { CallSettings } from "../prompt.ts";
import { asObject, asText, ConstraintList, type JsonObject, optional } from "../shape.ts";

const TIERS: readonly string[] = ["priority", "default", "flex", "reserved"];
const LATENCIES: readonly string[] = ["standard", "optimized"];
/** Characters that the service allows in metadata keys and values. */
const METADATA_TEXT = /^[a-zA-Z0-9\s:_@$#=/+,.-]*$/;

/** `serviceTier`, `performanceConfig` and `requestMetadata` of a Converse body. */
export function parseConverseSettings(body: JsonObject): CallSettings {
  const tier = optional(body.serviceTier, asObject);
  const performance = optional(body.performanceConfig, asObject);
  return checkSettings({
    tier: tier === undefined ? undefined : asText(tier.type),
    latency: optional(performance?.latency, asText),
    metadata: optional(body.requestMetadata, asObject),
    tierAt: "serviceTier.type",
  });
}

export interface RawSettings {
  readonly tier: string | undefined;
  readonly latency: string | undefined;
  readonly metadata: JsonObject | undefined;
  readonly tierAt: string;
}

/**
 * @throws ServiceError ValidationException naming every broken constraint: unknown tier or latency, more than 16
 *         metadata pairs, keys or values that are too long or have characters outside the allowed set
 */
export function checkSettings(raw: RawSettings): CallSettings {
  const constraints = new ConstraintList();
  const { tier, latency, metadata } = raw;
  const tierValues = `Member must satisfy enum value set: [${TIERS.join(", ")}]`;
  constraints.check(tier === undefined || TIERS.includes(tier), tier, raw.tierAt, tierValues);
  const latencyValues = `Member must satisfy enum value set: [${LATENCIES.join(", ")}]`;
  constraints.check(
    latency === undefined || LATENCIES.includes(latency),
    latency,
    "performanceConfig.latency",
    latencyValues,
  );
  const requestMetadata = checkMetadata(metadata ?? {}, metadata !== undefined, constraints);
  constraints.throwIfAny();
  return {
    requestMetadata,
    serviceTier: tier as ServiceTierName | undefined,
    latency: latency as CallSettings["latency"],
  };
}

function checkMetadata(metadata: JsonObject, given: boolean, constraints: ConstraintList): Record<string, string> {
  const pairs = Object.entries(metadata).map(([key, value]) => [key, asText(value)] as const);
  const at = "requestMetadata";
  const count = `${pairs.length} pairs`;
  constraints.check(!given || pairs.length >= 1, "{}", at, "Member must have length greater than or equal to 1");
  constraints.check(pairs.length <= 16, count, at, "Member must have length less than or equal to 16");
  for (const [key, value] of pairs.slice(0, 17)) {
    const keyFine = key.length >= 1 && key.length <= 256 && METADATA_TEXT.test(key);
    constraints.check(
      keyFine,
      key,
      at,
      "Map keys must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [a-zA-Z0-9\\s:_@$#=/+,-.]{1,256}]",
    );
    constraints.check(
      value.length <= 256 && METADATA_TEXT.test(value),
      value,
      at,
      "Map value must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: [a-zA-Z0-9\\s:_@$#=/+,-.]{0,256}]",
    );
  }
  return Object.fromEntries(pairs);
}
