/** Values that the command line puts over those of a scenario: `--set path=value` and options with a meaning of their own. */
import { isCollection, isMap, isScalar, isSeq, parseDocument } from "yaml";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { settledPath } from "./override-path.ts";
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
      if (override.value === undefined) source.document.deleteIn(keysFor(source, path));
      else source.document.setIn(keysFor(source, path), override.value);
      applied.push({ ...override, path });
    }
  }
  return { applied, problems };
}

/** The override that a path lies in or above of, the last one first: it is the one that took effect. */
export function overrideAt(overrides: readonly Override[], path: ConfigPath): Override | undefined {
  return overrides.findLast((each) => each.path.every((step, i) => String(step) === String(path[i])));
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
