/**
 * The scenario's schema as a tree for readers: JSON Schema, plus what JSON Schema cannot say of a readable quantity:
 * that a text is a duration, a rate or a share, and what its default is in the notation of a scenario file.
 */
import { z } from "zod";

/** A node of JSON Schema, as far as the reference page shows it. */
export interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | SchemaNode;
  readonly items?: SchemaNode;
  readonly prefixItems?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly description?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, SchemaNode>>;
  /** Kind of quantity that a text or number stands for. */
  readonly quantity?: Quantity;
  /** Default in the notation of a scenario file. */
  readonly defaultText?: string;
}

export type Quantity = "text" | "duration" | "rate" | "share" | "number" | "time of day" | "instant";

/** Texts that tell quantities apart: the first kind of which a schema takes one of the texts is the schema's. */
const PROBES: readonly (readonly [Quantity, readonly string[]])[] = [
  ["text", ["qwerty", "QW"]],
  ["time of day", ["15:00"]],
  ["duration", ["1s", "1m", "1h", "1d"]],
  ["rate", ["1/s", "1k/min"]],
  ["share", ["50%", "1%", "100%"]],
  ["number", ["1k", "64"]],
  ["instant", ["2026-05-04T00:00:00Z"]],
];

/** @param schema of what a person writes; its transformations are asked what they take, not looked into */
export function schemaTree(schema: z.ZodType): SchemaNode {
  return z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      const node = jsonSchema as { -readonly [Key in keyof SchemaNode]: SchemaNode[Key] };
      const quantity = quantityOf(zodSchema);
      if (quantity !== undefined) node.quantity = quantity;
      const value = defaultOf(zodSchema);
      if (value !== undefined) node.defaultText = written(value, node.quantity);
    },
  }) as SchemaNode;
}

function quantityOf(schema: z.core.$ZodType): Quantity | undefined {
  return PROBES.find(([, texts]) => texts.some((text) => z.safeParse(schema, text).success))?.[0];
}

/** The default, which is in the output's units: ms for a duration. */
function defaultOf(schema: z.core.$ZodType): unknown {
  const { def } = schema._zod;
  if (!("defaultValue" in def)) return undefined;
  return typeof def.defaultValue === "function" ? def.defaultValue() : def.defaultValue;
}

const DURATIONS: readonly (readonly [unit: string, ms: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
];

function written(value: unknown, quantity: Quantity | undefined): string {
  if (typeof value === "string") return value === "" ? '""' : value;
  if (value === Number.POSITIVE_INFINITY) return "unlimited";
  if (isConstantLaw(value)) return written(value.value, quantity);
  if (typeof value !== "number") return JSON.stringify(value);
  if (quantity === "time of day") return `${String(value).padStart(2, "0")}:00`;
  if (quantity === "duration") {
    // A day is written as hours: 24h is how scenarios say it.
    const [unit, ms] = DURATIONS.find(([, each]) => value >= each && value % each === 0) ?? ["ms", 1];
    return value === 0 ? "0s" : unit === "d" && value === ms ? "24h" : `${value / ms}${unit}`;
  }
  if (quantity === "number" && value >= 1000 && value % 1000 === 0) return `${value / 1000}k`;
  return String(value);
}

/** A law that always gives the same value is written as that value. */
function isConstantLaw(value: unknown): value is { readonly value: number } {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "constant";
}
