/** The part of a Kubernetes structural schema that TestRun's definition uses. */
export interface StructuralSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly required?: readonly string[];
  readonly items?: StructuralSchema;
  readonly additionalProperties?: StructuralSchema;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
}

/**
 * What of a value a structural schema does not take, each with its path. Fields that the schema does not know count, for
 * the API server drops them.
 */
export function misfits(value: unknown, schema: StructuralSchema, path = "$"): readonly string[] {
  if (schema["x-kubernetes-int-or-string"] === true) {
    const isFine = Number.isInteger(value) || typeof value === "string";
    const isQuantity = schema.pattern === undefined || new RegExp(schema.pattern).test(String(value));
    return isFine && isQuantity ? [] : [`${path}: ${JSON.stringify(value)} is no quantity`];
  }
  if (!isOfType(value, schema.type)) return [`${path}: ${JSON.stringify(value)} is no ${schema.type}`];
  if (schema.enum !== undefined && !schema.enum.includes(value)) return [`${path}: ${value} is not in the list`];
  if (Array.isArray(value)) return value.flatMap((each, i) => misfits(each, schema.items ?? {}, `${path}[${i}]`));
  if (typeof value !== "object" || value === null) return [];
  const known = value as Readonly<Record<string, unknown>>;
  const missing = (schema.required ?? []).filter((name) => !Object.hasOwn(known, name));
  return [
    ...missing.map((name) => `${path}.${name} is missing`),
    ...Object.entries(known).flatMap(([name, each]) => {
      const inner = schema.properties?.[name] ?? schema.additionalProperties;
      if (inner !== undefined) return misfits(each, inner, `${path}.${name}`);
      return schema["x-kubernetes-preserve-unknown-fields"] === true ? [] : [`${path}.${name} is not known`];
    }),
  ];
}

function isOfType(value: unknown, type: string | undefined): boolean {
  if (type === undefined) return true;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return type === "integer" ? Number.isInteger(value) : typeof value === type;
}
