/** A value that satisfies a JSON Schema: the arguments of a forced tool call, or a structured answer. */
import { createContext, Script } from "node:vm";
import { Validator } from "@cfworker/json-schema";
import { generateSync, type JsonSchema } from "json-schema-faker";
import { isObject, type JsonObject } from "../http/request-body.ts";

/**
 * The same schema always has the same value. It is generated, then checked by a validator; several generations are
 * tried, the smallest first.
 *
 * @param schema JSON Schema 2020-12, or of an older draft with the same keywords
 * @returns a value that satisfies it; what comes nearest if none was found within half a second
 * @example sampleOfSchema({ type: "object", required: ["n"], properties: { n: { type: "integer", minimum: 3, maximum: 3 } } }) // => { n: 3 }
 */
export function sampleOfSchema(schema: unknown): unknown {
  const text = JSON.stringify(schema) ?? "{}";
  const known = samples.get(text);
  if (known !== undefined) return known.value;
  const value = text.length > LARGEST_SCHEMA ? {} : withinTime(schema);
  samples.set(text, { value });
  if (samples.size > KEPT_SAMPLES) samples.delete(samples.keys().next().value!);
  return value;
}

const samples = new Map<string, { readonly value: unknown }>();
const KEPT_SAMPLES = 500;
/** Characters of a schema; larger ones get an empty object. */
const LARGEST_SCHEMA = 200_000;
const LONGEST_MS = 250;
const TRIES = 12;

/**
 * Patterns of callers may take exponential time, so everything runs under a time limit of the engine. That limit is of the
 * wall clock: on a busy host it may pass before there is a value at all, hence a second try.
 */
function withinTime(schema: unknown): unknown {
  let best: unknown = {};
  const work = (): void => {
    const present = withPresentKeywords(schema);
    const isValid = validatorOf(present);
    const [described, normal] = [normalized(present, 0, true), normalized(present, 0, false)];
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const value = generated(attempt < TRIES / 3 ? described : normal, attempt);
      if (value === undefined) continue;
      if (attempt === 0) best = value;
      if (!isValid(value)) continue;
      best = value;
      return;
    }
  };
  for (let run = 0; run < 2; run++) {
    try {
      RUN.runInContext(createContext({ work }), { timeout: LONGEST_MS });
      break;
    } catch (error) {
      // A schema that the validator cannot read: what was found so far will have to do.
      if (!isOutOfTime(error)) break;
    }
  }
  return best;
}

const RUN = new Script("work()");

/** The error is of the other context, so it is no instance of this one's Error. */
function isOutOfTime(error: unknown): boolean {
  return isObject(error) && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}

function validatorOf(schema: unknown): (value: unknown) => boolean {
  if (typeof schema !== "boolean" && !isObject(schema)) return () => true;
  const validator = new Validator(schema as JsonObject, "2020-12", true);
  return (value) => validator.validate(value).valid;
}

/** What older drafts write in another way: tuples as a list of `items`, exclusive bounds as a flag beside the bound. */
function withPresentKeywords(schema: unknown, depth = 0): unknown {
  if (depth > DEEPEST) return schema;
  if (Array.isArray(schema)) return schema.map((inner) => withPresentKeywords(inner, depth + 1));
  if (!isObject(schema)) return schema;
  const inside = (name: string, value: unknown): unknown =>
    DATA_MEMBERS.has(name) ? value : withPresentKeywords(value, depth + 1);
  const copy = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, inside(name, value)]));
  if (Array.isArray(copy.items)) {
    const { items, additionalItems, ...rest } = copy;
    return { ...rest, prefixItems: items, ...(additionalItems === undefined ? {} : { items: additionalItems }) };
  }
  for (const [exclusive, bound] of EXCLUSIVE_BOUNDS) {
    if (typeof copy[exclusive] !== "boolean") continue;
    const isExclusive = copy[exclusive] && copy[bound] !== undefined;
    delete copy[exclusive];
    if (isExclusive) copy[exclusive] = copy[bound];
  }
  return copy;
}

const EXCLUSIVE_BOUNDS = [
  ["exclusiveMinimum", "minimum"],
  ["exclusiveMaximum", "maximum"],
] as const;

/** The first tries write every property once, the later ones only what is required, with other draws each time. */
function generated(schema: unknown, attempt: number): unknown {
  if (typeof schema !== "boolean" && !isObject(schema)) return {};
  try {
    return generateSync(schema as JsonSchema, {
      seed: attempt + 1,
      alwaysFakeOptionals: attempt < TRIES / 2,
      optionalsProbability: 0,
      maxDefaultItems: 1,
      maxDepth: MAX_DEPTH,
      refDepthMax: 2,
      formats: { duration: (random) => `P${random.int(1, 9)}D` },
    });
  } catch {
    return undefined;
  }
}

const MAX_DEPTH = 8;
const DEEPEST = 60;

/** Members whose values are not schemas. */
const DATA_MEMBERS: ReadonlySet<string> = new Set(["const", "enum", "default", "examples", "required"]);

/**
 * The schema with what the generator does not draw made plain: properties for names that only patterns allow, and texts
 * that have both a pattern and a length.
 */
function normalized(schema: unknown, depth: number, isDescribed: boolean): unknown {
  if (depth > DEEPEST) return schema;
  const inside = (inner: unknown): unknown => normalized(inner, depth + 1, isDescribed);
  if (Array.isArray(schema)) return schema.map(inside);
  if (!isObject(schema)) return schema;
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(schema)) {
    if (name === "properties" && isObject(value)) {
      copy[name] = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inside(inner)]));
    } else copy[name] = DATA_MEMBERS.has(name) ? value : inside(value);
  }
  return withNamedProperties(withLongPattern(isDescribed ? withDescribedBounds(copy) : copy));
}

/** Bounds as clients write them into descriptions, where their vendor's API takes none: `minimum: 1; max length: 30.` */
const DESCRIBED_BOUND =
  /\b((?:exclusive )?(?:minimum|maximum)|multiple of|(?:min|max) (?:length|items|properties)): (-?\d+(?:\.\d+)?)(?=[;.]?(?:\s|$))/g;
const SMALL_BOUNDS = { minimum: 1, maximum: 9 };

/** The schema with the bounds of its description; numbers without any are small. */
function withDescribedBounds(schema: Record<string, unknown>): Record<string, unknown> {
  const bounds: Record<string, unknown> = {};
  const text = typeof schema.description === "string" ? schema.description : "";
  for (const [, name, value] of text.matchAll(DESCRIBED_BOUND)) {
    bounds[name!.replace(/ (\w)/g, (_match, letter: string) => letter.toUpperCase())] = Number(value);
  }
  const isNumber = schema.type === "integer" || schema.type === "number";
  const isFree = ![...NUMBER_BOUNDS].some((name) => name in schema || name in bounds);
  return { ...(isNumber && isFree ? SMALL_BOUNDS : {}), ...bounds, ...schema };
}

const NUMBER_BOUNDS: ReadonlySet<string> = new Set([
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "enum", "const"],
]);

/** `minProperties` of an object whose names follow patterns: that many properties with names that fit. */
function withNamedProperties(schema: Record<string, unknown>): Record<string, unknown> {
  const least = typeof schema.minProperties === "number" ? Math.min(schema.minProperties, 20) : 0;
  const properties = isObject(schema.properties) ? schema.properties : {};
  const byPattern = isObject(schema.patternProperties) ? Object.entries(schema.patternProperties)[0] : undefined;
  const pattern = byPattern?.[0] ?? (isObject(schema.propertyNames) ? schema.propertyNames.pattern : undefined);
  if (typeof pattern !== "string" || Object.keys(properties).length >= least) return schema;
  const value = byPattern?.[1] ?? schema.additionalProperties ?? {};
  const named: Record<string, unknown> = { ...properties };
  for (let seed = 1; seed <= 100 && Object.keys(named).length < least; seed++) named[textOf(pattern, seed)] = value;
  const { patternProperties: _patterns, propertyNames: _names, minProperties: _least, ...rest } = schema;
  return { ...rest, properties: named, required: [...new Set([...listOf(schema.required), ...Object.keys(named)])] };
}

/** A text of a pattern that is at least `minLength` long, as the only value. */
function withLongPattern(schema: Record<string, unknown>): Record<string, unknown> {
  const { pattern, minLength, maxLength } = schema;
  if (typeof pattern !== "string" || (minLength === undefined && maxLength === undefined)) return schema;
  const most = typeof maxLength === "number" ? maxLength : Number.POSITIVE_INFINITY;
  const least = typeof minLength === "number" ? minLength : 0;
  for (let seed = 1; seed <= 50; seed++) {
    const longer =
      seed <= 25 ? textOf(pattern, seed) : textOf(pattern.replace(/[+*](?=\$?$)/, `{${least},${least}}`), seed);
    const length = [...longer].length;
    if (length >= least && length <= most) return { ...schema, enum: [longer] };
  }
  return schema;
}

function textOf(pattern: string, seed: number): string {
  return String(generateSync({ type: "string", pattern }, { seed }));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
