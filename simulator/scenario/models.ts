/**
 * `world.models`: what a model is and where it runs. What the scenario leaves out, the table of model facts says; what
 * neither says has a usual value, and is named in a note where the scenario uses it.
 */
import { z } from "zod";
import { count, durationMs, share } from "../base/schema-forms.ts";
import { DAY_MS } from "../base/time.ts";
import { capacitySchema } from "../service/capacity/index.ts";
import type { FactValues, LongContextPrice, ModelFacts } from "../service/model-facts.ts";
import type { ClassTraffic } from "../traffic/class-stream.ts";
import { shareOfPromptsAbove, smallestCall } from "../traffic/token-bounds.ts";
import type { ClassPlan, ModelPlan } from "./plan.ts";

const name = z.string().min(1).max(60);

const batchSchema = z
  .strictObject({
    capacity: capacitySchema.optional().meta({
      description: "Machines for batch in each region; as many as for calls, with an endless queue, unless given",
    }),
    window: durationMs
      .refine((ms) => ms > 0, "must be more than 0")
      .default(DAY_MS)
      .meta({ description: "What is not done by then has expired: 24h" }),
  })
  .meta({ description: "Batch inference: targets <region>/batch, for deferrable classes" });

const longContextSchema = z
  .union([
    z.literal("none").transform((): "none" => "none"),
    z
      .strictObject({
        above: count
          .pipe(z.number().int().positive())
          .meta({ description: "Prompts of more tokens than this, cached ones included, pay it: 200k" }),
        input: z.number().positive().max(1000).meta({ description: "Multiplies the prices of input and of the cache" }),
        output: z.number().positive().max(1000).meta({ description: "Multiplies the price of output" }),
      })
      .transform(({ above, input, output }): LongContextPrice => {
        return { aboveInputTokens: above, inputFactor: input, outputFactor: output };
      }),
  ])
  .meta({ description: "What calls with long prompts cost, the whole call; AWS's price for the model unless given" });

export const modelSchema = z
  .strictObject({
    id: z.string().min(1).meta({ description: "Bedrock model id: anthropic.claude-sonnet-4-5-20250929-v1:0" }),
    maxOutputTokens: count
      .pipe(z.number().int().positive())
      .optional()
      .meta({ description: "What an unset max_tokens reserves; the model's maximum output unless given" }),
    contextTokens: count
      .pipe(z.number().int().positive())
      .optional()
      .meta({ description: "Tokens of prompt and answer together; the model's context window unless given" }),
    longContext: longContextSchema.optional(),
    burndown: z.number().positive().optional().meta({
      description: "Output tokens count this often against quotas; AWS's rate for the model unless given",
    }),
    capacity: capacitySchema.meta({ description: "Capacity in each region" }),
    capacityIn: z
      .record(name, capacitySchema)
      .default({})
      .meta({ description: "Capacity in single regions, in place of the above" }),
    regions: z
      .array(name)
      .min(1)
      .optional()
      .meta({ description: "Regions that run it; all of the world unless given" }),
    onDemand: z.boolean().optional().meta({
      description:
        "Whether a region's own endpoint sells it; unless given, no for models known to be sold only through profiles",
    }),
    latencyOptimizedIn: z.array(name).optional().meta({
      description:
        "Source regions whose profiles serve latency-optimised calls, [] for none; those of the model unless given",
    }),
    batch: batchSchema.prefault({}),
    errors: share.pipe(z.number().min(0).max(1)).default(0).meta({
      description: "Share of attempts that fail with 500 after they were served",
    }),
    cache: z
      .strictObject({
        ttl: z.enum(["5m", "1h"]).default("5m").meta({ description: "Time to live of a cached prefix" }),
        minimumTokens: count
          .optional()
          .meta({ description: "Shortest prefix that is cached; that of the model unless given" }),
      })
      .optional()
      .meta({ description: "Prompt cache; none unless given" }),
  })
  .meta({ description: "A model" });
export type ModelInput = z.output<typeof modelSchema>;
/** Models by the scenario's own names. */
export type ModelsInput = Readonly<Record<string, ModelInput>>;

/** Facts that a scenario may leave out, each with the value of a model of which it is not known. */
const USUAL = { burndown: 1, maxOutputTokens: 64_000, cacheMinimumTokens: 1024 } as const satisfies Partial<FactValues>;
/** Tokens. No listed model has a smaller window, or another price for shorter prompts. */
const SMALLEST_CONTEXT = 8_000;
const LOWEST_LONG_PRICE = 200_000;
/** Share of calls for which a note is not worth it. */
const RARE = 1e-6;
type SettledFact = keyof typeof USUAL | "profileOnly" | "contextTokens" | "longContextPrice" | "latencyOptimizedIn";

/** A model with everything that the scenario left out. */
export interface SettledModel extends Omit<ModelInput, "cache"> {
  readonly burndown: number;
  readonly maxOutputTokens: number;
  /** The largest window that a caller can ask for; Infinity where it is not known. */
  readonly contextTokens: number;
  /** Undefined: one price whatever the length. */
  readonly longPrice: LongContextPrice | undefined;
  /** Whether a region's own endpoint sells it. */
  readonly onDemand: boolean;
  /** Prompt cache; undefined: none. */
  readonly cache: { readonly ttl: "5m" | "1h"; readonly minimumTokens: number } | undefined;
  /** Source regions with latency-optimised calls: through profiles, or however the scenario means it. Undefined: not known. */
  readonly optimizedOffer: LatencyOptimizedOffer | undefined;
  /** What neither the scenario nor the table says: these have usual values. */
  readonly unknown: readonly SettledFact[];
}
/** Where a model is served latency-optimised. */
interface LatencyOptimizedOffer {
  readonly regions: readonly string[];
  /** By the scenario, and not by the table of facts. */
  readonly isStated: boolean;
}

/** Models by the scenario's own names. */
export type SettledModels = Readonly<Record<string, SettledModel>>;

export function settleModels(models: ModelsInput, facts: ModelFacts): SettledModels {
  return Object.fromEntries(Object.entries(models).map(([name, model]) => [name, settled(model, facts)]));
}

function settled(model: ModelInput, facts: ModelFacts): SettledModel {
  const unknown: SettledFact[] = [];
  const settle = (stated: number | undefined, fact: keyof typeof USUAL): number => {
    const value = stated ?? facts.fact(model.id, fact)?.value;
    if (value === undefined) unknown.push(fact);
    return value ?? USUAL[fact];
  };
  const { cache } = model;
  const profileOnly = facts.fact(model.id, "profileOnly")?.value;
  const optimizedIn = model.latencyOptimizedIn ?? facts.fact(model.id, "latencyOptimizedIn")?.value;
  const longPrice = model.longContext ?? facts.fact(model.id, "longContextPrice")?.value;
  const contextTokens = model.contextTokens ?? contextOf(model.id, facts);
  if (isLikeListed(model.id, facts)) {
    if ((model.onDemand ?? profileOnly) === undefined) unknown.push("profileOnly");
    if (contextTokens === undefined) unknown.push("contextTokens");
    if (longPrice === undefined) unknown.push("longContextPrice");
    if (optimizedIn === undefined) unknown.push("latencyOptimizedIn");
  }
  return {
    ...model,
    onDemand: model.onDemand ?? profileOnly !== true,
    cache: cache && { ...cache, minimumTokens: settle(cache.minimumTokens, "cacheMinimumTokens") },
    burndown: settle(model.burndown, "burndown"),
    maxOutputTokens: settle(model.maxOutputTokens, "maxOutputTokens"),
    contextTokens: contextTokens ?? Number.POSITIVE_INFINITY,
    longPrice: longPrice === "none" ? undefined : longPrice,
    optimizedOffer: optimizedIn && { regions: optimizedIn, isStated: model.latencyOptimizedIn !== undefined },
    unknown,
  };
}

/** The largest window that a caller can ask for: some models have a larger one with a beta. */
function contextOf(id: string, facts: ModelFacts): number | undefined {
  const usual = facts.fact(id, "contextTokens")?.value;
  return usual && Math.max(usual, facts.fact(id, "extendedContextTokens")?.value ?? 0);
}

/** A model of the scenario's own, unlike all that are listed, is sold as the scenario says. */
function isLikeListed(id: string, facts: ModelFacts): boolean {
  return facts.idOf(id) !== undefined || facts.nearestModels(id).length > 0;
}

export function modelPlansOf(models: SettledModels): readonly ModelPlan[] {
  return Object.entries(models).map(([name, model]) => {
    const { id, maxOutputTokens, burndown, contextTokens, longPrice = null, latencyOptimizedIn: regions } = model;
    const stated = regions === undefined ? {} : { latencyOptimizedIn: regions };
    return { name, id, maxOutputTokens, burndown, contextTokens, longPrice, ...stated };
  });
}

/**
 * Notes on what is not known of models and counts in this scenario, one each. The burndown is not among them: quotas
 * may state it, and say themselves where none does.
 *
 * @param called how some targets call the model: at a region's own endpoint, on demand; latency-optimised
 */
export function unknownNotes(
  models: SettledModels,
  classes: readonly Pick<ClassPlan, "model">[],
  traffic: readonly ClassTraffic[],
  called: (model: number) => { readonly isAlone: boolean; readonly isLatencyOptimized: boolean },
): readonly string[] {
  return Object.entries(models).flatMap(([name, { id, unknown, maxOutputTokens, cache }], m) => {
    const notes: string[] = [];
    const say = (what: string, assumed: string, key: string) =>
      notes.push(
        `${what} ${name} (${id}) is not known: ${assumed}. If you know it, state world.models.${name}.${key}.`,
      );
    const calls = classes.flatMap(({ model }, c) => (model === m ? (smallestCall(traffic[c]!) ?? []) : []));
    if (unknown.includes("maxOutputTokens") && calls.some(({ isUnset }) => isUnset)) {
      const assumed = maxOutputTokens.toLocaleString("en-US");
      say("The maximum output of", `calls without max_tokens are taken to reserve ${assumed}`, "maxOutputTokens");
    }
    const isAnyAbove = (tokens: number) =>
      classes.some(({ model }, c) => model === m && (shareOfPromptsAbove(traffic[c]!, tokens) ?? 0) > RARE);
    if (unknown.includes("contextTokens") && isAnyAbove(SMALLEST_CONTEXT)) {
      say("The context window of", "no prompt is taken to be too long", "contextTokens");
    }
    if (unknown.includes("longContextPrice") && isAnyAbove(LOWEST_LONG_PRICE)) {
      say("The price of long prompts to", "they are billed like short ones", "longContext");
    }
    if (unknown.includes("cacheMinimumTokens") && calls.some(({ hasPrefixes }) => hasPrefixes)) {
      const assumed = cache!.minimumTokens.toLocaleString("en-US");
      say(
        "The shortest prefix that is cached by",
        `prefixes of ${assumed} tokens are taken to be`,
        "cache.minimumTokens",
      );
    }
    const { isAlone, isLatencyOptimized } = called(m);
    if (unknown.includes("latencyOptimizedIn") && isLatencyOptimized) {
      say("Where the service serves latency-optimised", "it is taken to, where targets say so", "latencyOptimizedIn");
    }
    if (unknown.includes("profileOnly") && isAlone) {
      say("Whether a region's own endpoint sells", "targets of single regions are taken to", "onDemand");
    }
    return notes;
  });
}
