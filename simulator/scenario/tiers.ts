/** `world.tiers`: how a call is bought, and what each service tier means for its route besides the price. */
import { z } from "zod";
import type { Problem } from "../base/errors.ts";
import { share } from "../base/schema-forms.ts";
import { STANDARD_LEVEL } from "../service/capacity/capacity.ts";
import { PREPAID, SERVICE_TIERS, type ServiceTier } from "../service/pricing/prices.ts";
import type { SettledModel } from "./models.ts";

/** Tiers that a target can name. A reserved one draws on `world.reserved`. */
export const TARGET_TIERS = [...SERVICE_TIERS, "reserved"] as const;
export type TargetTier = (typeof TARGET_TIERS)[number];

const speedUp = share.pipe(z.number().min(0).max(10));

/** What service tiers do besides their price. */
export const tiersSchema = z
  .strictObject({
    priority: z
      .strictObject({
        speedUp: speedUp.default(0).meta({
          description: "More output tokens per second than standard; AWS speaks of up to 25% for most models",
        }),
      })
      .prefault({})
      .meta({ description: "The tier priority: served before standard" }),
    flex: z
      .strictObject({
        queueShare: share.pipe(z.number().min(0).max(1)).default(0.5).meta({
          description: "Share of a queue's places and of its longest delay that flex calls may use: beyond it, 503",
        }),
      })
      .prefault({})
      .meta({ description: "The tier flex: served after standard" }),
    latencyOptimized: z
      .strictObject({
        speedUp: speedUp.default(0.5).meta({
          description: "More output tokens per second than standard; an assumption: AWS promises no number",
        }),
      })
      .prefault({})
      .meta({ description: "Latency-optimised inference" }),
  })
  .meta({ description: "What service tiers do besides their price" });
export type TiersInput = z.output<typeof tiersSchema>;

const QUEUE_LEVEL: Readonly<Partial<Record<TargetTier, number>>> = { priority: 0, reserved: 0, flex: 2 };

/**
 * Level of a tier's calls in a queue that serves by priority; 0 is served first.
 *
 * @example queueLevelOf("flex") // => 2
 */
export function queueLevelOf(tier: TargetTier): number {
  return QUEUE_LEVEL[tier] ?? STANDARD_LEVEL;
}

/**
 * Whether calls of the tier are served before or after those of the standard tier.
 *
 * @example hasLevelOfItsOwn("reserved") // => true
 * @example hasLevelOfItsOwn("batch") // => false
 */
export function hasLevelOfItsOwn(tier: TargetTier): boolean {
  return QUEUE_LEVEL[tier] !== undefined;
}

/** Whose quotas a call draws on: none, those of its route's family, or the tier's own. */
export type QuotaSource = "none" | "family" | "latency-optimized";

/** Priority, standard and flex calls share a quota; batch and reserved ones have none (Bedrock User Guide, quotas). */
export function quotaSourceOf(tier: TargetTier): QuotaSource {
  if (tier === "latency-optimized") return tier;
  return tier === "batch" || tier === "reserved" ? "none" : "family";
}

/** The tier in the price book; reserved tokens are paid for by the hour. */
export function billedTierOf(tier: TargetTier): ServiceTier | typeof PREPAID {
  return tier === "reserved" ? PREPAID : tier;
}

/** Factor of the time to decode a token, 1 for the standard tier. */
export function decodeFactorOf(tier: TargetTier, { priority, latencyOptimized }: TiersInput): number {
  const speedUp = tier === "priority" ? priority.speedUp : tier === "latency-optimized" ? latencyOptimized.speedUp : 0;
  return 1 / (1 + speedUp);
}

/** Share of a queue's places and of its longest delay that the tier's calls may use, in [0, 1]. */
export function queueShareOf(tier: TargetTier, { flex }: TiersInput): number {
  return tier === "flex" ? flex.queueShare : 1;
}

/** A latency-optimised target of one model, and where the profiles of that model are called by which name. */
export interface LatencyOptimizedQuestion {
  readonly model: Pick<SettledModel, "id" | "optimizedOffer"> & { readonly name: string };
  readonly region: string;
  /** `regional`, or a profile. */
  readonly route: string;
  readonly where: string;
  /** Profiles by which the model is called in a region: `us.amazon.nova-pro-v1:0`. */
  readonly profilesIn: (region: string) => readonly string[];
}

/** Why the service refuses the latency-optimised calls of a target; undefined if it takes them, or if that is not known. */
export function whyNotLatencyOptimized(question: LatencyOptimizedQuestion): Problem | undefined {
  const { model, region, route, where, profilesIn } = question;
  const offer = model.optimizedOffer;
  if (offer === undefined) return undefined;
  const isOffered = offer.regions.includes(region);
  if (isOffered && (offer.isStated || route !== "regional")) return undefined;
  const regions = offer.regions.join(", ");
  const profile = profilesIn(region).find((id) => !id.startsWith("global."));
  if (isOffered && profile !== undefined) {
    return {
      code: "TIER_NOT_OFFERED",
      where,
      what: `${model.id} is served latency-optimised through profiles only`,
      fix: `write ${region}/${profile.split(".")[0]}@latency-optimized`,
    };
  }
  return {
    code: "TIER_NOT_OFFERED",
    where,
    what: `the service does not serve ${model.id} latency-optimised in ${region}${regions === "" ? "" : `, but in ${regions}`}`,
    fix: `write ${region}${route === "regional" ? "" : `/${route}`}, or world.models.${model.name}.latencyOptimizedIn: [${region}] if the service has come to serve it`,
  };
}
