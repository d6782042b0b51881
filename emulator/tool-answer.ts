import { isObject, type JsonObject } from "./shape.ts";

/** A tool call as the answer: the emulator makes one where the caller's tool choice forces it. */
export interface ToolAnswer {
  readonly name: string;
  /** Arguments that satisfy the tool's schema as far as its types go. */
  readonly input: unknown;
}

const MAX_DEPTH = 8;

/** The smallest value that a JSON schema's types, enums, defaults and required members allow. */
export function sampleOfSchema(schema: unknown, depth = 0): unknown {
  if (!isObject(schema) || depth > MAX_DEPTH) return {};
  for (const member of ["const", "default"]) if (Object.hasOwn(schema, member)) return schema[member];
  for (const member of ["enum", "examples"]) {
    const values = schema[member];
    if (Array.isArray(values) && values.length > 0) return values[0];
  }
  for (const member of ["anyOf", "oneOf"]) {
    const choices = schema[member];
    if (Array.isArray(choices) && choices.length > 0) return sampleOfSchema(choices[0], depth + 1);
  }
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case "string":
      return "sample";
    case "integer":
    case "number":
      return typeof schema.minimum === "number" ? schema.minimum : 1;
    case "boolean":
      return true;
    case "null":
      return null;
    case "array":
      return typeof schema.minItems === "number" && schema.minItems > 0
        ? [sampleOfSchema(schema.items, depth + 1)]
        : [];
    default:
      return sampleOfObject(schema, depth);
  }
}

function sampleOfObject(schema: JsonObject, depth: number): JsonObject {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const names = Array.isArray(schema.required) ? schema.required : Object.keys(properties);
  const entries = names
    .filter((name): name is string => typeof name === "string")
    .map((name) => [name, sampleOfSchema(properties[name], depth + 1)] as const);
  return Object.fromEntries(entries);
}
