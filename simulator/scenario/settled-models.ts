/**
 * What holds of each model of a scenario: the scenario's own word, else the table of model facts. What neither says has
 * a usual value, and is named in a note where the scenario uses it.
 */
import type { FactValues, ModelFacts } from "../service/model-facts.ts";
import type { ModelInput, ModelsInput } from "./endpoints.ts";
import type { Scenario } from "./schema.ts";

/** Facts that a scenario may leave out, each with the value of a model of which it is not known. */
const USUAL = { burndown: 1 } as const satisfies Partial<FactValues>;
type SettledFact = keyof typeof USUAL;

/** A model with everything that the scenario left out. */
export interface SettledModel extends ModelInput {
  readonly burndown: number;
  /** What neither the scenario nor the table says: these have usual values. */
  readonly unknown: readonly SettledFact[];
}
/** Models by the scenario's own names. */
export type SettledModels = Readonly<Record<string, SettledModel>>;

/** A checked scenario whose models leave nothing out. */
export type SettledScenario = Omit<Scenario, "world"> & {
  readonly world: Omit<Scenario["world"], "models"> & { readonly models: SettledModels };
};

export function settleScenario(scenario: Scenario, facts: ModelFacts): SettledScenario {
  return { ...scenario, world: { ...scenario.world, models: settleModels(scenario.world.models, facts) } };
}

export function settleModels(models: ModelsInput, facts: ModelFacts): SettledModels {
  return Object.fromEntries(Object.entries(models).map(([name, model]) => [name, settled(model, facts)]));
}

function settled(model: ModelInput, facts: ModelFacts): SettledModel {
  const unknown: SettledFact[] = [];
  const settle = (stated: number | undefined, fact: SettledFact): number => {
    const value = stated ?? facts.fact(model.id, fact)?.value;
    if (value === undefined) unknown.push(fact);
    return value ?? USUAL[fact];
  };
  return { ...model, burndown: settle(model.burndown, "burndown"), unknown };
}
