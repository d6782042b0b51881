/** What a zod schema says of each place of a configuration: its keys, its words, and what to write there. */
import { z } from "zod";
import type { ConfigPath } from "./yaml-source.ts";

/** The value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: ConfigPath): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<string | number, unknown>)[step];
  }
  return current;
}

export function isMapAt(value: unknown, path: ConfigPath): boolean {
  const here = valueAt(value, path);
  return typeof here === "object" && here !== null && !Array.isArray(here);
}

export interface SchemaMap {
  keysAt(path: ConfigPath): readonly string[];
  descriptionAt(path: ConfigPath): string | undefined;
  /** The words that are allowed at a path beside other values, such as `unset` beside a number. */
  wordsAt(path: ConfigPath): readonly string[];
  /** Whether a text may stand there, beside whatever else. */
  takesTextAt(path: ConfigPath): boolean;
  /** Whether names of one's own stand there, each with a number: shares, weights. */
  isMapOfNumbersAt(path: ConfigPath): boolean;
  /** The keys of a map at a path, whether it needs them and what they take. */
  propertiesAt(path: ConfigPath): readonly SchemaProperty[];
  /** What to write at a path, with the description after it; undefined where the schema does not tell. */
  formAt(path: ConfigPath): string | undefined;
}

/** A key of a map. */
export interface SchemaProperty {
  readonly name: string;
  readonly isRequired: boolean;
  /** Whether a value is of a kind that may stand there. */
  takes(found: unknown): boolean;
}

interface JsonSchemaNode {
  readonly properties?: Readonly<Record<string, JsonSchemaNode>>;
  readonly required?: readonly string[];
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
    isMapOfNumbersAt: (path) =>
      nodesAt(path).some(
        ({ additionalProperties: names }) =>
          typeof names === "object" && expand([names], root).some(({ type }) => typesOf(type).includes("number")),
      ),
    propertiesAt: (path) =>
      nodesAt(path).flatMap((node) =>
        Object.entries(node.properties ?? {}).map(([name, own]) => ({
          name,
          isRequired: node.required?.includes(name) === true,
          takes: (found: unknown) => expand([own], root).some((each) => takesKind(each, found)),
        })),
      ),
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

/** Whether a value is of the kind of a node, and one of its words where it has such. */
function takesKind(node: JsonSchemaNode, found: unknown): boolean {
  const words = node.enum ?? (node.const === undefined ? undefined : [node.const]);
  if (words !== undefined) return words.includes(found);
  const types = typesOf(node.type);
  if (Array.isArray(found)) return types.includes("array");
  return types.includes(typeof found) || (Number.isInteger(found) && types.includes("integer"));
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
