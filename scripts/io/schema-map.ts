import { z } from "zod";
import type { ConfigPath } from "./config-path.ts";

/**
 * Answers questions about a zod schema that its issues leave open: which keys are known at a path, and what the
 * documentation says of a value. Works on the JSON Schema of the schema's input, which is public, where the inside
 * of a zod object is not.
 */
export interface SchemaMap {
  keysAt(path: ConfigPath): readonly string[];
  descriptionAt(path: ConfigPath): string | undefined;
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
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchemaNode>>;
}

export function mapSchema(schema: z.ZodType): SchemaMap {
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
  return {
    keysAt: (path) => [...new Set(nodesAt(path).flatMap((node) => Object.keys(node.properties ?? {})))],
    descriptionAt: (path) => nodesAt(path).find((node) => node.description !== undefined)?.description,
  };
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
