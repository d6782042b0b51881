/**
 * How capacity is bought: by the call at a service tier (`world.tiers`), or in advance (`world.provisioned`,
 * `world.reserved`), with what it costs by the hour and who holds it.
 */
import { z } from "zod";
import type { Problem } from "../base/errors.ts";
import { count, share } from "../base/schema-forms.ts";
import { STANDARD_LEVEL } from "../service/capacity/capacity.ts";
import { capacitySchema } from "../service/capacity/index.ts";
import type { PriceBookData } from "../service/pricing/price-book-data.ts";
import { PREPAID, type RouteFamily, SERVICE_TIERS, type ServiceTier } from "../service/pricing/prices.ts";
import { PROVISIONED_TERMS, provisionedUsdPerHour, reservedTierUsdPerHour } from "../service/pricing/reserved.ts";
import type { SettledModel } from "./models.ts";
import type { ReservedCharge } from "./plan.ts";
import type { Problems } from "./problems.ts";
import type { StrategyDraft } from "./strategies.ts";

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

const name = z.string().min(1).max(60);
const positiveCount = count.pipe(z.number().positive());
const hourlyPrice = z.number().min(0).max(1e6);

const holders = z
  .array(name)
  .min(1)
  .optional()
  .meta({ description: "Labels of the strategies that hold and pay for it; all whose targets have it unless given" });

export const provisionedSchema = z
  .strictObject({
    region: name.meta({ description: "Where it is bought" }),
    model: name.optional().meta({ description: "The scenario's model; may be left out where there is one" }),
    units: z.number().int().min(1).max(10_000).default(1).meta({ description: "Model units" }),
    term: z.enum(PROVISIONED_TERMS).default("noCommit").meta({ description: "Commitment, which sets the price" }),
    usdPerUnitHour: hourlyPrice
      .optional()
      .meta({ description: "USD per hour and model unit; the published price of the term unless given" }),
    capacity: capacitySchema.meta({ description: "Capacity of one model unit; units multiply it" }),
    overflow: name.default("none").meta({
      description:
        "Where a refused call goes: none (503, as AWS does), standard (the region's own endpoint), or a profile of the region such as eu",
    }),
    strategies: holders,
  })
  .meta({ description: "Provisioned throughput: a target <region>/provisioned, paid by the hour whether used or not" });
export type ProvisionedInput = z.output<typeof provisionedSchema>;

export const reservedSchema = z
  .strictObject({
    region: name.meta({ description: "Source region of the reservation" }),
    model: name.optional().meta({ description: "The scenario's model; may be left out where there is one" }),
    inputTokensPerMinute: positiveCount.meta({ description: "Input tokens without cache reads: at least 100k" }),
    outputTokensPerMinute: positiveCount.meta({ description: "Output tokens: at least 10k" }),
    term: z.enum(["1m", "3m"]).default("1m").meta({ description: "Months of commitment, which set the price" }),
    routing: z
      .enum(["geo", "global"])
      .default("geo")
      .meta({ description: "geo: the region's own endpoint or a geographic profile; global: the global profile" }),
    route: name.optional().meta({
      description: "Route of its calls, as in targets; global for global, else the region's own endpoint or profile",
    }),
    usdPerHour: hourlyPrice.optional().meta({ description: "USD per hour in all; the published price unless given" }),
    strategies: holders,
  })
  .meta({ description: "Reserved tier: a target <region>/<route>@reserved; what does not fit goes on as standard" });
export type ReservedInput = z.output<typeof reservedSchema>;

/** What an entry bought, and the target that stands for it. */
export interface Bought {
  readonly kind: "provisioned" | "reserved";
  /** Index in `world.provisioned` or `world.reserved`. */
  readonly entry: number;
  readonly target: number;
  readonly model: number;
}

export interface ReservedChargesInput {
  readonly world: {
    readonly models: Readonly<Record<string, { readonly id: string }>>;
    readonly provisioned: readonly ProvisionedInput[];
    readonly reserved: readonly ReservedInput[];
    /** Without a price book all that the scenario does not price is free. */
    readonly prices: { readonly book: string };
  };
  readonly prices: PriceBookData;
  readonly bought: readonly Bought[];
  readonly targetIds: readonly string[];
  /** Indexed `target * models + model`. */
  readonly routes: readonly ({ readonly family: RouteFamily } | null)[];
  readonly strategies: readonly StrategyDraft[];
  readonly problems: Problems;
}

export interface ReservedCharges {
  readonly charges: readonly ReservedCharge[];
  /** Whether a target is reserved for a model by other strategies than this one. */
  isWithheld(strategy: number, target: number, model: number): boolean;
}

/**
 * What reservations cost by the hour, and who holds them: the strategies that an entry names, else every strategy
 * whose targets have it. A strategy that does not hold a reservation is not offered its target.
 */
export function resolveReservedCharges(input: ReservedChargesInput): ReservedCharges {
  const { world, strategies, problems } = input;
  const labels = strategies.map(({ plan }) => plan.name);
  const entries = [
    ...world.provisioned.map((entry, i) => ({ kind: "provisioned" as const, i, holders: entry.strategies })),
    ...world.reserved.map((entry, i) => ({ kind: "reserved" as const, i, holders: entry.strategies })),
  ];
  const withheld = new Set<string>();
  const charges = entries.flatMap(({ kind, i, holders }): readonly ReservedCharge[] => {
    const where = `world.${kind}[${i}]`;
    const bought = input.bought.filter((each) => each.kind === kind && each.entry === i);
    if (bought.length === 0) {
      if (problems.list.length === 0) problems.add("RESERVATION_UNUSABLE", where, ...unusable(kind));
      return [];
    }
    for (const [h, label] of (holders ?? []).entries()) {
      problems.indexOf(label, labels, "strategy", `${where}.strategies[${h}]`);
    }
    const holds = strategies.map(({ plan, named }) =>
      holders === undefined
        ? named === null || bought.some(({ target }) => named.includes(target))
        : holders.includes(plan.name),
    );
    for (const { target, model } of bought) {
      holds.forEach((isHolder, s) => {
        if (!isHolder) withheld.add(`${s}/${target}/${model}`);
      });
    }
    const usdPerHour = problems.attempt(
      () => (kind === "provisioned" ? provisionedPrice(input, i) : reservedPrice(input, i)),
      where,
    );
    const holding = [...holds.keys()].filter((s) => holds[s]);
    return [{ name: chargeName(input, kind, i, bought[0]!), usdPerHour: usdPerHour ?? 0, strategies: holding }];
  });
  return { charges, isWithheld: (strategy, target, model) => withheld.has(`${strategy}/${target}/${model}`) };
}

function unusable(kind: Bought["kind"]): readonly [what: string, fix: string] {
  return kind === "provisioned"
    ? ["no target can use it", "take it out"]
    : [
        "no target can use it: its model is not sold by that route in its region, or an entry before it is for the same",
        "name a route that sells the model (route: eu), or add the tokens up in one entry",
      ];
}

function modelIdOf({ world }: ReservedChargesInput, name: string | undefined): string {
  return world.models[name ?? Object.keys(world.models)[0]!]!.id;
}

/** USD per hour. */
function provisionedPrice(input: ReservedChargesInput, i: number): number {
  const { model, units, term, usdPerUnitHour } = input.world.provisioned[i]!;
  if (usdPerUnitHour !== undefined) return usdPerUnitHour * units;
  if (input.world.prices.book === "none") return 0;
  return provisionedUsdPerHour(input.prices, { modelId: modelIdOf(input, model), term, units });
}

/** USD per hour. */
function reservedPrice(input: ReservedChargesInput, i: number): number {
  const entry = input.world.reserved[i]!;
  if (entry.usdPerHour !== undefined) return entry.usdPerHour;
  if (input.world.prices.book === "none") return 0;
  const bought = input.bought.find((each) => each.kind === "reserved" && each.entry === i)!;
  const models = Object.keys(input.world.models).length;
  return reservedTierUsdPerHour(input.prices, {
    modelId: modelIdOf(input, entry.model),
    routing: input.routes[bought.target * models + bought.model]!.family === "global" ? "global" : "geo",
    termMonths: entry.term === "3m" ? 3 : 1,
    inputTpm: entry.inputTokensPerMinute,
    outputTpm: entry.outputTokensPerMinute,
  });
}

/** For people: the target, the model, how much of it and for how long. */
function chargeName(
  { world, targetIds }: ReservedChargesInput,
  kind: Bought["kind"],
  i: number,
  { target, model }: Bought,
): string {
  const name = `${targetIds[target]} ${Object.keys(world.models)[model]}`;
  if (kind === "provisioned") {
    const { units, term } = world.provisioned[i]!;
    return `${name}: ${units} model ${units === 1 ? "unit" : "units"}, ${term}`;
  }
  const { inputTokensPerMinute: inTpm, outputTokensPerMinute: outTpm, term } = world.reserved[i]!;
  return `${name}: ${inTpm} input and ${outTpm} output tokens per minute, ${term}`;
}
