/** Turns the issues of a zod schema into problems for people: what is wrong, where, and how to fix it. */
import type { z } from "zod";
import { firstProblems, PROBLEMS_MAX, type Problem } from "../../simulator/base/errors.ts";
import { suggest } from "../../simulator/base/near-names.ts";
import type { SchemaMap } from "./schema-map.ts";
import { type ConfigPath, formatPath, guessIn } from "./yaml-source.ts";

/** What the translation needs beside the issues. */
export interface IssueContext {
  /** The value that was checked. */
  readonly value: unknown;
  readonly schema: SchemaMap;
  /** `file:line path` of a place in the configuration. */
  where(path: ConfigPath): string;
}

type Issue = z.core.$ZodIssue;

/** Turns zod's issues into problems for people: one per mistake, the first of them where there are very many. */
export function problemsOfIssues(issues: readonly Issue[], context: IssueContext): readonly Problem[] {
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

interface Translation extends IssueContext {
  readonly budget: Budget;
}

/** A problem and the place it speaks of. */
interface Placed {
  readonly problem: Problem;
  readonly path: ConfigPath;
}

/**
 * A misspelt key is one mistake, but zod reports it up to three times: the key is unknown, the right one is missing,
 * and the map around it fails its own check. Keeps the first.
 */
function withoutEchoes(all: readonly Placed[]): readonly Placed[] {
  const echoed = new Set<string>();
  for (const { problem, path } of all) {
    const guess = problem.code === "SCENARIO_UNKNOWN_KEY" ? guessIn(problem.fix) : undefined;
    if (guess === undefined) continue;
    const parent = path.slice(0, -1);
    echoed.add(`SCENARIO_INVALID_VALUE ${formatPath(parent)}`);
    echoed.add(`SCENARIO_MISSING_KEY ${formatPath([...parent, guess])}`);
  }
  return all.filter(({ problem, path }) => !echoed.has(`${problem.code} ${formatPath(path)}`));
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

function unknownKey(path: ConfigPath, key: string, context: IssueContext): Placed {
  const problem = {
    code: "SCENARIO_UNKNOWN_KEY",
    what: `unknown key "${key}"`,
    where: context.where([...path, key]),
    fix: suggest(key, context.schema.keysAt(path)),
  };
  return { problem, path: [...path, key] };
}

function missingKey(path: ConfigPath, context: IssueContext): Placed {
  const description = context.schema.descriptionAt(path);
  const problem = {
    code: "SCENARIO_MISSING_KEY",
    what: `${formatPath(path.slice(-1))} is missing`,
    where: context.where(path),
    fix: description === undefined ? `add ${formatPath(path)}` : `add it: ${description}`,
  };
  return { problem, path };
}

function wrongValue(issue: Issue, path: ConfigPath, found: unknown, context: IssueContext): Problem {
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
      return withFix(
        `${show(found)} is not ${article(issue.expected)}`,
        isOwnWording(issue.message) ? issue.message : (context.schema.formAt(path) ?? description),
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
        [bound(issue.origin, "at most", issue.maximum, issue.inclusive), ...words].join(", or "),
      );
    case "custom":
      return { ...withFix(...splitMessage(subjectOf(issue.message, found), description)), ...codeOf(issue) };
    case "invalid_format":
      return withFix(`${show(found)} is not valid here`, isOwnWording(issue.message) ? issue.message : description);
    default:
      return withFix(`${show(found)} is not valid here: ${issue.message}`, description);
  }
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
  const best = branches.reduce((a, b) => (complaints(b) < complaints(a) ? b : a));
  return best.flatMap((each) => translate(each, path, context));
}

function noAlternative(issue: Issue, path: ConfigPath, found: unknown, context: IssueContext): Problem {
  const options = (issue as { options?: readonly unknown[] }).options?.map(String);
  const keys = context.schema.keysAt(path);
  const fix = options !== undefined ? suggest(String(found), options) : context.schema.descriptionAt(path);
  return {
    code: "SCENARIO_INVALID_VALUE",
    what: `${show(found)} is not valid here`,
    where: context.where(path),
    fix: fix ?? (keys.length > 0 ? `write a map with one of ${keys.join(", ")}` : "see meridian schema"),
  };
}

function isKindMismatch(issue: Issue, found: unknown): boolean {
  if (issue.path.length > 0) return false;
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

function complaints(issues: readonly Issue[]): number {
  const atRoot = issues.filter(
    (each) => each.path.length === 0 || (each.path.length === 1 && each.code === "invalid_type"),
  );
  return atRoot.length * 1000 + issues.length;
}

function valueAt(value: unknown, path: ConfigPath): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<string | number, unknown>)[step];
  }
  return current;
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
