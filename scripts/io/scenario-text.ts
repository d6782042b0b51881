/** The text of a scenario: its include and overrides written in, its schema, and every problem with its line. No files. */
import { isAlias, isMap, isScalar, type Pair, visit, type YAMLMap } from "yaml";
import type { z } from "zod";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { applyOverrides, type Override, overrideAt } from "./overrides.ts";
import { mapSchema } from "./schema-map.ts";
import { toPlain } from "./yaml-aliases.ts";
import { type ConfigPath, formatPath, parsePath, parseYaml, type YamlSource } from "./yaml-source.ts";
import { problemsOfIssues } from "./zod-problems.ts";

/** A scenario file that parsed and matches its schema. */
export interface LoadedScenario<T> {
  readonly path: string;
  readonly value: T;
  /** The same as plain data in the notation of the file, before the schema read it. */
  readonly plain: unknown;
  /** The scenario as it will run: the file with the overrides written in, comments kept. */
  readonly yaml: string;
  /** Puts `file:line` before the config path of a problem found later, e.g. while resolving. */
  place(problem: Problem): Problem;
}

/** The same for text that is already in memory. @param included the file that it includes, read */
export function parseScenario<S extends z.ZodType>(
  text: string,
  path: string,
  schema: S,
  overrides: readonly Override[] = [],
  included?: IncludedText,
): LoadedScenario<z.output<S>> {
  const source = wholeSource(text, path, overrides, included);
  const { applied, problems: unplaced } = applyOverrides(source, otherOverrides(overrides));
  if (unplaced.length > 0) throw new MeridianError("usage", unplaced);
  const settled = [...overrides.filter(({ path: each }) => isInclude(each)), ...applied];
  const plain = toPlain(source.document, path);
  if ("problem" in plain) throw new MeridianError("usage", plain.problem);
  const where = (configPath: ConfigPath) => placeOf(configPath, source, settled);
  // Compiling a parser for each schema takes longer than the one parse that it is used for.
  const parsed = schema.safeParse(plain.value, { jitless: true });
  if (!parsed.success) {
    const map = mapSchema(schema);
    const problems = problemsOfIssues(parsed.error.issues, { value: plain.value, schema: map, where });
    const isTheirs = ({ where: place }: Problem) =>
      included?.isAsked === false && place?.startsWith(`${included.file}:`) === true;
    const shown = problems.map((problem) => (isTheirs(problem) ? withoutText(problem) : problem));
    throw new MeridianError("usage", inFileOrder(shown));
  }
  let whole: string | undefined;
  return {
    path,
    value: parsed.data,
    plain: plain.value,
    // Who only checks a scenario never asks for its text.
    get yaml() {
      whole ??= source.document.toString({ lineWidth: 0 });
      return whole;
    },
    place: (problem) => place(problem, where),
  };
}

/** The parsed text, with what it includes written in. */
function wholeSource(
  text: string,
  path: string,
  overrides: readonly Override[],
  included: IncludedText | undefined,
): MergedSource {
  const source = parseYaml(text, path);
  if (!("document" in source)) throw new MeridianError("usage", source);
  if (included !== undefined) {
    const merged = mergeInclude(source, path, included);
    if ("document" in merged) return merged;
    if (merged.length > 0) throw new MeridianError("usage", merged);
  } else if (includeOf(source, overrides) !== undefined) {
    throw new MeridianError("usage", {
      code: "WORLD_FILE_NOT_READ",
      what: "a scenario that is given as text cannot include a file",
      where: `${path}:${source.lineOf(["world", "include"])}`,
      fix: "give the scenario's file",
    });
  }
  return { ...source, fileOf: () => path };
}

export function placeOf(path: ConfigPath, source: MergedSource, overrides: readonly Override[]): string {
  const place = overrideAt(overrides, path)?.origin ?? `${source.fileOf(path)}:${source.lineOf(path)}`;
  return path.length === 0 ? place : `${place} ${formatPath(path)}`;
}

function place(problem: Problem, where: (path: ConfigPath) => string): Problem {
  const path = problem.where === undefined ? [] : parsePath(problem.where);
  return path === undefined ? problem : { ...problem, where: where(path) };
}

/** Problems by line, in the order in which they are fixed; those of the command line first, and those without a place last. */
function inFileOrder(problems: readonly Problem[]): readonly Problem[] {
  const line = ({ where }: Problem) => (where === undefined ? Number.MAX_SAFE_INTEGER : lineIn(where));
  const lineIn = (where: string) => Number(/:(\d+)(?: |$)/.exec(where)?.[1] ?? 0);
  return problems
    .map((problem, i) => ({ problem, i }))
    .sort((a, b) => line(a.problem) - line(b.problem) || a.i - b.i)
    .map((each) => each.problem);
}

/** A world file that a scenario includes. */
export interface IncludedText {
  readonly file: string;
  readonly text: string;
  /** Named on the command line: its text may be shown. */
  readonly isAsked: boolean;
}

const INCLUDE: ConfigPath = ["world", "include"];

/** The file that `world.include` names, of the last override or else of the scenario; undefined for none. */
export function includeOf(source: YamlSource, overrides: readonly Override[]): string | undefined {
  const override = overrides.findLast(({ path }) => isInclude(path));
  const value = override === undefined ? source.document.getIn(INCLUDE) : override.value;
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The overrides that are not about the include, which come after it. */
function otherOverrides(overrides: readonly Override[]): readonly Override[] {
  return overrides.filter(({ path }) => !isInclude(path));
}

/**
 * A problem without the text of an included file: where it is, and what is needed there. The scenario that includes a
 * file may not be its reader's, and then the text is not for its author.
 */
function withoutText({ code, where = "" }: Problem): Problem {
  const what = code === "SCENARIO_UNKNOWN_KEY" ? "a key here is not known" : "what stands here is not valid";
  const fix = "the text of included files is not shown; name the file with --set world.include=<file> to see more";
  return { code, what, where: /^.*?:\d+(?= |$)/.exec(where)?.[0] ?? where, fix };
}

/** A scenario with its include written in. */
interface MergedSource extends YamlSource {
  /** File of the key or item at `path`. */
  fileOf(path: ConfigPath): string;
}

/**
 * Writes a world file's keys into a scenario's `world`, where the scenario has none of its own. Maps are merged, lists
 * and single values are not; a map of another `kind` stands as it is.
 */
function mergeInclude(source: YamlSource, file: string, included: IncludedText): MergedSource | readonly Problem[] {
  const parsed = parseYaml(included.text, included.file);
  if (!("document" in parsed)) return included.isAsked ? parsed : parsed.map(withoutText);
  const theirs = parsed.document.contents;
  const problem = isMap(theirs) ? faultOf(theirs, parsed, included.file) : wrongShape(included.file);
  if (problem !== undefined) return [problem];
  const world = worldOf(source);
  if (world === undefined) return [];
  const added = new Set<unknown>();
  merge(world, theirs as YAMLMap, added);
  const isTheirs = (path: ConfigPath): boolean => {
    let node: unknown = source.document.contents;
    for (const step of path) {
      const pair: Pair | undefined = isMap(node) ? node.items.find((each) => keyOf(each) === String(step)) : undefined;
      if (pair === undefined) return false;
      if (added.has(pair)) return true;
      node = pair.value;
    }
    return false;
  };
  return {
    document: source.document,
    lineOf: (path) => (isTheirs(path) ? parsed.lineOf(path.slice(1)) : source.lineOf(path)),
    fileOf: (path) => (isTheirs(path) ? included.file : file),
  };
}

export function isInclude(path: ConfigPath): boolean {
  return path.length === 2 && path[0] === INCLUDE[0] && path[1] === INCLUDE[1];
}

/** The scenario's own world, made if there is none, without its include. */
function worldOf({ document }: YamlSource): YAMLMap | undefined {
  if (!isMap(document.contents)) return undefined;
  if (document.contents.get("world") === undefined) document.set("world", document.createNode({}));
  const world = document.get("world");
  if (!isMap(world)) return undefined;
  world.delete("include");
  return world;
}

function merge(own: YAMLMap, theirs: YAMLMap, added: Set<unknown>): void {
  for (const pair of theirs.items) {
    const key = keyOf(pair);
    const mine = own.items.find((each) => keyOf(each) === key);
    if (mine === undefined) {
      const copy = pair.clone();
      own.items.push(copy as Pair<never, never>);
      added.add(copy);
    } else if (isMap(mine.value) && isMap(pair.value) && isOfOneKind(mine.value, pair.value)) {
      mine.value.flow = false;
      merge(mine.value, pair.value, added);
    }
  }
}

function isOfOneKind(one: YAMLMap, other: YAMLMap): boolean {
  return one.get("kind") === undefined || other.get("kind") === undefined || one.get("kind") === other.get("kind");
}

function keyOf(pair: Pair): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value) : undefined;
}

function faultOf(theirs: YAMLMap, source: YamlSource, file: string): Problem | undefined {
  if (theirs.has("include")) {
    return {
      code: "WORLD_FILE_NESTED",
      what: "a world file cannot include another",
      where: `${file}:${source.lineOf(["include"])}`,
      fix: "include one file, and write the rest into the scenario",
    };
  }
  let hasAlias = false;
  visit(source.document, (_key, node) => {
    if (!isAlias(node)) return undefined;
    hasAlias = true;
    return visit.BREAK;
  });
  if (!hasAlias) return undefined;
  const what = "a world file may have no aliases (*name)";
  return { code: "WORLD_FILE_ALIAS", what, where: file, fix: "write the repeated parts out" };
}

function wrongShape(file: string): Problem {
  return {
    code: "WORLD_FILE_SHAPE",
    what: "this is not a world file: it is not a map",
    where: file,
    fix: "it holds what stands under world in a scenario: regions, models, quotas; see meridian calibrate",
  };
}
