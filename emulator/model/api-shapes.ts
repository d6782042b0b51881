/** The shapes of the runtime API's requests, from AWS's own service model, and what a request violates of them. */
import { ServiceError } from "../http/errors.ts";
import {
  asInteger,
  asList,
  asNumber,
  asObject,
  asText,
  type ConstraintList,
  refuseType,
} from "../http/request-body.ts";
import { readReference } from "./facts.ts";

/** A shape of the service model. `min` and `max` are of a length, or of a number's value. */
export interface ApiShape {
  readonly type: ShapeType;
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, string>>;
  readonly member?: string;
  readonly key?: string;
  readonly value?: string;
  readonly enum?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  /** HTTP status of an error. */
  readonly status?: number;
}

type ShapeType =
  | "structure"
  | "union"
  | "list"
  | "map"
  | "string"
  | "blob"
  | "boolean"
  | "integer"
  | "long"
  | "float"
  | "document";

/** Shape of `scenarios/reference/bedrock-runtime-api.json`. */
export interface ApiModel {
  readonly operations: Readonly<Record<string, { readonly errors: readonly string[] }>>;
  readonly shapes: Readonly<Record<string, ApiShape>>;
}

let loaded: ApiModel | undefined;

/** The service model that is part of this package; read once. */
export function apiModel(): ApiModel {
  loaded ??= readReference("bedrock-runtime-api.json") as ApiModel;
  return loaded;
}

/**
 * Checks a part of a request against its shape: types, members that must be there, lengths, bounds, patterns, values.
 * Members that the shape does not know are passed over, and null counts as absent, as on the service.
 *
 * @param value       the part, parsed from JSON
 * @param name        its shape
 * @param at          its path as the service writes it, such as `messages.1.member`; "" for the whole body
 * @param constraints receives what is violated
 * @throws ServiceError SerializationException for a value of another type, ValidationException for a union with several
 *         members or none
 */
export function checkShape(value: unknown, name: string, at: string, constraints: ConstraintList): void {
  const shape = apiModel().shapes[name]!;
  switch (shape.type) {
    case "structure":
    case "union":
      checkMembers(asObject(value), shape, name, at, constraints);
      return;
    case "list":
      checkList(asList(value), shape, at, constraints);
      return;
    case "map":
      checkMap(asObject(value), shape, at, constraints);
      return;
    case "document":
      return;
    default:
      for (const text of violations(value, shape)) constraints.check(false, value, at, text);
  }
}

function checkMembers(
  value: Readonly<Record<string, unknown>>,
  { type, members = {}, required = [] }: ApiShape,
  name: string,
  at: string,
  constraints: ConstraintList,
): void {
  const set = Object.keys(members).filter((member) => value[member] !== undefined && value[member] !== null);
  // Converse has a message of its own for a content block without any.
  if (type === "union" && set.length !== 1 && !(set.length === 0 && name === "ContentBlock")) {
    throw new ServiceError(
      "ValidationException",
      `The ${name} object at ${at} must set ${set.length === 0 ? "one" : "only one"} of the following keys: ${Object.keys(members).join(", ")}.`,
    );
  }
  for (const member of required) {
    constraints.check(set.includes(member), null, below(at, member), "Member must not be null");
  }
  for (const member of set) checkShape(value[member], members[member]!, below(at, member), constraints);
}

function checkList(values: readonly unknown[], shape: ApiShape, at: string, constraints: ConstraintList): void {
  checkLength(values.length, shape, values.slice(0, 3), at, constraints);
  const item = apiModel().shapes[shape.member!]!;
  if (item.type === "string" || item.type === "integer") {
    // The service names the list, not the item.
    for (const value of values) checkWithin(value, item, at, "Member must satisfy constraint", constraints);
  } else
    for (const [i, value] of values.entries())
      checkShape(value, shape.member!, `${below(at, String(i + 1))}.member`, constraints);
}

function checkMap(
  value: Readonly<Record<string, unknown>>,
  shape: ApiShape,
  at: string,
  constraints: ConstraintList,
): void {
  const pairs = Object.entries(value);
  checkLength(pairs.length, shape, pairs.length === 0 ? {} : `${pairs.length} pairs`, at, constraints);
  const { shapes } = apiModel();
  for (const [key, item] of pairs.slice(0, MAP_PAIRS_MAX)) {
    checkWithin(key, shapes[shape.key!]!, at, "Map keys must satisfy constraint", constraints);
    const itemShape = shapes[shape.value!]!;
    if (itemShape.type === "string") {
      checkWithin(asText(item), itemShape, at, "Map value must satisfy constraint", constraints);
    } else checkShape(item, shape.value!, below(at, key), constraints);
  }
}

/** A request with more is refused for their number alone. */
const MAP_PAIRS_MAX = 20;

function checkWithin(value: unknown, shape: ApiShape, at: string, whose: string, constraints: ConstraintList): void {
  const holds = violations(value, shape).length === 0;
  constraints.check(holds, value, at, `${whose}: [${constraintTexts(shape, "length").join(", ")}]`);
}

function checkLength(length: number, shape: ApiShape, shown: unknown, at: string, constraints: ConstraintList): void {
  const { min = 0, max = Number.POSITIVE_INFINITY } = shape;
  constraints.check(length >= min, shown, at, atLeast("length", min));
  constraints.check(length <= max, shown, at, atMost("length", max));
}

/** What a text, a number, a blob or a truth value violates. @throws ServiceError SerializationException for another type */
function violations(value: unknown, shape: ApiShape): readonly string[] {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, pattern } = shape;
  if (shape.type === "boolean") {
    if (typeof value !== "boolean") refuseType(value, "Boolean");
    return [];
  }
  if (shape.type === "string" || shape.type === "blob") {
    const text = asText(value);
    const length = shape.type === "blob" ? bytesOf(text) : [...text.slice(0, 2 * Math.min(max, 1e6) + 2)].length;
    return [
      ...(length > max ? [atMost("length", max)] : []),
      ...(length < min ? [atLeast("length", min)] : []),
      ...(pattern !== undefined && length <= max && !new RegExp(`^(?:${pattern})$`).test(text)
        ? [patternText(pattern)]
        : []),
      ...(shape.enum !== undefined && !shape.enum.includes(text) ? [enumText(shape.enum)] : []),
    ];
  }
  const number = shape.type === "float" ? asNumber(value) : asInteger(value);
  return [...(number > max ? [atMost("value", max)] : []), ...(number < min ? [atLeast("value", min)] : [])];
}

/** Bytes that base64 stands for. @throws ServiceError SerializationException for what is none */
function bytesOf(text: string): number {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) refuseType(text, "Blob");
  return Math.floor((text.replace(/=+$/, "").length * 3) / 4);
}

/** All that a shape asks of a value, in the service's order. */
function constraintTexts({ min, max, pattern, enum: values }: ApiShape, what: "length" | "value"): readonly string[] {
  return [
    ...(max === undefined ? [] : [atMost(what, max)]),
    ...(min === undefined ? [] : [atLeast(what, min)]),
    ...(pattern === undefined ? [] : [patternText(pattern)]),
    ...(values === undefined ? [] : [enumText(values)]),
  ];
}

const atLeast = (what: string, least: number): string => `Member must have ${what} greater than or equal to ${least}`;
const atMost = (what: string, most: number): string => `Member must have ${what} less than or equal to ${most}`;
const patternText = (pattern: string): string => `Member must satisfy regular expression pattern: ${pattern}`;
const enumText = (values: readonly string[]): string => `Member must satisfy enum value set: [${values.join(", ")}]`;

function below(at: string, member: string): string {
  return at === "" ? member : `${at}.${member}`;
}
