/**
 * What is known of each model beyond prices, quotas and profiles: burndown, context, limits, prompt cache, lifecycle.
 * One table for all that simulate, price, emulate or plan; what no source says is unknown, never a default.
 */
import { z } from "zod";
import { nearNames } from "../base/near-names.ts";

/** A value with who says it, and when. */
export interface Fact<T> {
  readonly value: T;
  /** The source in words. */
  readonly source: string;
  /** Day, month or year for which the source speaks: `2026-10-01`, `2026-10`, `2026`. */
  readonly asOf: string;
  readonly confidence: string;
  /** What else is to be known, e.g. how another source differs. */
  readonly note: string | undefined;
}

/** A price of its own for calls with long prompts. It holds for the whole call, not for what exceeds the threshold. */
export interface LongContextPrice {
  /** Calls with more input tokens than this, cached ones included, pay it. */
  readonly aboveInputTokens: number;
  /** Multiplies the price of input, cache reads and cache writes. */
  readonly inputFactor: number;
  readonly outputFactor: number;
}

export interface Thinking {
  /** `budget`: a fixed number of thinking tokens; `adaptive`: the model decides. None: the model does not think. */
  readonly modes: readonly ("budget" | "adaptive")[];
  /** Smallest budget; it must also be below max_tokens. Only with the mode `budget`. */
  readonly minimumBudgetTokens?: number | undefined;
  /** Thinking cannot be turned off. */
  readonly alwaysOn: boolean;
}

/** Dates are ISO days. Without a state, only dates are known. */
export interface Lifecycle {
  /** As of the fact's date; an end of life after that date may have passed since. */
  readonly state?: "active" | "legacy" | "ended" | undefined;
  readonly legacySince?: string | undefined;
  /** From then on legacy models may cost more. */
  readonly extendedAccessFrom?: string | undefined;
  readonly endOfLife?: string | undefined;
}

/** What Converse may refuse of a model. */
export const CONVERSE_FEATURES = [
  "system prompts",
  "documents",
  "images",
  "tools",
  "streamed tools",
  "tool choice",
  "cache checkpoints",
] as const;
export type ConverseFeature = (typeof CONVERSE_FEATURES)[number];

/** The facts of the table and their values. */
export interface FactValues {
  /** Tokens of quota that one output token settles to. */
  readonly burndown: number;
  /** Tokens of prompt and answer together. */
  readonly contextTokens: number;
  /** The same with a beta that the caller asks for. */
  readonly extendedContextTokens: number;
  /** Largest answer, and what an unset max_tokens reserves. */
  readonly maxOutputTokens: number;
  readonly longContextPrice: LongContextPrice | "none";
  /** Shorter prefixes are not cached. */
  readonly cacheMinimumTokens: number;
  readonly cacheMaxPoints: number;
  readonly cacheTtls: readonly ("5m" | "30m" | "1h")[];
  /** `one-of-two`: temperature or top_p, not both; `refused`: neither. */
  readonly samplingParameters: "one-of-two" | "refused";
  readonly thinking: Thinking;
  /** Tiers that have a list price. */
  readonly serviceTiers: readonly string[];
  /** Source regions in which its profile serves calls latency-optimised; none: nowhere. The bare id never does. */
  readonly latencyOptimizedIn: readonly string[];
  /** What Converse refuses for the model; all else is taken. */
  readonly converseLacks: readonly ConverseFeature[];
  /** Whether a conversation may end with the beginning of the answer. */
  readonly prefill: boolean;
  /** True: on-demand calls with the bare id are refused. */
  readonly profileOnly: boolean;
  readonly lifecycle: Lifecycle;
}
export type FactName = keyof FactValues;

/** The table, with lookups. An id may have a profile's prefix, be an ARN of either kind, or leave out its version. */
export interface ModelFacts {
  /** Ids of the table's models, in its order. */
  readonly ids: readonly string[];
  /** The table's id for a model; undefined for one that it lacks, or that the id leaves open. */
  idOf(idOrArn: string): string | undefined;
  /** E.g. `Claude Sonnet 4.5`. */
  nameOf(idOrArn: string): string | undefined;
  /** Undefined: unknown. */
  fact<K extends FactName>(idOrArn: string, name: K): Fact<FactValues[K]> | undefined;
  /** What is not known of the model, in words; everything, for a model that the table lacks. */
  unknownFacts(idOrArn: string): readonly string[];
  /** Ids like the asked one, the nearest first, for "did you mean". */
  nearestModels(idOrArn: string): readonly string[];
}

/** How each fact is called where it is not known. */
export const FACT_LABELS: Readonly<Record<FactName, string>> = {
  burndown: "burndown (tokens of quota for each output token)",
  contextTokens: "context window",
  extendedContextTokens: "context window of the beta",
  maxOutputTokens: "maximum output",
  longContextPrice: "price of long prompts",
  cacheMinimumTokens: "smallest prefix that is cached",
  cacheMaxPoints: "number of cache points",
  cacheTtls: "lifetimes of cached prefixes",
  samplingParameters: "whether temperature and top_p exclude each other",
  thinking: "thinking",
  serviceTiers: "service tiers",
  latencyOptimizedIn: "regions with latency-optimised inference",
  converseLacks: "what Converse refuses",
  prefill: "beginnings of answers (prefill)",
  profileOnly: "whether it is sold only through inference profiles",
  lifecycle: "lifecycle",
};
const FACT_NAMES = Object.keys(FACT_LABELS) as readonly FactName[];

/** Few models have these facts; their absence is no gap. */
const OPTIONAL_FACTS: readonly FactName[] = ["extendedContextTokens", "prefill"];

/** @param data parsed by `modelFactsSchema`, which has checked that statements do not overlap */
export function createModelFacts(data: ModelFactsData): ModelFacts {
  const ids = data.models.map(({ id }) => id);
  const names = new Map(data.models.map(({ id, name }) => [id, name]));
  const statements = new Map<FactName, ReadonlyMap<string, Statement>>();
  /** Most runs ask for few of the facts. */
  const statementsOn = (name: FactName): ReadonlyMap<string, Statement> => {
    const known = statements.get(name) ?? statementsById(data, name);
    statements.set(name, known);
    return known;
  };
  const idOf = (idOrArn: string): string | undefined => listedId(bareModelId(idOrArn), ids);
  const fact = <K extends FactName>(idOrArn: string, name: K): Fact<FactValues[K]> | undefined => {
    const id = idOf(idOrArn);
    const statement = id === undefined ? undefined : statementsOn(name).get(id);
    if (statement === undefined || statement.value === null) return undefined;
    const { asOf, confidence, note } = statement;
    // The schema has checked that statements of a fact have values of that fact.
    return { value: statement.value as FactValues[K], source: data.sources[statement.source]!, asOf, confidence, note };
  };
  return {
    ids,
    idOf,
    nameOf: (idOrArn) => names.get(idOf(idOrArn) ?? ""),
    fact,
    unknownFacts: (idOrArn) =>
      FACT_NAMES.filter((name) => !OPTIONAL_FACTS.includes(name) && fact(idOrArn, name) === undefined).map(
        (name) => FACT_LABELS[name],
      ),
    nearestModels: (idOrArn) => nearNames(bareModelId(idOrArn), ids),
  };
}

const ARN = /^arn:aws[a-z-]*:bedrock:[a-z0-9-]*:\d*:(?:foundation-model|inference-profile)\//;
const PROFILE_PREFIX = /^(?:us|eu|apac|jp|au|ca|in|global|us-gov)\.(?=[a-z0-9-]+\.)/;

/**
 * A model id without the wrapping of ARNs and system profiles.
 *
 * @example bareModelId("us-gov.anthropic.claude-opus-4-8") // => "anthropic.claude-opus-4-8"
 * @example bareModelId("arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-pro-v1:0") // => "amazon.nova-pro-v1:0"
 */
export function bareModelId(idOrArn: string): string {
  return idOrArn.trim().replace(ARN, "").replace(PROFILE_PREFIX, "");
}

/** Name, date and version: `anthropic.claude-opus-4`, `20250514`, `v1:0`. */
const PARTS = /^(.+?)(?:-(\d{8}))?(?:-(v\d+(?::[a-z0-9-]+)*))?$/;

/** The listed id that is meant: itself, or the only one with the same name whose date and version do not differ. */
function listedId(asked: string, ids: readonly string[]): string | undefined {
  if (ids.includes(asked)) return asked;
  const wanted = PARTS.exec(asked);
  if (wanted === null) return undefined;
  const fitting = ids.filter((id) => {
    const parts = PARTS.exec(id)!;
    return (
      parts[1] === wanted[1] &&
      (parts[2] === undefined || wanted[2] === undefined || parts[2] === wanted[2]) &&
      (parts[3] === undefined || wanted[3] === undefined || isVariantOf(parts[3], wanted[3]))
    );
  });
  // A context variant, `...-v1:0:1m-context`, is only meant where it is named.
  const meant = fitting.filter((id) => !fitting.some((other) => id.startsWith(`${other}:`)));
  return meant.length === 1 ? meant[0] : undefined;
}

/** `v1` and `v1:0:200k` are `v1:0`; `v2:0` is not. */
function isVariantOf(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}:`) || b.startsWith(`${a}:`);
}

type Statement = ModelFactsData["facts"][FactName][number];

/** Statements about "others" reach the models that no other statement of the fact is about. */
function statementsById(data: ModelFactsData, name: FactName): ReadonlyMap<string, Statement> {
  const byId = new Map<string, Statement>();
  const statements: readonly Statement[] = data.facts[name];
  for (const statement of statements) for (const id of idsOf(data.models, statement.models)) byId.set(id, statement);
  const others = statements.find(({ models }) => models === "others");
  if (others !== undefined) for (const { id } of data.models) if (!byId.has(id)) byId.set(id, others);
  return byId;
}

function idsOf(models: readonly { readonly id: string }[], patterns: readonly string[] | "others"): readonly string[] {
  if (patterns === "others") return [];
  const whole = new Set(patterns);
  const beginnings = patterns.filter((pattern) => pattern.endsWith("*")).map((pattern) => pattern.slice(0, -1));
  const isMeant = (id: string) => whole.has(id) || beginnings.some((beginning) => id.startsWith(beginning));
  return models.map(({ id }) => id).filter(isMeant);
}

function isMatch(id: string, pattern: string): boolean {
  return pattern.endsWith("*") ? id.startsWith(pattern.slice(0, -1)) : id === pattern;
}

const DATE = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/;

/** True for a day, month or year that exists. */
function isDate(text: string): boolean {
  const match = DATE.exec(text);
  if (match === null) return false;
  const [month, day] = [Number(match[2] ?? 1), Number(match[3] ?? 1)];
  const date = new Date(Date.UTC(Number(match[1]), month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function statementsOf<T extends z.ZodType>(value: T, asOf: z.ZodString) {
  return z.array(
    z.strictObject({
      /** null: the source leaves it open, or sources disagree. */
      value: value.nullable(),
      /** Ids, or beginnings of ids that end in `*`. */
      models: z.union([z.literal("others"), z.array(z.string().min(1)).min(1)]),
      source: z.string(),
      asOf,
      confidence: z.enum(["high", "medium-high", "medium", "low", "unknown"]),
      note: z.string().min(1).optional(),
    }),
  );
}

/** Shape of `scenarios/reference/bedrock-models.json`, and what must hold between its parts. */
export function modelFactsSchema() {
  const asOf = z.string().refine(isDate, "not a day, month or year");
  return z
    .object({
      asOf,
      sources: z.record(z.string(), z.string().min(1)),
      models: z.array(z.strictObject({ id: z.string().min(1), name: z.string().min(1) })).min(1),
      facts: factsSchema(asOf),
    })
    .superRefine((data, context) => {
      const refuse = (message: string, path: (string | number)[]) =>
        context.addIssue({ code: "custom", message, path });
      const ids = new Set<string>();
      data.models.forEach(({ id }, i) => {
        if (ids.has(id)) refuse(`${id} is listed twice`, ["models", i]);
        ids.add(id);
      });
      for (const name of FACT_NAMES) checkStatements(data, name, refuse);
    });
}

function factsSchema(asOf: z.ZodString) {
  const day = asOf.refine((text) => text.length === "2026-01-01".length, "not a day");
  const tokens = z.int().positive();
  const factor = z.number().positive();
  const statements = <T extends z.ZodType>(value: T) => statementsOf(value, asOf);
  return z.strictObject({
    burndown: statements(factor),
    contextTokens: statements(tokens),
    extendedContextTokens: statements(tokens),
    maxOutputTokens: statements(tokens),
    longContextPrice: statements(
      z.union([
        z.literal("none"),
        z.strictObject({ aboveInputTokens: tokens, inputFactor: factor, outputFactor: factor }),
      ]),
    ),
    cacheMinimumTokens: statements(tokens),
    cacheMaxPoints: statements(tokens),
    cacheTtls: statements(z.array(z.enum(["5m", "30m", "1h"])).min(1)),
    samplingParameters: statements(z.enum(["one-of-two", "refused"])),
    thinking: statements(
      z.strictObject({
        modes: z.array(z.enum(["budget", "adaptive"])),
        minimumBudgetTokens: tokens.optional(),
        alwaysOn: z.boolean(),
      }),
    ),
    serviceTiers: statements(z.array(z.string().min(1)).min(1)),
    latencyOptimizedIn: statements(z.array(z.string().min(1))),
    converseLacks: statements(z.array(z.enum(CONVERSE_FEATURES))),
    prefill: statements(z.boolean()),
    profileOnly: statements(z.boolean()),
    lifecycle: statements(
      z.strictObject({
        state: z.enum(["active", "legacy", "ended"]).optional(),
        legacySince: day.optional(),
        extendedAccessFrom: day.optional(),
        endOfLife: day.optional(),
      }),
    ),
  });
}
export type ModelFactsData = z.output<ReturnType<typeof modelFactsSchema>>;

/** Every source is named, every pattern finds a model, and no two statements of a fact are about one model. */
function checkStatements(
  data: Pick<ModelFactsData, "sources" | "models" | "facts">,
  name: FactName,
  refuse: (message: string, path: (string | number)[]) => void,
): void {
  const said = new Map<string, number>();
  const statements: readonly Statement[] = data.facts[name];
  statements.forEach(({ models, source, value, note }, i) => {
    const path = ["facts", name, i];
    if (value === null && note === undefined) refuse("an open value needs a note that says why", path);
    if (!Object.hasOwn(data.sources, source)) refuse(`source "${source}" is not listed`, path);
    for (const id of models === "others" ? ["others"] : idsOf(data.models, models)) {
      if (said.has(id)) refuse(`${id} has a ${name} in statement ${said.get(id)} too`, path);
      said.set(id, i);
    }
    for (const pattern of models === "others" ? [] : models)
      if (!data.models.some(({ id }) => isMatch(id, pattern))) refuse(`"${pattern}" finds no model`, path);
  });
}
