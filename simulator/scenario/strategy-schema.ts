import { z } from "zod";
import { STRATEGIES } from "../strategies/index.ts";
import type { OptionSpec, StrategyDefinition } from "../strategies/strategy.ts";
import { clientSchema } from "./client-schema.ts";
import { count, durationMs, share } from "./units.ts";

/** A strategy as a scenario names it. */
export interface StrategyInput {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly name: string | undefined;
  readonly client: z.output<typeof clientSchema> | undefined;
}

const names = STRATEGIES.map((each) => each.name);

/** `round-robin`, or `{ weighted: { weights: { ... } }, name: ..., client: ... }`. */
export const strategySchema = z
  .union([z.enum(names as [string, ...string[]]), strategyObject()])
  .transform((input): StrategyInput => {
    if (typeof input === "string") return { kind: input, options: {}, name: undefined, client: undefined };
    const kind = names.find((name) => input[name] !== undefined)!;
    return {
      kind,
      options: (input[kind] ?? {}) as Record<string, unknown>,
      name: input.name as string | undefined,
      client: input.client as StrategyInput["client"],
    };
  })
  .meta({ description: "A routing strategy by name, with its options" });

function strategyObject() {
  const shape: Record<string, z.ZodType> = {
    name: z
      .string()
      .min(1)
      .max(60)
      .optional()
      .meta({ description: "Label in the results; the strategy's name unless given" }),
    client: clientSchema.optional().meta({ description: "A client of this strategy's own" }),
  };
  for (const definition of STRATEGIES) shape[definition.name] = optionsOf(definition).optional();
  return z.strictObject(shape).superRefine((input, context) => {
    const given = names.filter((name) => input[name] !== undefined);
    if (given.length !== 1) {
      const found = given.length === 0 ? "none" : given.join(" and ");
      context.addIssue({ code: "custom", message: `name exactly one strategy of ${names.join(", ")}; found ${found}` });
    }
  });
}

function optionsOf(definition: StrategyDefinition): z.ZodType {
  const shape: Record<string, z.ZodType> = {};
  for (const [name, spec] of Object.entries(definition.options)) {
    const schema = schemaOf(spec).meta({ description: spec.doc });
    shape[name] = spec.required === true ? schema : schema.optional();
  }
  return z.strictObject(shape).meta({ description: definition.summary });
}

function schemaOf(spec: OptionSpec): z.ZodType {
  switch (spec.type) {
    case "target":
      return z.string().min(1);
    case "targets":
      return z.array(z.string().min(1)).min(1);
    case "targetWeights":
      return z.record(z.string().min(1), z.number().min(0));
    case "durationMs":
      return durationMs;
    case "share":
      return share;
    case "integer":
      return z.number().int();
    case "number":
      return count;
    case "choice":
      return z.enum([...(spec.values ?? [])] as [string, ...string[]]);
    case "boolean":
      return z.boolean();
  }
}
