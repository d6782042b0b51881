/** What may be written at a place of a scenario: keys and words of the schema, regions and models of the reference data. */
import { AWS_REGIONS } from "../../simulator/base/regions.ts";
import type { ResolveInputs } from "../../simulator/scenario/resolve.ts";
import { scenarioSchema } from "../../simulator/scenario/schema.ts";
import { mapSchema } from "../io/schema-map.ts";
import type { ConfigPath } from "../io/yaml-source.ts";
import type { Completion } from "./messages.ts";

/** Where in a YAML text a place is: the path of the map or value that is being written, and what is written of it. */
export interface YamlPlace {
  readonly path: ConfigPath;
  /** Whether a value of `path` is written, or a key below it. */
  readonly writes: "key" | "value";
  /** Offset at which the word that is being written begins. */
  readonly from: number;
}

/** What may stand at the offset. Facts are those of the inputs, where there are any. */
export function completionsAt(
  text: string,
  offset: number,
  inputs: Pick<ResolveInputs, "prices"> | undefined,
): { readonly from: number; readonly options: readonly Completion[] } {
  const known = mapSchema(scenarioSchema);
  const { path, writes, from } = placeIn(text, offset);
  const keys = known.keysAt(path).map((key): Completion => {
    const detail = known.descriptionAt([...path, key]);
    return { label: key, insert: `${key}: `, kind: "key", ...(detail === undefined ? {} : { detail }) };
  });
  const words = [...known.wordsAt(path), ...factsAt(path, inputs)];
  const values = [...new Set(words)].map((word): Completion => ({ label: word, insert: word, kind: "value" }));
  // An entry of a list may be a word or a map: `- round-robin`, `- cheapest-within: { p95: 8s }`.
  return { from, options: writes === "key" && values.length === 0 ? keys : [...values, ...keys] };
}

/** Names that the schema does not list, since they are data. */
function factsAt(path: ConfigPath, inputs: Pick<ResolveInputs, "prices"> | undefined): readonly string[] {
  const last = path.at(-1);
  const isRegion =
    last === "region" || (path[0] === "world" && path[1] === "regions" && path.length === 3) || last === "origin";
  if (isRegion) return AWS_REGIONS.map(({ id }) => id);
  if (path[0] === "world" && path[1] === "models" && last === "id")
    return [...new Set(inputs?.prices.prices.map(({ model }) => model) ?? [])];
  return [];
}

const WORD = /[^\s:,{}[\]"'#]*$/;

/**
 * The place of an offset in a text that need not parse, since it is being written: block maps and lists by their
 * indentation, flow maps and lists of the line by their brackets.
 *
 * @example placeIn("world:\n  reg", 12).path // => ["world"]
 */
export function placeIn(text: string, offset: number): YamlPlace {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  const line = before.slice(lineStart);
  const from = offset - WORD.exec(line)![0].length;
  const indent = /^[ -]*/.exec(line)![0];
  const written = line.slice(indent.length);
  const dash = indent.indexOf("-");
  const outer = outerPath(before.slice(0, lineStart), dash < 0 ? indent.length : dash, dash >= 0);
  const own = ownSteps(before.slice(0, lineStart), indent);
  return flowPlace([...outer, ...own], written, from);
}

/** A line that begins with a dash is an entry of the list of its key; which one is counted. */
function ownSteps(above: string, indent: string): ConfigPath {
  const dash = indent.indexOf("-");
  return dash < 0 ? [] : [entriesBefore(above, dash)];
}

function entriesBefore(above: string, dash: number): number {
  let count = 0;
  for (const line of above.split("\n").reverse()) {
    if (/^\s*(#.*)?$/.test(line)) continue;
    const at = /^ */.exec(line)![0].length;
    if (at === dash && line[at] === "-") count++;
    else if (at <= dash && line[at] !== "-") break;
  }
  return count;
}

const KEY = /^("(?:[^"\\]|\\.)*"|[^\s:#][^:]*?):(?:\s|$)/;

/** Keys and indices that the lines above lay around a column; the key of a list may stand in the column of its dashes. */
function outerPath(above: string, at: number, isEntry: boolean): ConfigPath {
  const path: (string | number)[] = [];
  const lines = above.split("\n");
  let least = at;
  let isDashed = isEntry;
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i]!;
    if (/^\s*(#.*)?$/.test(line)) continue;
    const indent = /^ */.exec(line)![0].length;
    const dash = line[indent] === "-" ? /^- */.exec(line.slice(indent))![0].length : 0;
    if (dash > 0 && indent < least) {
      const key = KEY.exec(line.slice(indent + dash))?.[1];
      if (key !== undefined && indent + dash < least) path.unshift(key);
      path.unshift(entriesBefore(lines.slice(0, i).join("\n"), indent));
      least = indent;
      isDashed = true;
      continue;
    }
    const isParent = indent < least || (isDashed && indent === least && dash === 0);
    const key = isParent ? KEY.exec(line.slice(indent))?.[1] : undefined;
    if (key === undefined) continue;
    path.unshift(key);
    least = indent;
    isDashed = false;
    if (indent === 0) break;
  }
  return path;
}

/** What the beginning of a line adds: its key, and the brackets that are open. */
function flowPlace(outer: ConfigPath, written: string, from: number): YamlPlace {
  let path = outer;
  let rest = written;
  let writes: YamlPlace["writes"] = "key";
  const open: { readonly path: ConfigPath; readonly isList: boolean; items: number }[] = [];
  while (rest !== "") {
    const isInList = open.at(-1)?.isList === true;
    const key = isInList ? undefined : /^\s*("(?:[^"\\]|\\.)*"|[^\s:,{}[\]#]+):(?=\s|$)/.exec(rest);
    if (key !== null && key !== undefined) {
      path = [...(open.at(-1)?.path ?? outer), key[1]!];
      writes = "value";
      rest = rest.slice(key[0].length);
      continue;
    }
    const sign = rest[0]!;
    rest = rest.slice(1);
    if (sign === "{" || sign === "[") {
      open.push({ path, isList: sign === "[", items: 0 });
      writes = sign === "[" ? "value" : "key";
      if (sign === "[") path = [...path, 0];
    } else if (sign === "}" || sign === "]") {
      path = open.pop()?.path ?? outer;
      writes = "value";
    } else if (sign === "," && open.length > 0) {
      const around = open.at(-1)!;
      around.items++;
      path = around.isList ? [...around.path, around.items] : around.path;
      writes = around.isList ? "value" : "key";
    }
  }
  return { path, writes, from };
}
