/** What the emulator enforces of a model: its limits and rules, from the project's table of model facts. */
import { existsSync, readFileSync } from "node:fs";
import {
  createModelFacts,
  FACT_LABELS,
  type FactName,
  type FactValues,
  type ModelFacts,
  modelFactsSchema,
} from "../../simulator/service/model-facts.ts";

/** Limits and rules of a model. What is left out is unknown, and is then not enforced. */
export interface ModelRules {
  /** Tokens of prompt and answer together. */
  readonly contextTokens?: number | undefined;
  /** The same for callers that ask for the beta {@link LONG_CONTEXT_BETA}. */
  readonly extendedContextTokens?: number | undefined;
  /** Shorter prefixes are not cached. */
  readonly cacheMinimumTokens?: number | undefined;
  readonly cacheMaxPoints?: number | undefined;
  readonly cacheTtls?: readonly string[] | undefined;
  readonly samplingParameters?: FactValues["samplingParameters"] | undefined;
  readonly thinking?: FactValues["thinking"] | undefined;
  /** What Converse refuses for the model. */
  readonly converseLacks?: FactValues["converseLacks"] | undefined;
  /** Whether a conversation may end with the beginning of the answer. */
  readonly prefill?: boolean | undefined;
  /** Source regions in which a profile serves latency-optimised calls. */
  readonly latencyOptimizedIn?: readonly string[] | undefined;
  /** The same regions serve them by the bare id, too. */
  readonly isLatencyOptimizedAlone?: boolean;
}

/** Name of the beta with which some models read prompts of up to a million tokens. */
export const LONG_CONTEXT_BETA = "context-1m-2025-08-07";

/** Rules of a model as far as its facts are known. */
export function rulesOf(modelId: string): ModelRules {
  const facts = bundledFacts();
  const value = <K extends FactName>(name: K): FactValues[K] | undefined => facts.fact(modelId, name)?.value;
  return {
    contextTokens: value("contextTokens"),
    extendedContextTokens: value("extendedContextTokens"),
    cacheMinimumTokens: value("cacheMinimumTokens"),
    cacheMaxPoints: value("cacheMaxPoints"),
    cacheTtls: value("cacheTtls"),
    samplingParameters: value("samplingParameters"),
    thinking: value("thinking"),
    converseLacks: value("converseLacks"),
    prefill: value("prefill"),
    latencyOptimizedIn: value("latencyOptimizedIn"),
  };
}

/** Facts without which something is not enforced, for every model, and for models of Anthropic. */
const ENFORCED: readonly (keyof ModelRules & FactName)[] = ["contextTokens", "latencyOptimizedIn", "converseLacks"];
const ENFORCED_OF_CLAUDE: readonly (keyof ModelRules & FactName)[] = [
  ...ENFORCED,
  "cacheMinimumTokens",
  "cacheMaxPoints",
  "cacheTtls",
  "thinking",
];

/**
 * What a fleet does not enforce because it is not known, one line per model.
 *
 * @example notEnforced([{ modelId: "my.own-model" }]) // => ["my.own-model: context window, regions with latency-optimised inference, what Converse refuses not known, so not enforced"]
 */
export function notEnforced(models: readonly (ModelRules & { readonly modelId: string })[]): readonly string[] {
  return models.flatMap((model) => {
    const names = model.modelId.startsWith("anthropic.") ? ENFORCED_OF_CLAUDE : ENFORCED;
    const unknown = names.filter((name) => model[name] === undefined).map((name) => FACT_LABELS[name]);
    return unknown.length === 0 ? [] : [`${model.modelId}: ${unknown.join(", ")} not known, so not enforced`];
  });
}

let loaded: ModelFacts | undefined;

/** The table that is part of this package; read once. */
export function bundledFacts(): ModelFacts {
  loaded ??= createModelFacts(modelFactsSchema().parse(readReference("bedrock-models.json")));
  return loaded;
}

/**
 * Reads a file of reference data that is part of this package.
 *
 * @param name its name in `scenarios/reference`
 * @returns the parsed JSON
 */
export function readReference(name: string): unknown {
  // The compiled package has one folder more above this file than the sources have.
  const fromSources = new URL(`../../scenarios/reference/${name}`, import.meta.url);
  const file = existsSync(fromSources) ? fromSources : new URL(`../../../scenarios/reference/${name}`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8"));
}
