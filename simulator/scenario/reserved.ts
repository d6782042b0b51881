/** `world.provisioned` and `world.reserved`: capacity bought in advance, what it costs by the hour and who holds it. */
import { z } from "zod";
import { count } from "../base/schema-forms.ts";
import { capacitySchema } from "../service/capacity/index.ts";
import type { PriceBookData } from "../service/pricing/price-book-data.ts";
import type { RouteFamily } from "../service/pricing/prices.ts";
import { PROVISIONED_TERMS, provisionedUsdPerHour, reservedTierUsdPerHour } from "../service/pricing/reserved.ts";
import type { ReservedCharge } from "./plan.ts";
import type { Problems } from "./problems.ts";
import type { StrategyDraft } from "./strategies.ts";

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
