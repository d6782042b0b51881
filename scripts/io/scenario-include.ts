import { dirname, isAbsolute, resolve } from "node:path";
import { isAlias, isMap, isScalar, type Pair, visit, type YAMLMap } from "yaml";
import type { Problem } from "../../simulator/errors.ts";
import type { ConfigPath } from "./config-path.ts";
import type { Override } from "./overrides.ts";
import { readTextFile } from "./read-text.ts";
import { parseYaml, type YamlSource } from "./yaml-source.ts";

/** A world file that a scenario includes. */
export interface IncludedText {
  readonly file: string;
  readonly text: string;
}

export const WORLD_FILE_BYTES_MAX = 1024 * 1024;
const INCLUDE: ConfigPath = ["world", "include"];

/** The file that `world.include` names, of the last override or else of the scenario; undefined for none. */
export function includeOf(source: YamlSource, overrides: readonly Override[]): string | undefined {
  const override = overrides.findLast(({ path }) => isInclude(path));
  const value = override === undefined ? source.document.getIn(INCLUDE) : override.value;
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The overrides that are not about the include, which come after it. */
export function otherOverrides(overrides: readonly Override[]): readonly Override[] {
  return overrides.filter(({ path }) => !isInclude(path));
}

/**
 * Reads the world file that a scenario includes. Its path is relative to the scenario's folder; one given on the
 * command line to where the command runs.
 *
 * @throws MeridianError usage WORLD_FILE_NOT_FOUND, _TOO_LARGE and so on
 */
export async function readInclude(
  name: string,
  scenarioFile: string,
  overrides: readonly Override[],
): Promise<IncludedText> {
  const folder = overrides.some(({ path }) => isInclude(path)) ? "." : dirname(scenarioFile);
  const file = isAbsolute(name) || folder === "." ? name : resolve(folder, name);
  const kind = { code: "WORLD_FILE", noun: "world file", bytesMax: WORLD_FILE_BYTES_MAX, kind: "usage" as const };
  return { file, text: await readTextFile(file, kind) };
}

/** A scenario with its include written in. */
export interface MergedSource extends YamlSource {
  /** File of the key or item at `path`. */
  fileOf(path: ConfigPath): string;
}

/**
 * Writes a world file's keys into a scenario's `world`, where the scenario has none of its own. Maps are merged, lists
 * and single values are not; a map of another `kind` stands as it is.
 */
export function mergeInclude(
  source: YamlSource,
  file: string,
  included: IncludedText,
): MergedSource | readonly Problem[] {
  const parsed = parseYaml(included.text, included.file);
  if (!("document" in parsed)) return parsed;
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

function isInclude(path: ConfigPath): boolean {
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
    what: "this is no world file: it is not a map",
    where: file,
    fix: "it holds what stands under world in a scenario: regions, models, quotas; see meridian calibrate",
  };
}
