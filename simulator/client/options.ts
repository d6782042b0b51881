/** Checks the options of a strategy against their specs, and turns names of targets into indices. */
import { MeridianError, type Problem } from "../base/errors.ts";
import type { OptionSpec, StrategyContext } from "./strategy.ts";

/** A strategy's options after checking: known names, right types, in range, defaults filled in. */
export interface CheckedOptions {
  has(name: string): boolean;
  number(name: string): number;
  boolean(name: string): boolean;
  choice(name: string): string;
  /** Index of the named target. */
  target(name: string): number;
  /** Indices in the order given; every target in order when the option is left out. */
  targets(name: string): Int32Array;
  /** One number per target; 0 for those it does not name. */
  amounts(name: string): Float64Array;
  /** By target and UTC hour, `target * 24 + hour`: durations, ms; NaN for targets that it does not name. */
  hours(name: string): Float64Array;
  /** Lists of indices in the order given; none when the option is left out. */
  groups(name: string): readonly Int32Array[];
  /** By class: indices of its targets in the order given; undefined for a class that it does not name. */
  classTargets(name: string): readonly (Int32Array | undefined)[];
  /** One share per class; 1 for those it does not name. */
  classShares(name: string): Float64Array;
  /** The named numbers as given; none when the option is left out. */
  named(name: string): Readonly<Record<string, number>>;
  /** One weight per target; 1 for every target when the option is left out, 0 for those it does not name. */
  weights(name: string): Float64Array;
}

/**
 * Checks what a scenario (or a program) gave against a strategy's option specs.
 *
 * @param strategy name for messages
 * @param specs    what the strategy takes; durations are in ms, shares in [0, 1]
 * @param given    values by option, as the scenario has them
 * @param context  the targets and classes that options may name
 * @returns readers of the options, each with its default where nothing was given
 * @throws MeridianError (usage) that lists every problem: unknown option, missing option, wrong type, out of range,
 *         unknown target
 */
export function checkOptions(
  strategy: string,
  specs: Readonly<Record<string, OptionSpec>>,
  given: Readonly<Record<string, unknown>>,
  context: StrategyContext,
): CheckedOptions {
  const problems: Problem[] = [];
  const values = new Map<string, unknown>();
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(specs, name)) problems.push(unknownOption(strategy, name, specs));
  }
  for (const [name, spec] of Object.entries(specs)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    const used = value ?? spec.default;
    if (used === undefined) {
      if (spec.required === true) problems.push(missingOption(strategy, name, spec));
      continue;
    }
    const what = faultOf(used, spec, context);
    if (what === undefined) values.set(name, used);
    else problems.push({ code: "STRATEGY_BAD_OPTION", where: `${strategy}.${name}`, what, fix: spec.doc });
  }
  if (problems.length > 0) throw new MeridianError("usage", problems);
  return {
    has: (name) => values.has(name),
    number: (name) => values.get(name) as number,
    boolean: (name) => values.get(name) as boolean,
    choice: (name) => values.get(name) as string,
    target: (name) => findTarget(values.get(name) as string, context),
    targets: (name) => targetList(values.get(name) as readonly string[] | undefined, context),
    amounts: (name) => amountColumn((values.get(name) ?? {}) as Readonly<Record<string, number>>, context),
    hours: (name) => hourColumn((values.get(name) ?? {}) as Readonly<Record<string, readonly number[]>>, context),
    groups: (name) =>
      ((values.get(name) ?? []) as readonly (readonly string[])[]).map((each) => targetList(each, context)),
    classTargets: (name) => {
      const lists = (values.get(name) ?? {}) as Readonly<Record<string, readonly string[]>>;
      return context.classNames.map((each) =>
        Object.hasOwn(lists, each) ? targetList(lists[each], context) : undefined,
      );
    },
    classShares: (name) => {
      const shares = (values.get(name) ?? {}) as Readonly<Record<string, number>>;
      return Float64Array.from(context.classNames, (each) => (Object.hasOwn(shares, each) ? shares[each]! : 1));
    },
    named: (name) => (values.get(name) ?? {}) as Readonly<Record<string, number>>,
    weights: (name) => weightColumn(values.get(name) as Readonly<Record<string, number>> | undefined, context),
  };
}

/** Index of the target with this id; a bare region name means the first target in that region. -1 if there is none. */
export function findTarget(name: string, context: StrategyContext): number {
  const byId = context.targetIds.indexOf(name);
  return byId >= 0 ? byId : context.regionOfTarget.indexOf(name);
}

function targetList(names: readonly string[] | undefined, context: StrategyContext): Int32Array {
  return Int32Array.from(names ?? context.targetIds, (name) => findTarget(name, context));
}

function weightColumn(given: Readonly<Record<string, number>> | undefined, context: StrategyContext): Float64Array {
  return given === undefined ? new Float64Array(context.targetIds.length).fill(1) : amountColumn(given, context);
}

function amountColumn(given: Readonly<Record<string, number>>, context: StrategyContext): Float64Array {
  const amounts = new Float64Array(context.targetIds.length);
  for (const [name, amount] of Object.entries(given)) amounts[findTarget(name, context)] = amount;
  return amounts;
}

function hourColumn(given: Readonly<Record<string, readonly number[]>>, context: StrategyContext): Float64Array {
  const hours = new Float64Array(context.targetIds.length * HOURS).fill(Number.NaN);
  for (const [name, durations] of Object.entries(given)) hours.set(durations, findTarget(name, context) * HOURS);
  return hours;
}

const HOURS = 24;

function unknownOption(strategy: string, name: string, specs: Readonly<Record<string, OptionSpec>>): Problem {
  const known = Object.keys(specs);
  const fix = known.length === 0 ? `${strategy} takes no options` : `${strategy} takes: ${known.join(", ")}`;
  return { code: "STRATEGY_UNKNOWN_OPTION", where: `${strategy}.${name}`, what: `there is no option "${name}"`, fix };
}

function missingOption(strategy: string, name: string, spec: OptionSpec): Problem {
  return {
    code: "STRATEGY_MISSING_OPTION",
    where: `${strategy}.${name}`,
    what: "this option is needed",
    fix: spec.doc,
  };
}

/** What is wrong with the value, as a phrase; undefined if nothing is. */
function faultOf(value: unknown, spec: OptionSpec, context: StrategyContext): string | undefined {
  switch (spec.type) {
    case "boolean":
      return typeof value === "boolean" ? undefined : "it must be true or false";
    case "choice":
      return spec.values?.includes(value as string) ? undefined : `it must be one of ${spec.values?.join(", ")}`;
    case "target":
      return typeof value === "string" ? targetFault(value, context) : "it must be the name of a target";
    case "targets":
      return targetsFault(value, context);
    case "targetWeights":
      return amountsFault(value, context, "weight") ?? weightsFault(value as Readonly<Record<string, number>>);
    case "targetAmounts":
      return amountsFault(value, context, "number");
    case "targetHours":
      return hoursFault(value, context);
    case "targetGroups":
      return groupsFault(value, context);
    case "classTargets":
      return classTargetsFault(value, context);
    case "classShares":
      return classSharesFault(value, context);
    case "amounts":
      return namedFault(value, spec.values ?? []);
    default:
      return numberFault(value, spec);
  }
}

function numberFault(value: unknown, spec: OptionSpec): string | undefined {
  if (typeof value !== "number" || !Number.isFinite(value)) return "it must be a finite number";
  if (spec.type === "integer" && !Number.isInteger(value)) return `it must be a whole number, not ${value}`;
  const min = spec.min ?? (spec.type === "number" ? -Infinity : 0);
  const max = spec.max ?? (spec.type === "share" ? 1 : Infinity);
  if (value < min) return `${value} is too small; the least is ${min}`;
  return value > max ? `${value} is too large; the most is ${max}` : undefined;
}

function targetFault(name: string, context: StrategyContext): string | undefined {
  if (findTarget(name, context) >= 0) return undefined;
  return `there is no target "${name}"; targets are ${context.targetIds.join(", ")}`;
}

function targetsFault(value: unknown, context: StrategyContext): string | undefined {
  if (!Array.isArray(value) || value.length === 0) return "it must be a list of targets, first choice first";
  const seen = new Set<number>();
  for (const name of value) {
    if (typeof name !== "string") return "it must be a list of target names";
    const fault = targetFault(name, context);
    if (fault !== undefined) return fault;
    const index = findTarget(name, context);
    if (seen.has(index)) return `"${name}" is listed twice`;
    seen.add(index);
  }
  return undefined;
}

function amountsFault(value: unknown, context: StrategyContext, noun: "weight" | "number"): string | undefined {
  if (!isMap(value)) return `it must map targets to ${noun}s`;
  const seen = new Set<number>();
  for (const [name, amount] of Object.entries(value)) {
    const fault = targetFault(name, context);
    if (fault !== undefined) return fault;
    if (!isAmount(amount)) return `the ${noun} of ${name} must be a finite number, 0 or more`;
    const index = findTarget(name, context);
    if (seen.has(index)) return `"${name}" is ${noun === "weight" ? "weighted" : "named"} twice`;
    seen.add(index);
  }
  return undefined;
}

function hoursFault(value: unknown, context: StrategyContext): string | undefined {
  if (!isMap(value)) return "it must map targets to 24 durations";
  for (const [name, hours] of Object.entries(value)) {
    const fault = targetFault(name, context);
    if (fault !== undefined) return fault;
    if (!Array.isArray(hours) || hours.length !== HOURS || !hours.every(isAmount))
      return `${name} needs ${HOURS} durations, one for each UTC hour`;
  }
  return undefined;
}

function groupsFault(value: unknown, context: StrategyContext): string | undefined {
  if (!Array.isArray(value) || value.length === 0) return "it must be a list of groups of targets, first choice first";
  if (!value.every((group) => Array.isArray(group) && group.length > 0)) return "each group must be a list of targets";
  return targetsFault(value.flat(), context);
}

function weightsFault(weights: Readonly<Record<string, number>>): string | undefined {
  return Object.values(weights).some((weight) => weight > 0) ? undefined : "at least one weight must be above 0";
}

function classTargetsFault(value: unknown, context: StrategyContext): string | undefined {
  if (!isMap(value)) return "it must map classes to lists of targets";
  for (const [name, list] of Object.entries(value)) {
    const unknown = classFault(name, context);
    if (unknown !== undefined) return unknown;
    const fault = targetsFault(list, context);
    if (fault !== undefined) return `${name}: ${fault}`;
  }
  return undefined;
}

function classSharesFault(value: unknown, context: StrategyContext): string | undefined {
  if (!isMap(value)) return "it must map classes to shares";
  for (const [name, share] of Object.entries(value)) {
    const fault = classFault(name, context);
    if (fault !== undefined) return fault;
    if (!isAmount(share) || share > 1) return `the share of ${name} must be in 0 to 1`;
  }
  return undefined;
}

function classFault(name: string, { classNames }: StrategyContext): string | undefined {
  return classNames.includes(name) ? undefined : `there is no class "${name}"; classes are ${classNames.join(", ")}`;
}

function namedFault(value: unknown, names: readonly string[]): string | undefined {
  if (!isMap(value)) return `it must map some of ${names.join(", ")} to numbers`;
  for (const [name, amount] of Object.entries(value)) {
    if (!names.includes(name)) return `there is no "${name}"; names are ${names.join(", ")}`;
    if (!isAmount(amount)) return `${name} must be a finite number, 0 or more`;
  }
  return undefined;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
