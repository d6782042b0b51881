/** Values that the command line puts over those of a scenario: `--set path=value` and options with a meaning of their own. */
import { isCollection, isMap, isScalar, isSeq, parseDocument } from "yaml";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { type ConfigPath, formatPath, parsePath, type YamlSource } from "./yaml-source.ts";

/** One value that the command line puts over the scenario's. */
export interface Override {
  readonly path: ConfigPath;
  /** Plain data; undefined takes the key away. */
  readonly value: unknown;
  /** As typed, e.g. `--set seed=7`: where a problem with it is reported. */
  readonly origin: string;
}

/**
 * The override of `--set path=value`. The value is YAML, so numbers, lists and maps work and `20/s` is text.
 *
 * @throws MeridianError usage SET_SYNTAX when it is not `path=value`, the path is none, or the value is not YAML
 * @example parseSet("traffic[0].arrivals.scale=3").path // => ["traffic", 0, "arrivals", "scale"]
 * @example parseSet("traffic[0].arrivals.scale=3").value // => 3
 */
export function parseSet(text: string): Override {
  const cut = text.indexOf("=");
  const path = cut < 0 ? undefined : parsePath(text.slice(0, cut).trim());
  const origin = `--set ${text}`;
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
 * @returns a problem for each that has no place to go
 */
export function applyOverrides(source: YamlSource, overrides: readonly Override[]): readonly Problem[] {
  const problems: Problem[] = [];
  for (const override of overrides) {
    const blocked = blocker(source, override.path);
    if (blocked === undefined && override.value === undefined) source.document.deleteIn(keysFor(source, override.path));
    else if (blocked === undefined) source.document.setIn(keysFor(source, override.path), override.value);
    else problems.push({ code: "SET_NO_PLACE", what: blocked, where: override.origin, fix: "check the path" });
  }
  return problems;
}

/** The override that a path lies in or above of, the last one first: it is the one that took effect. */
export function overrideAt(overrides: readonly Override[], path: ConfigPath): Override | undefined {
  return overrides.findLast((each) => each.path.every((step, i) => String(step) === String(path[i])));
}

function setProblem(where: string, what: string): MeridianError {
  return new MeridianError("usage", {
    code: "SET_SYNTAX",
    what,
    where,
    fix: "write for example --set seed=7 or --set 'traffic[0].arrivals={poisson: 20/s}'",
  });
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
