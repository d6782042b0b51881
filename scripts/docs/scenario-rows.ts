/**
 * Rows of a block of the scenario file: its keys and those below them, down to blocks that have a section of their own.
 * Below them the tree that rows are made from: JSON Schema, with the notation of readable quantities.
 */
import { z } from "zod";
import { count, durationMs, ratePerS, share } from "../../simulator/base/schema-forms.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../simulator/base/time.ts";
import { anchor, code } from "./markdown.ts";

export interface Row {
  readonly key: string;
  readonly type: string;
  readonly defaultText: string;
  readonly meaning: string;
}

export const REQUIRED = "required";

export const NUMBER_LAW = "law of a number";

/** Descriptions that only repeat how a quantity is written, which the type says. */
const NOTATIONS: ReadonlySet<string | undefined> = new Set(
  [durationMs, ratePerS, count, share].map((schema) => schema.meta()?.description),
);

export function alternativesOf(node: SchemaNode): readonly SchemaNode[] {
  return node.anyOf ?? node.oneOf ?? [];
}

interface Visit {
  readonly node: SchemaNode;
  readonly key: string;
  readonly isRequired: boolean;
  readonly rows: Row[];
  readonly resolve: (node: SchemaNode) => SchemaNode;
  /** Title of the section that shows such a block. */
  readonly linkOf: (node: SchemaNode) => string | undefined;
  /** A block that is a law of a number with more keys, without those of the law. */
  readonly extrasOf: (node: SchemaNode) => SchemaNode | undefined;
  /** True for the block that the section is about. */
  readonly isRoot?: boolean;
  readonly isChoice?: boolean;
}

export function addRows(visit: Visit): void {
  const node = visit.resolve(visit.node);
  const link = visit.isRoot === true ? undefined : visit.linkOf(node);
  if (visit.isRoot !== true || alternativesOf(node).length > 0) addOwnRow(visit, node, link);
  if (link !== undefined) return;
  addChildren(visit, node, visit.key);
}

function addOwnRow(
  { key, isRequired, rows, resolve, linkOf, extrasOf, isRoot }: Visit,
  node: SchemaNode,
  link?: string,
): void {
  if (isRoot === true && isTagged(node)) return;
  const type = typeOf({ resolve, linkOf, extrasOf }, node, isRoot !== true);
  const entry = entryOf(node, resolve);
  const about = entry !== undefined && linkOf(entry) !== undefined ? entry.description : undefined;
  const said = (node.description ?? about ?? "").trim();
  const meaning = NOTATIONS.has(said) ? "" : said;
  rows.push({
    key,
    type: link === undefined ? type : `[${link}](#${anchor(link)})`,
    defaultText: node.defaultText ?? (isRequired ? REQUIRED : ""),
    meaning,
  });
}

/** What a list or a mapping of names holds. */
function entryOf(node: SchemaNode, resolve: (node: SchemaNode) => SchemaNode): SchemaNode | undefined {
  if (node.items !== undefined) return resolve(node.items);
  return typeof node.additionalProperties === "object" ? resolve(node.additionalProperties) : undefined;
}

/** Alternatives that a key with a fixed value distinguishes, such as kind: slots. */
export function isTagged(node: SchemaNode): boolean {
  return node.oneOf?.every((each) => tagOf(each) !== undefined) ?? false;
}

export function tagOf(node: SchemaNode): readonly [key: string, value: unknown] | undefined {
  const found = Object.entries(node.properties ?? {}).find(([, each]) => each.const !== undefined);
  return found === undefined ? undefined : [found[0], found[1].const];
}

function addChildren(visit: Visit, node: SchemaNode, key: string): void {
  const below = (child: SchemaNode, childKey: string, isRequired: boolean): void =>
    addRows({ ...visit, node: child, key: childKey, isRequired, isRoot: false, isChoice: false });
  const alternatives = alternativesOf(node).map(visit.resolve);
  for (const alternative of alternatives) {
    if (visit.linkOf(alternative) !== undefined) continue;
    const extras = visit.extrasOf(alternative);
    if (extras !== undefined) {
      addChildren(visit, extras, key);
      continue;
    }
    const tag = isTagged(node) ? tagOf(alternative) : undefined;
    // One key that says which alternative it is: required only if that one is meant.
    const isChoice = Object.keys(alternative.properties ?? {}).length === 1;
    if (tag === undefined) addChildren({ ...visit, isChoice }, alternative, key);
    else {
      const place = key === "" ? `${tag[0]}: ${tag[1]}` : `${key} (${tag[0]}: ${tag[1]})`;
      visit.rows.push({ key: place, type: "mapping", defaultText: "", meaning: alternative.description ?? "" });
      const { [tag[0]]: _, ...properties } = alternative.properties!;
      addChildren(visit, { ...alternative, properties }, place);
    }
  }
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    below(child, joined(key, name), (node.required ?? []).includes(name) && visit.isChoice !== true);
  }
  const entry = entryOf(node, visit.resolve);
  if (entry === undefined || isPlain(entry) || visit.linkOf(entry) !== undefined) return;
  below(entry, node.items === undefined ? joined(key, "<name>") : `${key}[]`, false);
}

function joined(key: string, name: string): string {
  if (key === "") return name;
  return /: \S+$|\)$/.test(key) ? `${key} > ${name}` : `${key}.${name}`;
}

/** True for a node whose type says all there is to say. */
function isPlain(node: SchemaNode): boolean {
  const alternatives = alternativesOf(node);
  if (node.prefixItems !== undefined) return true;
  return (
    node.properties === undefined &&
    typeof node.additionalProperties !== "object" &&
    node.items === undefined &&
    alternatives.every(isPlain)
  );
}

type Look = Pick<Visit, "resolve" | "linkOf" | "extrasOf">;

function typeOf(look: Look, node: SchemaNode, linkWhole = true): string {
  const { resolve, linkOf, extrasOf } = look;
  const link = linkWhole ? linkOf(node) : undefined;
  if (link !== undefined) return `[${link}](#${anchor(link)})`;
  if (extrasOf(node) !== undefined) return `[${NUMBER_LAW}](#${anchor(NUMBER_LAW)}), or mapping`;
  const nested = (each: SchemaNode): string => typeOf(look, resolve(each));
  if (node.const !== undefined) return code(String(node.const));
  if (node.enum !== undefined) return node.enum.map((value) => code(String(value))).join(", ");
  const alternatives = alternativesOf(node);
  if (alternatives.length > 0 && !(alternatives.every(isScalar) && node.quantity !== undefined)) {
    return [...new Set(alternatives.map((each) => nested(each)))].join(" or ");
  }
  if (node.prefixItems !== undefined) return `[${node.prefixItems.map(nested).join(", ")}]`;
  const entry = entryOf(node, resolve);
  if (entry !== undefined) {
    const whole = node.items === undefined ? "mapping of names" : "list";
    if (!isPlain(entry) && linkOf(entry) === undefined) return whole;
    return node.items === undefined ? `mapping of names to ${nested(entry)}` : `list of ${nested(entry)}`;
  }
  if (node.properties !== undefined) return "mapping";
  return scalarType(node);
}

function isScalar(node: SchemaNode): boolean {
  return isPlain(node) && node.const === undefined && node.enum === undefined && alternativesOf(node).every(isScalar);
}

function scalarType(node: SchemaNode): string {
  if (node.quantity !== undefined) return node.quantity;
  if (node.type === "boolean") return "`true` or `false`";
  const name = node.type === "integer" ? "whole number" : node.type === "number" ? "decimal" : "text";
  const isBound = (limit: number | undefined): boolean =>
    limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER;
  const from = isBound(node.minimum) ? `from ${node.minimum}` : "";
  const above = isBound(node.exclusiveMinimum) ? `above ${node.exclusiveMinimum}` : "";
  const to = isBound(node.maximum) ? `to ${node.maximum}` : "";
  return [name, from, above, to].filter((part) => part !== "").join(" ");
}

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

/** Texts that distinguish quantities: a schema is of the first kind of which it accepts one of the texts. */
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
  ["d", DAY_MS],
  ["h", HOUR_MS],
  ["m", MINUTE_MS],
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
