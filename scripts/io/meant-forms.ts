/**
 * Of a key that a map does not know, the form that was meant: a key by another name, `kind: poisson` for `poisson: {...}`, or a
 * level that was left out; and of a value that stands in the place of a map, the map.
 */
import type { KeyContext, Placed } from "./placed-problem.ts";
import { isMapAt, type SchemaMap, valueAt } from "./schema-map.ts";
import type { ConfigPath } from "./yaml-source.ts";

/** Words that people have for keys, in small letters alone, and the keys. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  ...namesOf("trace", "file path csv jsonl log logs recording recorded traces calls"),
  ...namesOf("requests", "rpm requestsperminute"),
  ...namesOf("retry", "retries maxattempts attempts"),
  ...namesOf("input", "inputtokens prompttokens prompt"),
  ...namesOf("output", "outputtokens completiontokens completion answer"),
  ...namesOf("for", "duration lasts"),
  ...namesOf("at", "from start"),
  ...namesOf("e2e", "latency"),
  ...namesOf("targets", "order"),
  ...namesOf("duration", "end until"),
  ...namesOf("replications", "runs repetitions"),
};

function namesOf(key: string, words: string): Readonly<Record<string, string>> {
  return Object.fromEntries(words.split(" ").map((word) => [word, key]));
}

/**
 * The known key that another name stands for: its plural, its spelling with other marks, or a word of the trade.
 *
 * @example anotherName("max_tokens", ["input", "maxTokens"]) // => "maxTokens"
 * @example anotherName("file", ["trace", "tile"]) // => "trace"
 */
export function anotherName(key: string, known: readonly string[]): string | undefined {
  const plain = lettersOf(key);
  const same = known.find((each) => [`${lettersOf(each)}s`, lettersOf(each)].includes(plain));
  const other = Object.hasOwn(OTHER_NAMES, plain) ? OTHER_NAMES[plain] : undefined;
  return same ?? (other !== undefined && known.includes(other) ? other : undefined);
}

function lettersOf(key: string): string {
  return key.toLowerCase().replace(/[-_ ]/g, "");
}

/** Keys that name a form where the form itself is the key. */
const KIND_KEYS = ["kind", "type", "strategy", "process", "law", "mode", "distribution"];

/** `kind: poisson, rate: 3/s` where `poisson: { rate: 3/s }` is meant; the problem speaks for the whole map. */
export function kindAsKey(path: ConfigPath, key: string, context: KeyContext): Placed | undefined {
  const map = mapAt(path, context);
  const name = map[KIND_KEYS.find((each) => typeof map[each] === "string") ?? ""];
  const known = context.schema.keysAt(path);
  const form = typeof name === "string" ? known.find((each) => lettersOf(each) === lettersOf(name)) : undefined;
  if (form === undefined || !KIND_KEYS.includes(key) || Object.hasOwn(map, form)) return undefined;
  const inner = context.schema.keysAt([...path, form]);
  const rest = strangers(map, known).filter((each) => each !== key);
  const entries = rest.map((each) => [innerName(each, inner), map[each]] as const);
  const what = `unknown key "${key}": ${form} is itself the key`;
  return whole(path, key, what, `write ${form}: ${showMap(entries)}`, context);
}

function innerName(key: string, inner: readonly string[]): string {
  const near = inner.find((each) => lettersOf(each).includes(lettersOf(key)));
  return inner.includes(key) ? key : (anotherName(key, inner) ?? near ?? key);
}

/** `rate: 3/s` where `poisson: { rate: 3/s }` is meant: the form between was left out. */
export function levelLeftOut(path: ConfigPath, key: string, context: KeyContext): Placed | undefined {
  const map = mapAt(path, context);
  const known = context.schema.keysAt(path);
  const left = strangers(map, known);
  const owner = known.find((each) => !Object.hasOwn(map, each) && holdsAll([...path, each], left, map, context.schema));
  if (owner === undefined || left.length === 0) return undefined;
  const entries = left.map((each) => [each, map[each]] as const);
  return whole(path, key, `unknown key "${key}"`, `write ${owner}: ${showMap(entries)}`, context);
}

function holdsAll(
  path: ConfigPath,
  keys: readonly string[],
  map: Readonly<Record<string, unknown>>,
  schema: SchemaMap,
): boolean {
  const inner = schema.keysAt(path);
  if (keys.every((key) => inner.includes(key))) return true;
  return schema.isMapOfNumbersAt(path) && keys.every((key) => REGION.test(key) && typeof map[key] === "number");
}

/** The name of a region, or of a target in it. */
const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d/;

/**
 * What to write for a value that stands where a map should: the map in which it is the one key that takes it.
 *
 * Of `single: eu-west-1` it is "write { target: eu-west-1 }".
 */
export function mapAround(path: ConfigPath, found: unknown, schema: SchemaMap): string | undefined {
  if (path.length === 0) return undefined;
  const list: readonly unknown[] = Array.isArray(found) ? found : [];
  if (schema.isMapOfNumbersAt(path)) return sharesOf(list);
  if (list.length === 1 && isPlainMap(list[0])) return "write it as a map: without the dash, or without [ ]";
  // A share is that of something: of which key is not told.
  if (list.some(isPlainMap) || (typeof found === "string" && found.endsWith("%"))) return undefined;
  const properties = schema.propertiesAt(path);
  const takes = properties.filter((each) => each.takes(found));
  const needed = properties.filter((each) => each.isRequired);
  const [owner, ...others] = needed.length > 0 ? takes.filter((each) => each.isRequired) : takes;
  if (owner === undefined || others.length > 0) return undefined;
  const missing = needed.filter((each) => each !== owner).map(({ name }) => `${name}: ...`);
  return `write { ${[`${owner.name}: ${show(found)}`, ...missing].join(", ")} }`;
}

/** Names in a list, or maps of one entry, as the map of shares that they are. */
function sharesOf(list: readonly unknown[]): string | undefined {
  if (list.length === 0) return undefined;
  const entries = list.flatMap((each): readonly (readonly [string, unknown])[] =>
    typeof each === "string" ? [[each, 1]] : isPlainMap(each) ? Object.entries(each) : [["", null]],
  );
  const isWhole = entries.every(([name, value]) => name !== "" && typeof value === "number");
  return isWhole ? `write ${showMap(entries)}` : undefined;
}

function whole(path: ConfigPath, key: string, what: string, fix: string, context: KeyContext): Placed {
  const at: ConfigPath = [...path, key];
  return { problem: { code: "SCENARIO_UNKNOWN_KEY", what, where: context.where(at), fix }, path: at, isWhole: true };
}

function mapAt(path: ConfigPath, { value }: KeyContext): Readonly<Record<string, unknown>> {
  return isMapAt(value, path) ? (valueAt(value, path) as Record<string, unknown>) : {};
}

function strangers(map: Readonly<Record<string, unknown>>, known: readonly string[]): readonly string[] {
  return Object.keys(map).filter((key) => !known.includes(key));
}

function isPlainMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function showMap(entries: readonly (readonly [string, unknown])[]): string {
  return entries.length === 0 ? "{}" : `{ ${entries.map(([key, value]) => `${key}: ${show(value)}`).join(", ")} }`;
}

/** A value as it is written; a map, or what is long, is left to its author. */
function show(value: unknown): string {
  const text = Array.isArray(value) ? `[${value.map(show).join(", ")}]` : isPlainMap(value) ? "..." : String(value);
  return text.length > 80 ? "..." : text;
}
