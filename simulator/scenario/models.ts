/**
 * `world.models`: what a model is and where it runs. What the scenario leaves out, the table of model facts says; what
 * neither says has a usual value, and is named in a note where the scenario uses it.
 */
import { z } from "zod";
import { count, durationMs, share } from "../base/schema-forms.ts";
import { DAY_MS } from "../base/time.ts";
import { capacitySchema } from "../service/capacity/index.ts";
import type { FactValues, ModelFacts } from "../service/model-facts.ts";
import type { ClassTraffic } from "../traffic/class-stream.ts";
import { smallestCall } from "../traffic/token-bounds.ts";
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

export const modelSchema = z
  .strictObject({
    id: z.string().min(1).meta({ description: "Bedrock model id: anthropic.claude-sonnet-4-5-20250929-v1:0" }),
    maxOutputTokens: count
      .pipe(z.number().int().positive())
      .optional()
      .meta({ description: "What an unset max_tokens reserves; the model's maximum output unless given" }),
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
type SettledFact = keyof typeof USUAL | "profileOnly";

/** A model with everything that the scenario left out. */
export interface SettledModel extends Omit<ModelInput, "cache"> {
  readonly burndown: number;
  readonly maxOutputTokens: number;
  /** Whether a region's own endpoint sells it. */
  readonly onDemand: boolean;
  /** Prompt cache; undefined: none. */
  readonly cache: { readonly ttl: "5m" | "1h"; readonly minimumTokens: number } | undefined;
  /** What neither the scenario nor the table says: these have usual values. */
  readonly unknown: readonly SettledFact[];
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
  if ((model.onDemand ?? profileOnly) === undefined && isLikeListed(model.id, facts)) unknown.push("profileOnly");
  return {
    ...model,
    onDemand: model.onDemand ?? profileOnly !== true,
    cache: cache && { ...cache, minimumTokens: settle(cache.minimumTokens, "cacheMinimumTokens") },
    burndown: settle(model.burndown, "burndown"),
    maxOutputTokens: settle(model.maxOutputTokens, "maxOutputTokens"),
    unknown,
  };
}

/** A model of the scenario's own, unlike all that are listed, is sold as the scenario says. */
function isLikeListed(id: string, facts: ModelFacts): boolean {
  return facts.idOf(id) !== undefined || facts.nearestModels(id).length > 0;
}

export function modelPlansOf(models: SettledModels): readonly ModelPlan[] {
  return Object.entries(models).map(([name, { id, maxOutputTokens, burndown }]) => ({
    name,
    id,
    maxOutputTokens,
    burndown,
  }));
}

/**
 * Notes on what is not known of models and counts in this scenario, one each. The burndown is not among them: quotas
 * may state it, and say themselves where none does.
 *
 * @param calledAlone whether some target calls the model at a region's own endpoint, on demand
 */
export function unknownNotes(
  models: SettledModels,
  classes: readonly Pick<ClassPlan, "model">[],
  traffic: readonly ClassTraffic[],
  calledAlone: (model: number) => boolean,
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
    if (unknown.includes("cacheMinimumTokens") && calls.some(({ hasPrefixes }) => hasPrefixes)) {
      const assumed = cache!.minimumTokens.toLocaleString("en-US");
      say(
        "The shortest prefix that is cached by",
        `prefixes of ${assumed} tokens are taken to be`,
        "cache.minimumTokens",
      );
    }
    if (unknown.includes("profileOnly") && calledAlone(m)) {
      say("Whether a region's own endpoint sells", "targets of single regions are taken to", "onDemand");
    }
    return notes;
  });
}
