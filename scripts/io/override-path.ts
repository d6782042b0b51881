/**
 * Where an override goes: entries of lists may be named instead of counted (`traffic[chat]`, `strategies[cheapest]`),
 * and a part that the file writes once for several places (`&name`, `*name`) is written out, so that one of them changes.
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
  visit,
  type YAMLSeq,
} from "yaml";
import { suggest } from "../../simulator/base/near-names.ts";
import { type ConfigPath, formatPath, toPlain, type YamlSource } from "./yaml-source.ts";

/** A path whose names of entries are indices now; or why there is no such place. */
export type SettledPath = { readonly path: ConfigPath } | { readonly what: string; readonly fix: string };

/**
 * `traffic.chat.arrivals` is `traffic[0].arrivals` where the class chat comes first.
 *
 * @param source its aliases are written out where the path leads through one, or through what one repeats
 */
export function settledPath(source: YamlSource, asked: ConfigPath): SettledPath {
  // What would unfold without bound is refused later, with its own words.
  if (isShared(source.document, asked) && "value" in toPlain(source, "")) writeOutAliases(source.document);
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
