/**
 * Keys of a configuration: which are known at a path of its zod schema and what the documentation says of a value; of one that
 * is unknown or missing, which was meant, or where it belongs.
 */
import { z } from "zod";
import type { Problem } from "../../simulator/base/errors.ts";
import { suggest } from "../../simulator/base/near-names.ts";
import { type ConfigPath, formatPath, guessIn } from "./yaml-source.ts";

/** What is needed to judge a key. */
export interface KeyContext {
  /** The value that was checked. */
  readonly value: unknown;
  readonly schema: SchemaMap;
  /** `file:line path` of a place in the configuration. */
  where(path: ConfigPath): string;
}

/** A problem and the place it speaks of. */
export interface Placed {
  readonly problem: Problem;
  readonly path: ConfigPath;
  /** Where an unknown key was meant to stand. */
  readonly meant?: ConfigPath | undefined;
  /** It is the half of a number that a comma has broken in two. */
  readonly isHalf?: boolean;
  /** It is a name that stands where the key `name` should: what the map around it lacks stands below it. */
  readonly isName?: boolean;
}

/**
 * A misspelt key is one mistake, but zod reports it up to three times: the key is unknown, the right one is missing,
 * and the map around it fails its own check. Keeps the first.
 */
export function withoutEchoes(all: readonly Placed[]): readonly Placed[] {
  const echoed = new Set<string>();
  for (const { problem, path, meant, isName } of all) {
    if (isName === true) echoed.add(`SCENARIO_INVALID_VALUE ${formatPath(path.slice(0, -1))}`);
    if (meant !== undefined) echoed.add(`SCENARIO_MISSING_KEY ${formatPath(meant)}`);
    const guess = problem.code === "SCENARIO_UNKNOWN_KEY" ? guessIn(problem.fix) : undefined;
    if (guess === undefined) continue;
    const parent = path.slice(0, -1);
    echoed.add(`SCENARIO_INVALID_VALUE ${formatPath(parent)}`);
    echoed.add(`SCENARIO_MISSING_KEY ${formatPath([...parent, guess])}`);
  }
  const left = all.filter(({ problem, path }) => !echoed.has(`${problem.code} ${formatPath(path)}`));
  return renamed(onePerPlace(withoutBroken(left)));
}

/** A comma that was to be part of a number has broken it in two: what is said of the first half is false. */
function withoutBroken(all: readonly Placed[]): readonly Placed[] {
  const broken = all.flatMap(({ path, isHalf }) => (isHalf === true ? [formatPath(path.slice(0, -1))] : []));
  return all.filter(({ path, isHalf }) => isHalf === true || !broken.includes(formatPath(path.slice(0, -1))));
}

/** Of a value that breaks several rules the one that says what to write, or else the first. */
function onePerPlace(all: readonly Placed[]): readonly Placed[] {
  const isWrong = ({ problem }: Placed) => problem.code === "SCENARIO_INVALID_VALUE";
  return all.filter((each) => {
    if (!isWrong(each)) return true;
    const here = all.filter((other) => isWrong(other) && formatPath(other.path) === formatPath(each.path));
    return each === (here.find(({ problem }) => problem.fix?.startsWith("write ")) ?? here[0]);
  });
}

/** Where a map has one key too many and one too few, one was meant as the other. */
function renamed(all: readonly Placed[]): readonly Placed[] {
  const inMap = (code: string, { path }: Placed) =>
    all.filter(
      (each) => each.problem.code === code && formatPath(each.path.slice(0, -1)) === formatPath(path.slice(0, -1)),
    );
  return all.flatMap((each) => {
    const unknown = inMap("SCENARIO_UNKNOWN_KEY", each);
    const missing = inMap("SCENARIO_MISSING_KEY", each);
    const isPair = unknown.length === 1 && missing.length === 1 && each.path.length > 0;
    if (!isPair || guessIn(unknown[0]!.problem.fix) !== undefined || unknown[0]!.meant !== undefined) return [each];
    if (each === missing[0]) return [];
    if (each !== unknown[0]) return [each];
    const fix = `did you mean "${missing[0]!.path.at(-1)}"?`;
    return [{ ...each, problem: { ...each.problem, fix } }];
  });
}

export function unknownKey(path: ConfigPath, key: string, context: KeyContext): Placed {
  const half = brokenNumber(path, key, context);
  if (half !== undefined) return half;
  const named = nameAsKey(path, key, context);
  if (named !== undefined) return named;
  const owner = ownerBelow(path, key, context) ?? ownerAbove(path, key, context);
  const known = context.schema.keysAt(path);
  const where = context.where([...path, key]);
  const fix = owner === undefined ? suggest(key, known) : ownerFix(key, owner, path);
  const problem = known.includes(key)
    ? wrongKind(path, key, where, context)
    : { code: "SCENARIO_UNKNOWN_KEY", what: `unknown key "${key}"`, where, fix };
  return { problem, path: [...path, key], meant: owner && [...owner, key] };
}

/** `west: { weighted: ... }` where `{ name: west, weighted: ... }` is meant: a name as the key of what it names. */
function nameAsKey(path: ConfigPath, key: string, { value, schema, where }: KeyContext): Placed | undefined {
  const known = schema.keysAt(path);
  const at: ConfigPath = [...path, key];
  const below = isMapAt(value, at) ? Object.keys(valueAt(value, at) as object) : [];
  if (!known.includes("name") || known.includes(key) || below.length === 0) return undefined;
  if (!below.every((each) => each !== "name" && known.includes(each))) return undefined;
  const fix = `write { name: ${key}, ${below.map((each) => `${each}: ...`).join(", ")} }`;
  const what = `unknown key "${key}": a name is no key`;
  return { problem: { code: "SCENARIO_UNKNOWN_KEY", what, where: where(at), fix }, path: at, isName: true };
}

/** The half of a number after a comma, which YAML takes for another entry: `{ input: 1,200 }`. */
function brokenNumber(path: ConfigPath, key: string, context: KeyContext): Placed | undefined {
  const map = valueAt(context.value, path);
  if (!/^\d/.test(key) || typeof map !== "object" || map === null) return undefined;
  if ((map as Record<string, unknown>)[key] !== null) return undefined;
  const halves = Object.entries(map).filter(([, value]) => Number.isInteger(value));
  const joined = ([name, before]: readonly [string, unknown]) =>
    `${name}: ${before}${/^\d{3}(?!\d)/.test(key) ? "" : "."}${key}`;
  // A map does not keep the place of a key that is a whole number.
  const fix = halves.length === 0 ? "write thousands without a comma" : `write ${halves.map(joined).join(", or ")}`;
  const what = `a comma begins the next entry here, and "${key}" is none`;
  return {
    problem: { code: "SCENARIO_UNKNOWN_KEY", what, where: context.where([...path, key]), fix },
    path: [...path, key],
    isHalf: true,
  };
}

/** A key that another form of the same block knows, such as that of another kind. */
function wrongKind(path: ConfigPath, key: string, where: string, { value }: KeyContext): Problem {
  const kind = valueAt(value, [...path, "kind"]);
  const what =
    typeof kind === "string"
      ? `a ${formatPath(path.slice(-1))} of kind ${kind} has no "${key}"`
      : `"${key}" does not go with what stands beside it`;
  return {
    code: "SCENARIO_UNKNOWN_KEY",
    what,
    where,
    fix: "remove it, or take the form that has it; see docs/reference/scenario.md",
  };
}

function ownerFix(key: string, owner: ConfigPath, path: ConfigPath): string {
  if (owner.length > path.length) return `indent it, so that it stands below ${formatPath(owner)}`;
  return owner.length === 0
    ? `move it to the left: ${key} is a key of the scenario itself`
    : `move it to the left, below ${formatPath(owner)}`;
}

/** The value beside a key, or in the last item of a list there, that may hold it: the key has slipped to the left. */
function ownerBelow(path: ConfigPath, key: string, { value, schema }: KeyContext, depth = 2): ConfigPath | undefined {
  const here = valueAt(value, path);
  if (depth === 0 || typeof here !== "object" || here === null) return undefined;
  const steps = Array.isArray(here) ? (here.length > 0 ? [here.length - 1] : []) : Object.keys(here).slice(0, 100);
  const below = steps.filter((step) => step !== key).map((step): ConfigPath => [...path, step]);
  const owner = below.find((each) => isMapAt(value, each) && schema.keysAt(each).includes(key));
  if (owner !== undefined) return owner;
  for (const each of below) {
    const found = ownerBelow(each, key, { value, schema } as KeyContext, depth - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The nearest value around a key that may hold it: the key has slipped to the right. */
function ownerAbove(path: ConfigPath, key: string, { value, schema }: KeyContext): ConfigPath | undefined {
  for (let length = path.length - 1; length >= 0; length--) {
    const each = path.slice(0, length);
    if (isMapAt(value, each) && schema.keysAt(each).includes(key)) return each;
  }
  return undefined;
}

function isMapAt(value: unknown, path: ConfigPath): boolean {
  const here = valueAt(value, path);
  return typeof here === "object" && here !== null && !Array.isArray(here);
}

export function missingKey(path: ConfigPath, context: KeyContext): Placed {
  const description = context.schema.descriptionAt(path);
  const problem = {
    code: "SCENARIO_MISSING_KEY",
    what: `${formatPath(path.slice(-1))} is missing`,
    where: context.where(path),
    fix: description === undefined ? `add ${formatPath(path)}` : `add it: ${description}`,
  };
  return { problem, path };
}

/** The value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: ConfigPath): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<string | number, unknown>)[step];
  }
  return current;
}

export interface SchemaMap {
  keysAt(path: ConfigPath): readonly string[];
  descriptionAt(path: ConfigPath): string | undefined;
  /** The words that are allowed at a path beside other values, such as `unset` beside a number. */
  wordsAt(path: ConfigPath): readonly string[];
  /** Whether a text may stand there, beside whatever else. */
  takesTextAt(path: ConfigPath): boolean;
  /** What to write at a path, with the description after it; undefined where the schema does not tell. */
  formAt(path: ConfigPath): string | undefined;
}

interface JsonSchemaNode {
  readonly properties?: Readonly<Record<string, JsonSchemaNode>>;
  readonly additionalProperties?: boolean | JsonSchemaNode;
  readonly items?: JsonSchemaNode;
  readonly prefixItems?: readonly JsonSchemaNode[];
  readonly anyOf?: readonly JsonSchemaNode[];
  readonly oneOf?: readonly JsonSchemaNode[];
  readonly allOf?: readonly JsonSchemaNode[];
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchemaNode>>;
}

/** The map of a schema, which is made once: it takes longer than all else about a scenario with a fault. */
export function mapSchema(schema: z.ZodType): SchemaMap {
  const known = MAPS.get(schema) ?? newMap(schema);
  MAPS.set(schema, known);
  return known;
}

const MAPS = new WeakMap<z.ZodType, SchemaMap>();

function newMap(schema: z.ZodType): SchemaMap {
  const root = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchemaNode;
  const nodesAt = (path: ConfigPath): readonly JsonSchemaNode[] => {
    let nodes = expand([root], root);
    for (const step of path)
      nodes = expand(
        nodes.flatMap((node) => stepInto(node, step)),
        root,
      );
    return nodes;
  };
  const descriptionAt = (path: ConfigPath) => nodesAt(path).find((node) => node.description !== undefined)?.description;
  return {
    keysAt: (path) => [...new Set(nodesAt(path).flatMap((node) => Object.keys(node.properties ?? {})))],
    descriptionAt,
    wordsAt: (path) =>
      nodesAt(path)
        .flatMap((node) => node.enum ?? (node.const === undefined ? [] : [node.const]))
        .map(String),
    takesTextAt: (path) => nodesAt(path).some(({ type }) => typesOf(type).includes("string")),
    formAt: (path) => {
      const kinds = nodesAt(path).filter(({ type }) => typesOf(type).length > 0);
      const form = kinds.length === 1 && typeof kinds[0]!.type === "string" ? formOf(kinds[0]!) : undefined;
      const description = descriptionAt(path);
      return form === undefined || description === undefined ? form : `${form} (${description})`;
    },
  };
}

/** Alternatives that differ in their kind alone stand as a list of kinds. */
function typesOf(type: JsonSchemaNode["type"]): readonly string[] {
  return typeof type === "string" ? [type] : (type ?? []);
}

/** What to write for a value of one kind. */
function formOf({ type, minimum, exclusiveMinimum, maximum }: JsonSchemaNode): string | undefined {
  const isBounded = minimum !== undefined && Math.abs(minimum) < Number.MAX_SAFE_INTEGER;
  const from = isBounded ? ` from ${minimum}` : exclusiveMinimum === undefined ? "" : ` above ${exclusiveMinimum}`;
  if (type === "integer")
    return `write a whole number${from}, such as ${Math.min(maximum ?? 42, Math.max(minimum ?? 42, 42))}`;
  if (type === "number") return `write a number${from}`;
  if (type === "boolean") return "write true or false";
  if (type === "object") return "write a map";
  if (type === "string") return "write a text";
  return type === "array" ? "write a list" : undefined;
}

/** Follows references and alternatives, so that each node of the answer speaks for itself. */
function expand(nodes: readonly JsonSchemaNode[], root: JsonSchemaNode): readonly JsonSchemaNode[] {
  const seen = new Set<JsonSchemaNode>();
  const visit = (node: JsonSchemaNode): void => {
    if (seen.has(node)) return;
    seen.add(node);
    for (const part of [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])]) visit(part);
    const target = node.$ref === undefined ? undefined : dereference(node.$ref, root);
    if (target !== undefined) visit(target);
  };
  for (const node of nodes) visit(node);
  return [...seen];
}

function dereference(reference: string, root: JsonSchemaNode): JsonSchemaNode | undefined {
  if (reference === "#") return root;
  const name = /^#\/\$defs\/(.+)$/.exec(reference)?.[1];
  return name === undefined ? undefined : root.$defs?.[decodeURIComponent(name)];
}

function stepInto(node: JsonSchemaNode, step: string | number): readonly JsonSchemaNode[] {
  const found: JsonSchemaNode[] = [];
  const property = Object.hasOwn(node.properties ?? {}, step) ? node.properties?.[step] : undefined;
  if (property !== undefined) found.push(property);
  else if (typeof node.additionalProperties === "object") found.push(node.additionalProperties);
  if (typeof step === "number") {
    const item = node.prefixItems?.[step] ?? node.items;
    if (item !== undefined) found.push(item);
  }
  return found;
}
