/**
 * Values that the command line puts over those of a scenario (`--set path=value` and options with a meaning of their own), and
 * where they go: entries of lists may be named instead of counted (`traffic[chat]`, `strategies[cheapest]`).
 */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  visit,
  type YAMLSeq,
} from "yaml";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { suggest } from "../../simulator/base/near-names.ts";
import { toPlain } from "./yaml-aliases.ts";
import { type ConfigPath, formatPath, parsePath, type YamlSource } from "./yaml-source.ts";

/** One value that the command line puts over the scenario's. */
export interface Override {
  readonly path: ConfigPath;
  /** Plain data; undefined takes the key away. */
  readonly value: unknown;
  /** As typed, e.g. `--set seed=7`: where a problem with it is reported. */
  readonly origin: string;
  /** How many steps of the path lead to the first key that it made; the whole path where it made none. */
  readonly madeAt?: number;
}

/**
 * The override of `--set path=value`. The value is YAML, so numbers, lists and maps work and `20/s` is text.
 *
 * @throws MeridianError usage SET_SYNTAX when it is not `path=value`, the path is none, or the value is not YAML
 * @example parseSet("traffic[0].arrivals.scale=3").path // => ["traffic", 0, "arrivals", "scale"]
 * @example parseSet("traffic[0].arrivals.scale=3").value // => 3
 */
export function parseSet(text: string): Override {
  return parseAssignment(text, SET);
}

/** An option that takes `path=value`, and what is written for it. */
export interface AssignmentOption {
  readonly option: string;
  readonly fix: string;
}

const SET: AssignmentOption = {
  option: "--set",
  fix: "write for example --set seed=7 or --set 'traffic[0].arrivals={poisson: 20/s}'",
};

/** The same of another option. @throws MeridianError usage SET_SYNTAX */
export function parseAssignment(text: string, { option, fix }: AssignmentOption): Override {
  const cut = text.indexOf("=");
  const path = cut < 0 ? undefined : parsePath(text.slice(0, cut).trim());
  const origin = `${option} ${text}`;
  const setProblem = (where: string, what: string) =>
    new MeridianError("usage", { code: "SET_SYNTAX", what, where, fix });
  if (path === undefined) throw setProblem(origin, "this is not path=value");
  const document = parseDocument(text.slice(cut + 1), { prettyErrors: false, logLevel: "silent" });
  if (document.errors.length > 0) throw setProblem(origin, "the value is not valid YAML");
  try {
    return { path, value: document.toJS({ maxAliasCount: 0 }) as unknown, origin };
  } catch {
    throw setProblem(origin, "the value has an alias (*name), which nothing defines");
  }
}

/**
 * Writes overrides into the document, in order.
 *
 * @returns those that were written, with indices for the names of entries; and a problem for each without a place
 */
export function applyOverrides(
  source: YamlSource,
  overrides: readonly Override[],
): { readonly applied: readonly Override[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const applied: Override[] = [];
  for (const override of overrides) {
    const settled = settledPath(source, override.path);
    const fail = (what: string, fix: string) =>
      problems.push({ code: "SET_NO_PLACE", what, where: override.origin, fix });
    if (!("path" in settled)) {
      fail(settled.what, settled.fix);
      continue;
    }
    const { path } = settled;
    const blocked = blocker(source, path);
    if (blocked !== undefined) fail(blocked, "check the path");
    else {
      const madeAt = path.findIndex((_, i) => !source.document.hasIn(keysFor(source, path.slice(0, i + 1)))) + 1;
      if (override.value === undefined) source.document.deleteIn(keysFor(source, path));
      else source.document.setIn(keysFor(source, path), override.value);
      applied.push({ ...override, path, madeAt: madeAt === 0 ? path.length : madeAt });
    }
  }
  return { applied, problems };
}

/** The override whose value, or a key that it made on the way there, holds a path; the last one, which took effect. */
export function overrideAt(overrides: readonly Override[], path: ConfigPath): Override | undefined {
  return overrides.findLast((each) =>
    each.path.slice(0, each.madeAt).every((step, i) => String(step) === String(path[i])),
  );
}

const UNSAFE = new Set(["__proto__", "constructor", "prototype"]);

/** Why the path cannot be written: through a scalar, or into a list beyond its end. */
function blocker(source: YamlSource, path: ConfigPath): string | undefined {
  let node: unknown = source.document.contents;
  for (const [depth, step] of path.entries()) {
    if (UNSAFE.has(String(step))) return `the key "${step}" is not allowed`;
    const here = depth === 0 ? "the scenario" : formatPath(path.slice(0, depth));
    if (node === undefined || node === null) return undefined;
    if (isSeq(node)) {
      if (typeof step !== "number") return `${here} is a list; "${step}" is not an index`;
      if (step > node.items.length) return `${here} has ${node.items.length} entries; there is no [${step}]`;
      node = node.items[step];
    } else if (isMap(node)) node = node.get(mapKey(node, step), true);
    else if (isScalar(node) && node.value === null) return undefined;
    else if (!isCollection(node)) return `${here} is a single value; it has no "${step}"`;
  }
  return undefined;
}

/** `0` is a list index, but a key where the node is a map. */
function keysFor(source: YamlSource, path: ConfigPath): readonly (string | number)[] {
  let node: unknown = source.document.contents;
  return path.map((step) => {
    const key = isMap(node) ? mapKey(node, step) : step;
    node = isCollection(node) ? node.get(key, true) : undefined;
    return key;
  });
}

function mapKey(map: { has(key: unknown): boolean }, step: string | number): string | number {
  return map.has(step) ? step : String(step);
}

/** A path whose names of entries are indices now; or why there is no such place. */
export type SettledPath = { readonly path: ConfigPath } | { readonly what: string; readonly fix: string };

/**
 * `traffic.chat.arrivals` is `traffic[0].arrivals` where the class chat comes first.
 *
 * @param source its aliases are written out where the path leads through one, or through what one repeats
 */
export function settledPath(source: YamlSource, asked: ConfigPath): SettledPath {
  // What would unfold without bound is refused later, with its own words.
  if (isShared(source.document, asked) && "value" in toPlain(source.document, "")) writeOutAliases(source.document);
  const path: (string | number)[] = [];
  let node: unknown = source.document.contents;
  for (const step of asked) {
    if (isSeq(node) && typeof step === "string") {
      const found = indexIn(node, step, formatPath(path));
      if (typeof found !== "number") return found;
      path.push(found);
    } else path.push(step);
    node = isCollection(node) ? childOf(node, path.at(-1)!) : undefined;
  }
  return { path };
}

/** What names an entry of a list, in this order: its own names first, then what it is about. */
const NAMES = ["class", "name", "id", "region", "model"] as const;

/** The index of a list's entry by its name, the kind of a strategy, or its text. */
function indexIn(list: YAMLSeq, name: string, place: string): number | { readonly what: string; readonly fix: string } {
  const named = list.items.map(namesOf);
  for (const level of [0, 1, 2, 3, 4, 5]) {
    const found = named.flatMap((names, index) => (names[level] === name ? [index] : []));
    if (found.length === 1) return found[0]!;
    if (found.length > 1) {
      const which = found.map((index) => `${place}[${index}]`).join(" or ");
      return { what: `"${name}" names ${found.length} entries of ${place}`, fix: `write ${which}` };
    }
  }
  const known = [...new Set(named.map((names) => names.find((each) => each !== undefined)))].flatMap(
    (each) => each ?? [],
  );
  const what = `${place} is a list; "${name}" is not an index, and no entry of it has that name`;
  return { what, fix: known.length === 0 ? `write an index: ${place}[0]` : suggest(name, known) };
}

/** By level: what the entry says under each of NAMES; then its own text, or the only key that it has beside its name. */
function namesOf(item: unknown): readonly (string | undefined)[] {
  const own = NAMES.map((key) => (isMap(item) ? textOf(item.get(key)) : undefined));
  if (isScalar(item)) return [...own, textOf(item.value)];
  if (!isMap(item)) return own;
  const kinds = item.items.map(({ key }) => textOf(isScalar(key) ? key.value : key)).filter((key) => key !== "name");
  return [...own, kinds.length === 1 ? kinds[0] : undefined];
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** Whether the path leads through an alias, or through or to a part that one elsewhere repeats. */
function isShared(document: Document, path: ConfigPath): boolean {
  let node: unknown = document.contents;
  for (const step of path) {
    if (isAlias(node)) return true;
    if (!isCollection(node)) return false;
    if (node.anchor !== undefined) return true;
    const isName = isSeq(node) && typeof step === "string";
    node = isName ? node.items.find((item) => namesOf(item).includes(step)) : childOf(node, step);
  }
  return isAlias(node) || (isNode(node) && hasAnchor(node));
}

function hasAnchor(node: Node): boolean {
  let found = false;
  visit(node, {
    Value: (_key, { anchor }) => {
      found ||= anchor !== undefined;
      return found ? visit.BREAK : undefined;
    },
  });
  return found;
}

function childOf(
  node: { has(key: unknown): boolean; get(key: unknown, keep: true): unknown },
  step: string | number,
): unknown {
  return node.get(node.has(step) ? step : String(step), true);
}

/**
 * Writes a copy of what it repeats in the place of every alias.
 *
 * @returns false where there was none
 */
export function writeOutAliases(document: Document): boolean {
  let isAny = false;
  visit(document, {
    Alias: (_key, alias) => {
      const target = alias.resolve(document);
      if (!isNode(target)) return undefined;
      isAny = true;
      // What is inside the copy is visited next, with the aliases that it has.
      return target.clone() as typeof target;
    },
  });
  if (isAny) visit(document, { Value: (_key, node) => void delete node.anchor });
  return isAny;
}
