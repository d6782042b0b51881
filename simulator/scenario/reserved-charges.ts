import type { PriceBookData } from "../service/pricing/price-book-data.ts";
import { provisionedUsdPerHour, reservedTierUsdPerHour } from "../service/pricing/reserved.ts";
import type { StandingCharge } from "./plan.ts";
import type { Problems } from "./problems.ts";
import type { Scenario } from "./schema.ts";
import type { StrategyDraft } from "./strategies.ts";
import type { Targets } from "./targets.ts";

export interface StandingInput {
  readonly scenario: Scenario;
  readonly prices: PriceBookData;
  readonly targets: Targets;
  readonly strategies: readonly StrategyDraft[];
  readonly problems: Problems;
}

export interface Standing {
  readonly charges: readonly StandingCharge[];
  /** Whether a target is reserved for a model by other strategies than this one. */
  isWithheld(strategy: number, target: number, model: number): boolean;
}

/**
 * What reservations cost by the hour, and who holds them: the strategies that an entry names, else every strategy
 * whose targets have it. A strategy that does not hold a reservation is not offered its target.
 */
export function resolveStanding(input: StandingInput): Standing {
  const { scenario, targets, strategies, problems } = input;
  const labels = strategies.map(({ plan }) => plan.name);
  const entries = [
    ...scenario.world.provisioned.map((entry, i) => ({ kind: "provisioned" as const, i, holders: entry.strategies })),
    ...scenario.world.reserved.map((entry, i) => ({ kind: "reserved" as const, i, holders: entry.strategies })),
  ];
  const withheld = new Set<string>();
  const charges = entries.flatMap(({ kind, i, holders }): readonly StandingCharge[] => {
    const where = `world.${kind}[${i}]`;
    const bought = targets.bought.filter((each) => each.kind === kind && each.entry === i);
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
      holds.forEach((is, s) => {
        if (!is) withheld.add(`${s}/${target}/${model}`);
      });
    }
    const usdPerHour = problems.attempt(
      () => (kind === "provisioned" ? provisionedPrice(input, i) : reservedPrice(input, i)),
      where,
    );
    const strategyIndices = [...holds.keys()].filter((s) => holds[s]);
    return [{ name: nameOf(input, kind, i, bought[0]!), usdPerHour: usdPerHour ?? 0, strategies: strategyIndices }];
  });
  return { charges, isWithheld: (strategy, target, model) => withheld.has(`${strategy}/${target}/${model}`) };
}

function unusable(kind: string): readonly [string, string] {
  return kind === "provisioned"
    ? ["no target can use it", "take it out"]
    : [
        "no target can use it: its model is not sold by that route in its region, or an entry before it is for the same",
        "name a route that sells the model (route: eu), or add the tokens up in one entry",
      ];
}

function modelOf({ scenario }: StandingInput, name: string | undefined) {
  return scenario.world.models[name ?? Object.keys(scenario.world.models)[0]!]!;
}

function provisionedPrice(input: StandingInput, i: number): number {
  const { model, units, term, usdPerUnitHour } = input.scenario.world.provisioned[i]!;
  if (usdPerUnitHour !== undefined) return usdPerUnitHour * units;
  if (isFree(input)) return 0;
  return provisionedUsdPerHour(input.prices, { modelId: modelOf(input, model).id, term, units });
}

function reservedPrice(input: StandingInput, i: number): number {
  const entry = input.scenario.world.reserved[i]!;
  if (entry.usdPerHour !== undefined) return entry.usdPerHour;
  if (isFree(input)) return 0;
  const bought = input.targets.bought.find((each) => each.kind === "reserved" && each.entry === i)!;
  const models = Object.keys(input.scenario.world.models).length;
  return reservedTierUsdPerHour(input.prices, {
    modelId: modelOf(input, entry.model).id,
    routing: input.targets.routes[bought.target * models + bought.model]!.family === "global" ? "global" : "geo",
    termMonths: entry.term === "3m" ? 3 : 1,
    inputTpm: entry.inputTokensPerMinute,
    outputTpm: entry.outputTokensPerMinute,
  });
}

/** Without a price book all that the scenario does not price is free. */
function isFree({ scenario }: StandingInput): boolean {
  return scenario.world.prices.book === "none";
}

function nameOf(
  { scenario, targets }: StandingInput,
  kind: "provisioned" | "reserved",
  i: number,
  { target, model }: Targets["bought"][number],
): string {
  const name = `${targets.targets[target]!.id} ${Object.keys(scenario.world.models)[model]}`;
  if (kind === "provisioned") {
    const { units, term } = scenario.world.provisioned[i]!;
    return `${name}: ${units} model ${units === 1 ? "unit" : "units"}, ${term}`;
  }
  const { inputTokensPerMinute: inTpm, outputTokensPerMinute: outTpm, term } = scenario.world.reserved[i]!;
  return `${name}: ${inTpm} input and ${outTpm} output tokens per minute, ${term}`;
}
