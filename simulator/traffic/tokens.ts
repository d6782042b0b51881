import { z } from "zod";
import { type LawSpec, lawOr, lawSchema } from "../random/laws/index.ts";
import { unionOf } from "../random/schema-forms.ts";
import { count, share } from "../scenario/units.ts";

/** A length's law, or the name of recorded lengths. */
export type LengthSpec = LawSpec | { readonly kind: "recorded"; readonly name: string };

/** The caller's max_tokens. */
export type MaxTokensSpec =
  | LengthSpec
  /** Left out by the caller, which reserves the model's maximum. */
  | { readonly kind: "unset" }
  /** A margin over the request's own output. */
  | { readonly kind: "outputTimes"; readonly factor: number };

/** The leading part of prompts that a prompt cache can serve. */
export interface PrefixSpec {
  /** Length of each distinct prefix, drawn once per prefix; part of the input and never longer. */
  readonly tokens: LawSpec;
  /** Share of requests that carry one of the prefixes. */
  readonly share: number;
  /** How many different prefixes there are. */
  readonly distinct: number;
  /** Exponent of Zipf's law of their popularity; 0 = all equally popular. */
  readonly zipf: number;
}

/** Token counts of requests. What is left out comes from the recording, if the arrivals are recorded. */
export interface TokenSpec {
  readonly input?: LengthSpec;
  readonly output?: LengthSpec;
  readonly maxTokens?: MaxTokensSpec;
  readonly prefix?: PrefixSpec;
}

const recorded = z
  .string()
  .min(1)
  .transform((name) => ({ kind: "recorded" as const, name }))
  .meta({ description: "Name of recorded token lengths" });

const outputTimes = z
  .number()
  .refine((factor) => factor >= 1, "outputTimes must be at least 1")
  .transform((factor) => ({ kind: "outputTimes" as const, factor }))
  .meta({ description: "This many times the tokens that the request will write" });

const length: z.ZodType<LengthSpec> = lawOr("count", { recorded });

const maxTokens: z.ZodType<MaxTokensSpec> = unionOf([
  z.literal("unset").transform(() => ({ kind: "unset" as const })),
  lawOr<LengthSpec | MaxTokensSpec>("count", { recorded, outputTimes }),
]);

const prefix: z.ZodType<PrefixSpec> = z.strictObject({
  tokens: lawSchema("count").meta({ description: "Tokens of each prefix; part of the input" }),
  share: share
    .refine((value) => value >= 0 && value <= 1, "share must be between 0% and 100%")
    .default(1)
    .meta({ description: "Share of requests that carry a prefix" }),
  distinct: count
    .refine((value) => Number.isInteger(value) && value >= 1 && value <= 1e6, "distinct must be 1 to 1M, whole")
    .default(1)
    .meta({ description: "How many different prefixes there are" }),
  zipf: z.number().min(0).max(10).default(1).meta({ description: "Zipf exponent of their popularity; 0 = equal" }),
});

/** The YAML form: `{ input: { lognormal: { mean: 1200, cv: 1.2 } }, output: 300, maxTokens: unset }`. */
export const tokensSchema: z.ZodType<TokenSpec> = z
  .strictObject({
    input: length.optional().meta({ description: "Input tokens of the whole prompt, the prefix included" }),
    output: length.optional().meta({ description: "Tokens the model would write if nothing cut it short" }),
    maxTokens: maxTokens
      .optional()
      .meta({ description: "max_tokens of the call: a number, a law, unset, or a margin" }),
    prefix: prefix.optional().meta({ description: "Leading tokens that a prompt cache can serve" }),
  })
  .transform((spec) => {
    const given = Object.entries(spec).filter(([, value]) => value !== undefined);
    return Object.fromEntries(given) as TokenSpec;
  })
  .meta({ description: "Token counts of requests; recorded traffic brings its own" });
