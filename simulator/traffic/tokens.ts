/** Token counts of requests: their spec, their YAML forms, and the columns drawn for each row. */

import { z } from "zod";
import { MeridianError } from "../base/errors.ts";
import { count, share, shareError, unionOf } from "../base/schema-forms.ts";
import { normalQuantile, normalShare, normalShares } from "../base/special-functions.ts";
import { keyedUniform, purposeKey } from "../random/keyed-random.ts";
import type { Sampler } from "../random/law.ts";
import { createLaw, type LawSpec, lawOr, lawSchema } from "../random/laws/index.ts";
import {
  BLOCK,
  type BlockStream,
  blockDraw,
  compileSampler,
  cumulativeShares,
  stepSampler,
} from "../random/sampler.ts";
import { smallPrefixIds } from "./prefix-ids.ts";
import { clientColumn, tellLengths } from "./servegen-clients.ts";
import type { RecordedClient, RecordedColumns, Recording, TrafficChunk } from "./traffic.ts";

/** A length's law, or the name of recorded lengths. */
export type LengthSpec = LawSpec | { readonly kind: "recorded"; readonly name: string };

/** The caller's max_tokens. */
export type MaxTokensSpec =
  | LengthSpec
  /** Left out by the caller, which reserves the model's maximum. */
  | { readonly kind: "unset" }
  /** A margin over the request's own output. */
  | { readonly kind: "outputTimes"; readonly factor: number };

/** max_tokens that so large a share of the class's own answers stays within. */
export interface OutputQuantile {
  readonly kind: "outputQuantile";
  readonly share: number;
}

/** The leading part of prompts that a prompt cache can serve. */
interface PrefixSpec {
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
  /** Of input and output: of the normal scores behind them (Gaussian copula); independent where it is left out. */
  readonly correlation?: number;
}

/** Token counts as a scenario writes them: what follows from the class's answers is not settled yet. */
export type TokenInput = Omit<TokenSpec, "maxTokens"> & { readonly maxTokens?: MaxTokensSpec | OutputQuantile };

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

const outputQuantile = share
  .refine((value) => value > 0 && value < 1, "outputQuantile must be more than 0 and less than 100%, like 99%")
  .transform((value) => ({ kind: "outputQuantile" as const, share: value }))
  .meta({ description: "What this share of the class's answers stays within: 99%" });

const length: z.ZodType<LengthSpec> = lawOr("count", { recorded });

const maxTokens: z.ZodType<MaxTokensSpec | OutputQuantile> = unionOf([
  z.literal("unset").transform(() => ({ kind: "unset" as const })),
  lawOr<LengthSpec | MaxTokensSpec | OutputQuantile>("count", { recorded, outputTimes, outputQuantile }),
]);

const prefix: z.ZodType<PrefixSpec> = z.strictObject({
  tokens: lawSchema("count").meta({ description: "Tokens of each prefix; part of the input" }),
  share: share
    .refine((value) => value >= 0 && value <= 1, shareError("share must be between 0% and 100%"))
    .default(1)
    .meta({ description: "Share of requests that carry a prefix" }),
  distinct: count
    .refine((value) => Number.isInteger(value) && value >= 1 && value <= 1e6, "distinct must be 1 to 1M, whole")
    .default(1)
    .meta({ description: "How many different prefixes there are" }),
  zipf: z.number().min(0).max(10).default(1).meta({ description: "Zipf exponent of their popularity; 0 = equal" }),
});

/** The YAML form: `{ input: { lognormal: { mean: 1200, cv: 1.2 } }, output: 300, maxTokens: unset }`. */
export const tokensSchema: z.ZodType<TokenInput> = z
  .strictObject({
    input: length.optional().meta({ description: "Input tokens of the whole prompt, the prefix included" }),
    output: length.optional().meta({ description: "Tokens the model would write if nothing cut it short" }),
    maxTokens: maxTokens
      .optional()
      .meta({ description: "max_tokens of the call: a number, a law, unset, a margin, or a quantile of the answers" }),
    prefix: prefix.optional().meta({ description: "Leading tokens that a prompt cache can serve" }),
    correlation: z.number().gt(-1).lt(1).optional().meta({
      description: "Correlation of the lengths of input and output, -1 to 1: a Gaussian copula; 0 unless given",
    }),
  })
  .transform((spec) => {
    const given = Object.entries(spec).filter(([, value]) => value !== undefined);
    return Object.fromEntries(given) as TokenInput;
  })
  .meta({ description: "Token counts of requests; recorded traffic brings its own" });

/** Writes the token columns of rows `from` to `to`; for recorded traffic, `recordedRow` says which rows they were. */
export type TokenFiller = (columns: TrafficChunk, from: number, to: number, recordedRow: Int32Array) => void;

export interface TokenContext {
  /** Where the class stands in the scenario, for error messages. */
  readonly className: string;
  /** With `purpose` the key of the class's draws, for what is drawn once per prefix. */
  readonly seed: number;
  readonly purpose: string;
  random(purpose: string): BlockStream;
  readonly recordings: Readonly<Record<string, Recording>>;
  /** The recording behind the arrivals, if there is one. */
  readonly recorded: RecordedColumns | undefined;
  /** The clients behind the arrivals, if there are such. */
  readonly clients?: readonly RecordedClient[] | undefined;
  /** First prefix id of the class; classes share no prefix. */
  readonly prefixIdBase: number;
}

/** Largest count that the columns hold. */
const TOKENS_MAX = 2 ** 31 - 1;

/**
 * Token columns of one class. Every column has its own stream, so a new option shifts no other column's draws.
 *
 * @throws MeridianError TRAFFIC_TOKENS_MISSING or TRAFFIC_UNKNOWN_RECORDING
 */
export function createTokenFiller(spec: TokenSpec, context: TokenContext): TokenFiller {
  const { recorded, clients } = context;
  const missing =
    recorded === undefined || recorded.isWithoutTokens === true
      ? (["input", "output"] as const).filter((each) => spec[each] === undefined && !tellLengths(clients, each))
      : [];
  if (missing.length > 0) throw tokensMissing(missing, context);
  const columnOf = (what: "input" | "output"): ColumnFiller =>
    spec[what] === undefined && clients !== undefined
      ? clientColumn(clients, what, context.random(what))
      : lengthColumn(spec[what] ?? recorded![`${what}Tokens`], what, context);
  const fillInput = columnOf("input");
  const fillOutput =
    spec.correlation === undefined ? columnOf("output") : correlatedColumn(spec.output, spec.correlation, context);
  const fillMax = maxTokensColumn(spec.maxTokens, context);
  const fillPrefix = prefixColumns(spec.prefix, context);
  return (columns, from, to, recordedRow) => {
    fillInput(columns.inputTokens, from, to, recordedRow);
    fillOutput(columns.outputTokens, from, to, recordedRow);
    fillMax(columns, from, to, recordedRow);
    fillPrefix(columns, from, to, recordedRow);
  };
}

/** How many prefix ids the class uses. */
export function prefixIdCount(spec: TokenSpec, recorded: RecordedColumns | undefined): number {
  if (spec.prefix !== undefined) return spec.prefix.distinct;
  let largest = -1;
  for (const id of smallPrefixIds(recorded?.prefixId ?? new Int32Array())) largest = Math.max(largest, id);
  return largest + 1;
}

type ColumnFiller = (column: Int32Array, from: number, to: number, recordedRow: Int32Array) => void;

function tokensMissing(what: readonly string[], { className }: Pick<TokenContext, "className">): MeridianError {
  return new MeridianError("usage", {
    code: "TRAFFIC_TOKENS_MISSING",
    where: `class ${className}, tokens`,
    what: `no ${what.join(" and ")} tokens are given, and the arrivals are not recorded requests that would bring them`,
    fix: `add tokens: { ${what.map((each) => `${each}: <number or law>`).join(", ")} } to the class`,
  });
}

function lengthColumn(source: LengthSpec | Int32Array, what: string, context: TokenContext): ColumnFiller {
  if (source instanceof Int32Array) {
    return (column, from, to, recordedRow) => {
      for (let i = from; i < to; i++) column[i] = source[recordedRow[i]!]!;
    };
  }
  const law = lengthLaw(source, what, context);
  if (law.kind === "constant") {
    const tokens = Math.min(TOKENS_MAX, Math.round(law.value));
    return (column, from, to) => column.fill(tokens, from, to);
  }
  const least = law.kind === "empirical" && createLaw(law).quantile(2 ** -53) < 0.5 ? 0 : 1;
  const draw = blockDraw(createLaw(law), context.random(what));
  return (column, from, to) => {
    for (let start = from; start < to; start += BLOCK) {
      const count = Math.min(BLOCK, to - start);
      const values = draw(count);
      for (let i = 0; i < count; i++) {
        // Comparisons: `Math.min` of doubles costs more than a draw.
        const tokens = values[i]! + 0.5;
        column[start + i] = tokens < least ? least : tokens > TOKENS_MAX ? TOKENS_MAX : tokens;
      }
    }
  };
}

/**
 * Outputs whose normal scores are correlated with those of the inputs (Gaussian copula). The inputs' draws are made again
 * from a stream of the same name, since a column does not keep them. Source: Nelsen, "An Introduction to Copulas", 2006.
 */
function correlatedColumn(output: LengthSpec | undefined, correlation: number, context: TokenContext): ColumnFiller {
  if (output === undefined) {
    throw new MeridianError("usage", {
      code: "TRAFFIC_TOKENS_MISSING",
      where: `class ${context.className}, tokens.correlation`,
      what: "lengths can be correlated only where both input and output are laws",
      fix: "give tokens.output a law, or leave correlation out",
    });
  }
  const law = lengthLaw(output, "output", context);
  const sample = compileSampler(createLaw(law));
  const least = law.kind === "empirical" && createLaw(law).quantile(2 ** -53) < 0.5 ? 0 : 1;
  const [inputs, own] = [context.random("input"), context.random("output")];
  const rest = Math.sqrt(1 - correlation * correlation);
  const shares = normalShares();
  return (column, from, to) => {
    for (let i = from; i < to; i++) {
      const score = correlation * normalScore(inputs.next()) + rest * normalScore(own.next());
      column[i] = Math.max(least, Math.min(TOKENS_MAX, sample(normalShare(shares, score)) + 0.5));
    }
  };
}

const SMALLEST_SHARE = 2 ** -53;

function normalScore(u: number): number {
  return normalQuantile(Math.max(SMALLEST_SHARE, Math.min(1 - SMALLEST_SHARE, u)));
}

/**
 * The law of a length.
 *
 * @throws MeridianError TRAFFIC_TOKENS_MISSING, TRAFFIC_UNKNOWN_RECORDING
 */
export function lengthLaw(
  source: LengthSpec | undefined,
  what: string,
  context: Pick<TokenContext, "recordings" | "className">,
): LawSpec {
  if (source === undefined) throw tokensMissing([what], context);
  return source.kind === "recorded" ? recordedLengths(source.name, what, context) : source;
}

function recordedLengths(
  name: string,
  what: string,
  { recordings, className }: Pick<TokenContext, "recordings" | "className">,
): LawSpec {
  const recording = recordings[name];
  if (recording?.kind === "lengths") return { kind: "empirical", quantiles: recording.quantiles };
  throw new MeridianError("usage", {
    code: "TRAFFIC_UNKNOWN_RECORDING",
    where: `class ${className}, tokens.${what}`,
    what: `"${name}" is not a recording of token lengths`,
    fix: "run `meridian list traces` for the recordings there are",
  });
}

function maxTokensColumn(spec: MaxTokensSpec | undefined, context: TokenContext): TokenFiller {
  if (spec === undefined || spec.kind === "unset") {
    const recordedMax = spec === undefined ? context.recorded?.maxTokens : undefined;
    if (recordedMax === undefined) return (columns, from, to) => columns.maxTokens.fill(0, from, to);
    return ({ maxTokens }, from, to, recordedRow) => {
      for (let i = from; i < to; i++) maxTokens[i] = recordedMax[recordedRow[i]!]!;
    };
  }
  if (spec.kind === "outputTimes") {
    const { factor } = spec;
    return ({ maxTokens, outputTokens }, from, to) => {
      for (let i = from; i < to; i++) maxTokens[i] = Math.min(TOKENS_MAX, Math.ceil(factor * outputTokens[i]!));
    };
  }
  const fill = lengthColumn(spec, "maxTokens", context);
  return ({ maxTokens }, from, to, recordedRow) => fill(maxTokens, from, to, recordedRow);
}

function prefixColumns(spec: PrefixSpec | undefined, context: TokenContext): TokenFiller {
  if (spec !== undefined) return drawnPrefixes(spec, context);
  const { recorded, prefixIdBase } = context;
  const recordedTokens = recorded?.prefixTokens;
  if (recordedTokens === undefined || recorded?.prefixId === undefined) {
    return ({ prefixTokens, prefixId }, from, to) => {
      prefixTokens.fill(0, from, to);
      prefixId.fill(-1, from, to);
    };
  }
  const recordedId = smallPrefixIds(recorded.prefixId);
  return ({ prefixTokens, prefixId, inputTokens }, from, to, recordedRow) => {
    for (let i = from; i < to; i++) {
      const row = recordedRow[i]!;
      const id = recordedId[row]!;
      // Tokens of which nothing tells whose they are are in no cache that another request reads.
      prefixTokens[i] = id < 0 ? 0 : Math.min(recordedTokens[row]!, inputTokens[i]!);
      prefixId[i] = id < 0 ? -1 : prefixIdBase + id;
    }
  };
}

/** Two draws for each row, needed or not, so that changing the share shifts no popularity draw. */
function drawnPrefixes({ tokens, share, distinct, zipf }: PrefixSpec, context: TokenContext): TokenFiller {
  const ranks = Float64Array.from({ length: distinct }, (_, i) => i);
  const popularity = stepSampler(ranks, cumulativeShares(ranks.map((rank) => (rank + 1) ** -zipf)));
  const lengthOf = prefixLengths(compileSampler(createLaw(tokens)), distinct, context);
  const carries = context.random("prefix-share");
  const which = context.random("prefix-rank");
  return ({ prefixTokens, prefixId, inputTokens }, from, to) => {
    for (let i = from; i < to; i++) {
      const isCarried = carries.next() < share;
      const rank = popularity(which.next());
      const length = isCarried ? Math.min(lengthOf[rank]!, inputTokens[i]!) : 0;
      prefixTokens[i] = length;
      prefixId[i] = length > 0 ? context.prefixIdBase + rank : -1;
    }
  };
}

function prefixLengths(sample: Sampler, distinct: number, { seed, purpose }: TokenContext): Int32Array {
  const key = purposeKey(seed, `${purpose}/prefix-length`);
  return Int32Array.from({ length: distinct }, (_, rank) => Math.round(sample(keyedUniform(key, rank, 0))));
}
