/** Whether the models that a scenario names exist, and whether they are still sold when it runs. */
import { bareModelId, type Lifecycle, type ModelFacts } from "../service/model-facts.ts";
import type { ModelsInput } from "./models.ts";
import type { Problems } from "./problems.ts";
import type { Scenario } from "./schema.ts";

export interface KnownModelsInput {
  readonly world: {
    readonly models: ModelsInput;
    readonly prices: Pick<Scenario["world"]["prices"], "book" | "overrides">;
  };
  readonly facts: ModelFacts;
  /** Ids that have a price or a profile. */
  readonly otherIds: ReadonlySet<string>;
  readonly problems: Problems;
}

/**
 * One problem for each id that is not listed but like a listed one: a typo, a profile's id, an id without its version.
 * A scenario that states the model's price, or does without prices, means a model of its own.
 *
 * @returns the models as they were probably meant, so that the rest can be judged, and words of problems that may then be
 *          false: the ids that were put in
 */
export function checkModelIds({ world, facts, otherIds, problems }: KnownModelsInput): {
  readonly models: ModelsInput;
  readonly guessed: readonly string[];
} {
  const guessed: string[] = [];
  const { book, overrides } = world.prices;
  const entries = Object.entries(world.models).map(([name, model]) => {
    const { id } = model;
    const isPriced = overrides.some((each) => each.model === name || each.model === id);
    // A profile's id or an ARN is no model of the scenario's own, whatever it states of it.
    const isOwn = book === "none" || (isPriced && bareModelId(id) === id);
    if (isOwn || facts.ids.includes(id) || otherIds.has(id)) return [name, model] as const;
    const meant = facts.idOf(id);
    const near = meant === undefined ? modelsLike(id, facts) : [meant];
    if (near.length === 0) return [name, model] as const;
    problems.add(
      "MODEL_ID_UNKNOWN",
      `world.models.${name}.id`,
      `there is no model "${id}" (did you mean ${near.join(", ")}?)`,
      `write id: ${near[0]}; for a model of your own, state its price: prices.overrides: [{ model: ${name}, input: <USD per million tokens>, output: <...> }]`,
    );
    // Where the model that was guessed is sold is said by the scenario's name of it.
    guessed.push(near[0]!, `not sell ${name}`);
    return [name, { ...model, id: near[0]! }] as const;
  });
  return { models: Object.fromEntries(entries), guessed };
}

/** The listed ids nearest to one, or to a name as people say it: `Claude Sonnet 4.5`. */
function modelsLike(id: string, facts: ModelFacts): readonly string[] {
  const near = facts.nearestModels(id);
  return near.length > 0 ? near : facts.nearestModels(id.trim().replace(/[\s._]+/g, "-"));
}

/** The span of a run, ms since 1970 UTC; the end may be Infinity. */
export interface RunSpan {
  readonly startMs: number;
  readonly endMs: number;
}

/** Notes on models whose life ends before the run does. */
export function endedNotes(models: ModelsInput, facts: ModelFacts, span: RunSpan): readonly string[] {
  return lifecycles(models, facts).flatMap(({ name, endOfLife, state }) => {
    if (endOfLife === undefined)
      return state === "ended" ? [`${name} is no longer sold: the service refuses its calls.`] : [];
    const endMs = Date.parse(endOfLife);
    if (endMs >= span.endMs || (span.endMs === Number.POSITIVE_INFINITY && endMs > span.startMs)) return [];
    const when = endMs <= span.startMs ? "before" : "during";
    return [`${name} reaches its end of life on ${endOfLife}, ${when} the run: the service then refuses its calls.`];
  });
}

/** Advice on models that are legacy when the run starts: for those who plan with them. */
export function legacyNotes(models: ModelsInput, facts: ModelFacts, span: RunSpan): readonly string[] {
  return lifecycles(models, facts).flatMap(({ name, state, legacySince, extendedAccessFrom, endOfLife }) => {
    const isLegacy = legacySince === undefined ? state === "legacy" : Date.parse(legacySince) <= span.startMs;
    if (!isLegacy || (endOfLife !== undefined && Date.parse(endOfLife) <= span.startMs)) return [];
    return [
      [
        `${name} is legacy${legacySince === undefined ? "" : ` since ${legacySince}`}`,
        ...(extendedAccessFrom === undefined ? [] : [`from ${extendedAccessFrom} on it may cost more`]),
        ...(endOfLife === undefined ? [] : [`its end of life is ${endOfLife}`]),
      ].join("; "),
    ].map((text) => `${text}.`);
  });
}

function lifecycles(models: ModelsInput, facts: ModelFacts): readonly (Lifecycle & { readonly name: string })[] {
  const ids = [...new Set(Object.values(models).map(({ id }) => id))];
  return ids.flatMap((id) => {
    const names = Object.keys(models).filter((name) => models[name]!.id === id);
    const known = facts.fact(id, "lifecycle")?.value;
    return known === undefined ? [] : [{ ...known, name: `${id} (${names.join(", ")})` }];
  });
}
