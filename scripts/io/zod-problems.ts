/** Turns the issues of a zod schema into problems for people: what is wrong, where, and how to fix it. */
import type { z } from "zod";
import { firstProblems, PROBLEMS_MAX, type Problem } from "../../simulator/base/errors.ts";
import { nearNames, suggest } from "../../simulator/base/near-names.ts";
import { correctedCount, parseCount, parseShare } from "../../simulator/base/quantities.ts";
import { missingKey, unknownKey, withoutEchoes } from "./config-keys.ts";
import { mapAround } from "./meant-forms.ts";
import type { KeyContext, Placed } from "./placed-problem.ts";
import { valueAt } from "./schema-map.ts";
import type { ConfigPath } from "./yaml-source.ts";

type Issue = z.core.$ZodIssue;

/** Turns zod's issues into problems for people: one per mistake, the first of them where there are very many. */
export function problemsOfIssues(issues: readonly Issue[], context: KeyContext): readonly Problem[] {
  const budget = new Budget();
  const placed = issues.flatMap((issue) => translate(issue, [], { ...context, budget }));
  return firstProblems(
    withoutEchoes(placed).map((each) => each.problem),
    budget.dropped,
  );
}

/** Bounds the work: finding the line of each of thousands of wrong keys takes seconds. */
class Budget {
  dropped = 0;
  private left = PROBLEMS_MAX;

  take<T>(items: readonly T[]): readonly T[] {
    const taken = items.slice(0, this.left);
    this.left -= taken.length;
    this.dropped += items.length - taken.length;
    return taken;
  }
}

interface Translation extends KeyContext {
  readonly budget: Budget;
}

function translate(issue: Issue, base: ConfigPath, context: Translation): readonly Placed[] {
  const path: ConfigPath = [...base, ...issue.path.map((step) => (typeof step === "symbol" ? String(step) : step))];
  if (issue.code === "unrecognized_keys")
    return context.budget.take(issue.keys).map((key) => unknownKey(path, key, context));
  if (issue.code === "invalid_union") return unionProblems(issue, path, context);
  if (context.budget.take([issue]).length === 0) return [];
  const found = valueAt(context.value, path);
  if (found === undefined && path.length > 0 && issue.code !== "custom") return [missingKey(path, context)];
  return [{ problem: wrongValue(issue, path, found, context), path }];
}

function wrongValue(issue: Issue, path: ConfigPath, found: unknown, context: KeyContext): Problem {
  const where = context.where(path);
  const description = context.schema.descriptionAt(path);
  const words = context.schema.wordsAt(path);
  const withFix = (what: string, fix: string | undefined): Problem => ({
    code: "SCENARIO_INVALID_VALUE",
    what,
    where,
    ...(fix === undefined ? {} : { fix }),
  });
  switch (issue.code) {
    case "invalid_type":
      if (found === null && issue.expected === "object")
        return withFix("a map is missing here", "write {} if there is nothing to set");
      // A quantity says itself what it is, and what was probably meant.
      if (typeof found === "number" && issue.message.includes("; "))
        return withFix(...splitMessage(issue.message, description));
      return withFix(
        `${show(found)} is not ${article(issue.expected)}`,
        isOwnWording(issue.message)
          ? issue.message
          : (literalOf(issue.expected, found, path, context) ?? context.schema.formAt(path) ?? description),
      );
    case "invalid_value": {
      const options = issue.values.map(String);
      return withFix(`${show(found)} is not one of ${options.join(", ")}`, suggest(String(found), options));
    }
    case "too_small":
      return withFix(
        `${sizeOf(issue.origin, found)} is too small`,
        [bound(issue.origin, "at least", issue.minimum, issue.inclusive), ...words].join(", or "),
      );
    case "too_big":
      return withFix(
        `${sizeOf(issue.origin, found)} is too large`,
        asPercent(found, issue.maximum, context.schema.takesTextAt(path)) ??
          [bound(issue.origin, "at most", issue.maximum, issue.inclusive), ...words].join(", or "),
      );
    case "custom": {
      const [what, fix] = splitMessage(subjectOf(issue.message, found), aboveZero(issue.message, description));
      const isCorrection = fix?.startsWith("write ") === true && issue.path.length === 0;
      return { ...withFix(what, isCorrection ? [fix, ...new Set(words)].join(", or ") : fix), ...codeOf(issue) };
    }
    case "invalid_format":
      return withFix(`${show(found)} is not valid here`, isOwnWording(issue.message) ? issue.message : description);
    default:
      return withFix(`${show(found)} is not valid here: ${issue.message}`, description);
  }
}

/** The value as the schema wants it: `"5"` is 5, 1.5 is 2 where whole numbers are, `yes` is true. */
function literalOf(expected: string, found: unknown, path: ConfigPath, { schema }: KeyContext): string | undefined {
  if (expected === "object" || expected === "record") return mapAround(path, found, schema);
  if (expected === "array" && isPlainMap(found)) return "write a list: each entry begins with a dash";
  const isNumber = expected === "int" || expected === "number";
  if (isNumber && typeof found === "string") {
    const value = parseCount(correctedCount(found) ?? "") ?? parseShare(found);
    if (value === undefined) return undefined;
    return `write ${expected === "int" ? Math.max(1, Math.round(value)) : value}, without quotes or a unit`;
  }
  if (expected === "int" && typeof found === "number") return `write ${Math.max(1, Math.round(found))}`;
  if (expected === "boolean" && typeof found === "string") {
    if (/^(yes|y|on|1|true)$/i.test(found)) return "write true";
    return /^(no|n|off|0|false)$/i.test(found) ? "write false" : undefined;
  }
  if (expected === "array" && (typeof found === "string" || typeof found === "number"))
    return listOf(found, path, schema);
  return expected === "string" && (typeof found === "number" || typeof found === "boolean")
    ? `write ${JSON.stringify(String(found))}, in quotes`
    : undefined;
}

/** A single value as the list that was to hold it; of a word that an entry has as a key, the entry. */
function listOf(found: string | number, path: ConfigPath, schema: KeyContext["schema"]): string | undefined {
  if (schema.keysAt([...path, 0]).length === 0 || schema.takesTextAt([...path, 0])) return `write [${found}]`;
  const owner = schema
    .propertiesAt([...path, 0])
    .find(({ name }) => schema.wordsAt([...path, 0, name]).includes(String(found)));
  return owner === undefined ? undefined : `write [{ ${owner.name}: ${found} }]`;
}

function isPlainMap(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Where a share may be written as a percentage, 31 means 31%, and the limit is one, too. */
function asPercent(found: unknown, maximum: number | bigint, takesText: boolean): string | undefined {
  const value = typeof found === "string" ? parseCount(found) : found;
  const isMeant = takesText && Number(maximum) <= 1 && typeof value === "number" && value > 1 && value <= 100;
  if (isMeant) return `write ${value}%`;
  return takesText && Number(maximum) === 1 ? "at most 100%" : undefined;
}

/** A description says what a value is; of one that must not be 0, what to write is known. */
function aboveZero(message: string, description: string | undefined): string | undefined {
  if (!/must be (?:more than|above) 0$/.test(message)) return description;
  return `write a value above 0${description === undefined ? "" : ` (${description})`}`;
}

/** "must be more than 0" → "\"0s\" must be more than 0". */
function subjectOf(message: string, found: unknown): string {
  return message.startsWith("must ") ? `${show(found)} ${message}` : message;
}

/** False for zod's stock texts, which speak of patterns. */
function isOwnWording(message: string): boolean {
  return !message.startsWith("Invalid");
}

/** A refinement may name its own code and fix in `params`; else the text after "; " is the fix. */
function splitMessage(message: string, description: string | undefined): [string, string | undefined] {
  const cut = message.indexOf("; ");
  return cut < 0 ? [message, description] : [message.slice(0, cut), message.slice(cut + 2)];
}

function codeOf(issue: Issue & { code: "custom" }): { code?: string; fix?: string } {
  const { code, fix } = issue.params ?? {};
  return { ...(typeof code === "string" ? { code } : {}), ...(typeof fix === "string" ? { fix } : {}) };
}

/**
 * A union's issue holds the issues of every alternative. Reports those of the one that was most likely meant:
 * alternatives of another kind (text against map) are dropped; a key that no alternative knows is the mistake;
 * else the alternative with the fewest complaints at its root, then the fewest in all.
 */
function unionProblems(
  issue: Issue & { code: "invalid_union" },
  path: ConfigPath,
  context: Translation,
): readonly Placed[] {
  const found = valueAt(context.value, path);
  const alone = (placed: () => Placed): readonly Placed[] => context.budget.take([placed]).map((make) => make());
  if (found === undefined) return alone(() => missingKey(path, context));
  if (issue.errors.length === 0) return alone(() => ({ problem: noAlternative(issue, path, found, context), path }));
  const branches = issue.errors.filter((issues) => !issues.some((each) => isKindMismatch(each, found)));
  if (branches.length === 0) return alone(() => ({ problem: noAlternative(issue, path, found, context), path }));
  const strangers = keysUnknownToAll(branches);
  if (strangers.length > 0) return context.budget.take(strangers).map((key) => unknownKey(path, key, context));
  const best = branches.reduce((a, b) => (complaints(b, found) < complaints(a, found) ? b : a));
  return best.flatMap((each) => translate(each, path, context));
}

function noAlternative(
  issue: Issue & { code: "invalid_union" },
  path: ConfigPath,
  found: unknown,
  context: KeyContext,
): Problem {
  const quantity = issue.errors
    .flat()
    .find(({ message, path: own }) => own.length === 0 && / has no unit, /.test(message));
  if (quantity !== undefined) {
    const [what, fix] = splitMessage(quantity.message, undefined);
    return { code: "SCENARIO_INVALID_VALUE", what, where: context.where(path), ...(fix === undefined ? {} : { fix }) };
  }
  const options = (issue as { options?: readonly unknown[] }).options?.map(String);
  const keys = context.schema.keysAt(path);
  const around = typeof found === "string" ? undefined : mapAround(path, found, context.schema);
  const fix =
    around !== undefined
      ? around
      : options !== undefined
        ? suggest(String(found), options)
        : context.schema.descriptionAt(path);
  return {
    code: "SCENARIO_INVALID_VALUE",
    what: `${show(found)} is not valid here`,
    where: context.where(path),
    fix: fix ?? (keys.length > 0 ? `write a map with one of ${keys.join(", ")}` : "see meridian schema"),
  };
}

function isKindMismatch(issue: Issue, found: unknown): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === "invalid_union") {
    const isNone = (issues: readonly Issue[]) => issues.some((each) => isKindMismatch(each, found));
    return issue.errors.length > 0 && issue.errors.every(isNone);
  }
  return (
    issue.code === "invalid_type" ||
    (issue.code === "invalid_value" &&
      (typeof found === "object" || issue.values.every((each) => typeof each !== typeof found)))
  );
}

function keysUnknownToAll(branches: readonly (readonly Issue[])[]): readonly string[] {
  const unknownIn = branches.map(
    (issues) =>
      new Set(issues.flatMap((each) => (each.code === "unrecognized_keys" && each.path.length === 0 ? each.keys : []))),
  );
  const [first, ...others] = unknownIn;
  return [...(first ?? [])].filter((key) => others.every((set) => set.has(key)));
}

/** A word that is unlike all that are allowed was not meant as one of them; one that is like some was. */
function wordComplaint(issue: Issue, found: unknown): number {
  if (issue.code !== "invalid_value" || issue.path.length > 0) return 0;
  return nearNames(String(found), issue.values.map(String)).length > 0 ? -500 : 500;
}

function complaints(issues: readonly Issue[], found: unknown): number {
  const atRoot = issues.filter(
    (each) => each.path.length === 0 || (each.path.length === 1 && each.code === "invalid_type"),
  );
  const words = issues.reduce((sum, issue) => sum + wordComplaint(issue, found), 0);
  return atRoot.length * 1000 + issues.length + words;
}

/** The value as the person wrote it, short. */
function show(value: unknown): string {
  if (value === null) return "an empty value";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function article(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    object: "a map",
    record: "a map",
    array: "a list",
    string: "a text",
    int: "a whole number",
    boolean: "true or false",
    undefined: "allowed here",
  };
  return names[expected] ?? `a ${expected}`;
}

function sizeOf(origin: string, found: unknown): string {
  if (origin === "array" && Array.isArray(found)) return `a list of ${found.length}`;
  return show(found);
}

function bound(origin: string, side: string, limit: number | bigint, inclusive: boolean | undefined): string {
  const plural = Number(limit) === 1 ? "" : "s";
  const unit = origin === "array" ? ` item${plural}` : origin === "string" ? ` character${plural}` : "";
  const strict = side === "at least" ? "more than" : "less than";
  return `${inclusive === false ? strict : side} ${limit}${unit}`;
}
