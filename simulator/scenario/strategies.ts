/** `strategies`: the strategies that a run compares, their options, and what each may choose. */

import { z } from "zod";
import { count, durationMs, ownEntry, share } from "../base/schema-forms.ts";
import { findTarget } from "../client/options.ts";
import type { OptionSpec, StrategyContext, StrategyDefinition } from "../client/strategy.ts";
import { definitionOf, STRATEGIES } from "../strategies/index.ts";
import { type ClientInput, clientPlanOf, clientSchema } from "./client.ts";
import type { ClassPlan, ClientPlan, StrategyPlan } from "./plan.ts";
import { nameTargets, type Problems } from "./problems.ts";

/** A strategy as a scenario names it. */
export interface StrategyInput {
  readonly kind: string;
  /** Path of the user's own strategy, as written; undefined for one of the registry. */
  readonly file: string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
  readonly name: string | undefined;
  readonly client: ClientInput | undefined;
}

const names = STRATEGIES.map((each) => each.name);

/** `round-robin`, or `{ weighted: { weights: { ... } }, name: ..., client: ... }`, whose large schema a name does not need. */
export const strategySchema = z
  .union([z.enum(names as [string, ...string[]]), z.lazy(strategyObject)])
  .transform((input): StrategyInput => {
    if (typeof input === "string") {
      return { kind: input, file: undefined, options: {}, name: undefined, client: undefined };
    }
    const file = input.file as string | undefined;
    const kind = file === undefined ? names.find((name) => input[name] !== undefined)! : nameOfFile(file);
    return {
      kind,
      file,
      options: ((file === undefined ? input[kind] : input.options) ?? {}) as Record<string, unknown>,
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
    file: z
      .string()
      .regex(/\.(ts|mts|js|mjs)$/, "name a file that ends with .ts, .mts, .js or .mjs")
      .optional()
      .meta({ description: "A strategy of your own, in the scenario's folder or below: ./mine.ts; its code is run" }),
    options: z.record(z.string(), z.unknown()).optional().meta({ description: "Options of a strategy of your own" }),
  };
  for (const definition of STRATEGIES) shape[definition.name] = optionsOf(definition).optional();
  return z.strictObject(shape).superRefine((input, context) => {
    const given = [...names, "file"].filter((name) => input[name] !== undefined);
    if (given.length !== 1) {
      const found = given.length === 0 ? "none" : given.join(" and ");
      const message = `name exactly one strategy of ${names.join(", ")}, or a file of your own; found ${found}`;
      context.addIssue({ code: "custom", message });
    } else if (given[0] !== "file" && input.options !== undefined) {
      context.addIssue({ code: "custom", path: ["options"], message: `options of ${given[0]} stand below its name` });
    }
  });
}

/** `./rules/mine.ts` → `mine`: the strategy's label unless it has a name. */
function nameOfFile(file: string): string {
  return file.replace(/^.*[\\/]/, "").replace(/\.[a-z]+$/, "");
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
    case "targetAmounts":
      return z.record(z.string().min(1), count);
    case "targetHours":
      return z.record(
        z.string().min(1),
        z.array(durationMs).length(24).meta({ description: "Durations of the 24 UTC hours, midnight first" }),
      );
    case "targetGroups":
      return z.array(z.array(z.string().min(1)).min(1).meta({ description: "Targets of a group" })).min(1);
    case "classTargets":
      return z.record(
        z.string().min(1),
        z.array(z.string().min(1)).min(1).meta({ description: "Targets of a class, first choice first" }),
      );
    case "classShares":
      return z.record(z.string().min(1), share);
    case "amounts":
      return z.strictObject(
        Object.fromEntries(
          (spec.values ?? []).map((name) => [name, count.optional().meta({ description: `Weight of ${name}` })]),
        ),
      );
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

/** A strategy whose options have been checked. */
export interface StrategyDraft {
  readonly plan: Omit<StrategyPlan, "offered">;
  /** Config path. */
  readonly where: string;
  /** Targets that its options name; null = it chooses among all. */
  readonly named: readonly number[] | null;
}

/**
 * The strategies with their options checked; wrong options and labels that are there twice become problems.
 *
 * @param shared  the scenario's client, of strategies without one of their own
 * @param sources code of the user's own strategies by path; a path without code has been reported by the adapter
 */
export function strategyDrafts(
  { strategies, client: shared }: { readonly strategies: readonly StrategyInput[]; readonly client: ClientInput },
  context: StrategyContext,
  sources: Readonly<Record<string, string>>,
  problems: Problems,
): readonly StrategyDraft[] {
  const drafts = strategies.map((each, i): StrategyDraft => {
    const { kind, file } = each;
    const where = `strategies[${i}].${file === undefined ? kind : "file"}`;
    const source = file === undefined ? null : (ownEntry(sources, file) ?? null);
    const isKnown = file === undefined || source !== null;
    const definition = isKnown ? problems.attempt(() => definitionOf({ kind, source }), where) : undefined;
    const options = definition === undefined ? undefined : optionsFor(definition, each, i, problems);
    // The same check as at run time, so that a wrong option is found before any work is done.
    const before = problems.list.length;
    problems.attempt(
      () => (options === undefined ? undefined : definition?.create(options, context)),
      (own) => placeOf(own, i, definition?.name, file === undefined ? kind : "options") ?? where,
    );
    nameTargets(problems, before, context);
    const own = each.client === undefined ? null : clientPlanOf(each.client, context.targetIds.length);
    const client = own ?? clientPlanOf(shared, context.targetIds.length);
    const gateway = gatewayOf(kind, options ?? {}, client, `strategies[${i}]`, problems);
    const plan = { name: each.name ?? kind, kind, source, ...(gateway ?? { options: options ?? {}, client: own }) };
    return { plan, where, named: definition === undefined ? null : namedTargets(definition, plan.options, context) };
  });
  drafts.forEach(({ plan }, i) => {
    if (drafts.findIndex((other) => other.plan.name === plan.name) === i) return;
    problems.add(
      "STRATEGY_TWICE",
      `strategies[${i}]`,
      `the label "${plan.name}" is there twice`,
      "give one of them a name",
    );
  });
  return drafts;
}

/**
 * LiteLLM's Router retries within each group of its fallbacks: the client's retries are the strategy's own, and its
 * attempts those of all groups.
 *
 * @returns null for a strategy that leaves retries to its client
 */
function gatewayOf(
  kind: string,
  options: Readonly<Record<string, unknown>>,
  client: ClientPlan,
  where: string,
  problems: Problems,
): Pick<StrategyPlan, "options" | "client"> | null {
  const { fallbacks } = options;
  if (kind !== "litellm" || !Array.isArray(fallbacks)) return null;
  const { retry } = client;
  if (retry.mode !== "litellm") {
    const what = `the Router itself retries before it falls back, but the client's retry mode is ${retry.mode}`;
    problems.add("STRATEGY_BAD_OPTION", `${where}.litellm.fallbacks`, what, "write client: { retry: litellm }");
    return null;
  }
  const { retries = (retry.maxAttempts ?? 3) - 1, retryAfter = retry.retryAfterMs } = options;
  const maxAttempts = (Number(retries) + 1) * (fallbacks.length + 1);
  return {
    options: { ...options, retries, retryAfter },
    client: { ...client, retry: { mode: "litellm", maxAttempts, retryAfterMs: 0, isLone: false } },
  };
}

/**
 * Options as plain values. Those of a file of the user's own are read here: the schema cannot know them.
 *
 * @returns undefined with problems where they are not what the strategy takes
 */
function optionsFor(
  definition: StrategyDefinition,
  { file, options }: StrategyInput,
  i: number,
  problems: Problems,
): Readonly<Record<string, unknown>> | undefined {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  if (file === undefined) return given;
  const before = problems.list.length;
  for (const [name, value] of Object.entries(given)) {
    const spec = ownEntry(definition.options, name);
    if (spec === undefined) {
      const fix = `it takes: ${Object.keys(definition.options).join(", ") || "no options"}`;
      const where = `strategies[${i}].options.${name}`;
      problems.add("STRATEGY_UNKNOWN_OPTION", where, `${definition.name} has no option "${name}"`, fix);
      continue;
    }
    const parsed = schemaOf(spec).safeParse(value);
    if (parsed.success) given[name] = parsed.data;
    for (const issue of parsed.error?.issues ?? []) {
      const path = ["options", name, ...issue.path].join(".");
      problems.add("STRATEGY_BAD_OPTION", `strategies[${i}].${path}`, issue.message, spec.doc);
    }
  }
  return problems.list.length === before ? given : undefined;
}

/** Config path of an option that a strategy calls `<its name>.<option>`. */
function placeOf(own: string, i: number, name: string | undefined, key: string): string | undefined {
  return name !== undefined && own.startsWith(`${name}.`)
    ? `strategies[${i}].${key}${own.slice(name.length)}`
    : undefined;
}

export interface OfferInput {
  readonly drafts: readonly StrategyDraft[];
  readonly classes: readonly ClassPlan[];
  readonly targetIds: readonly string[];
  /** Per strategy and model: targets that others have reserved. */
  isWithheld(strategy: number, target: number, model: number): boolean;
  readonly problems: Problems;
}

/**
 * What each strategy may choose: legal targets without those that only others have reserved. A strategy that names
 * targets is refused if no class may go to any of them, and remarked on if some class may not: its requests go elsewhere.
 */
export function resolveStrategies(input: OfferInput): {
  readonly strategies: readonly StrategyPlan[];
  readonly notes: readonly string[];
} {
  const { drafts, classes, targetIds, problems } = input;
  const notes: string[] = [];
  const strategies = drafts.map(({ plan, where, named }, s): StrategyPlan => {
    let withheld = false;
    const offered = classes.map((each) =>
      Uint8Array.from(targetIds, (_, t) => {
        if (each.legal[t] === 0) return 0;
        const isHeldByOthers = input.isWithheld(s, t, each.model);
        withheld ||= isHeldByOthers;
        return isHeldByOthers ? 0 : 1;
      }),
    );
    classes.forEach((each, c) => {
      if (offered[c]!.includes(1) || !each.legal.includes(1)) return;
      problems.add(
        "STRATEGY_WITHOUT_TARGET",
        where,
        `strategy "${plan.name}" has no target for class "${each.name}": others have reserved all that it may use`,
        "add a target on demand, or name the strategy under strategies of the reservation",
      );
    });
    if (named !== null && named.length > 0) {
      const astray = classes.filter((_, c) => named.every((t) => offered[c]![t] === 0));
      const list = astray.map((each) => `class "${each.name}" (${reasonOf(input, s, each, named)})`).join(", ");
      if (astray.length === classes.length) {
        problems.add(
          "STRATEGY_TARGETS_ILLEGAL",
          where,
          `no class may go to ${named.map((t) => targetIds[t]).join(", ")}: ${list}`,
          "name a target that the classes may use, or widen their residency rule",
        );
      } else if (astray.length > 0) {
        notes.push(`${plan.name} sends requests elsewhere than to the targets it names for ${list}.`);
      }
    }
    return { ...plan, offered: withheld ? offered : null };
  });
  return { strategies, notes };
}

function reasonOf(input: OfferInput, strategy: number, each: ClassPlan, named: readonly number[]): string {
  const target = named[0]!;
  const held = input.isWithheld(strategy, target, each.model) ? "reserved by other strategies" : "not legal";
  return `${input.targetIds[target]}: ${each.reasons[target] ?? held}`;
}

/** Targets that are named in options; a weight of 0 names nothing. */
function namedTargets(
  definition: StrategyDefinition,
  options: Readonly<Record<string, unknown>>,
  context: StrategyContext,
): readonly number[] | null {
  const names = Object.entries(definition.options).flatMap(([option, { type }]): readonly unknown[] => {
    const value = options[option];
    if (value === undefined) return [];
    if (type === "target") return [value];
    if (type === "targets" && Array.isArray(value)) return value;
    if (type === "classTargets") return Object.values(value as Readonly<Record<string, readonly string[]>>).flat();
    if (type === "targetWeights") {
      return Object.entries(value as Readonly<Record<string, number>>).flatMap(([name, weight]) =>
        weight > 0 ? [name] : [],
      );
    }
    return [];
  });
  if (names.length === 0) return null;
  return names.map((name) => findTarget(String(name), context)).filter((target) => target >= 0);
}
