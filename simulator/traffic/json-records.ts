/** JSON records: one object of bounded depth and width, and the records inside of documents that are larger than a line. */
import { MeridianError } from "../base/errors.ts";
import { keyCount, repeatedKey } from "../base/repeated-keys.ts";
import { isObject, type JsonObject, type RowPlace, rowError } from "./row-cells.ts";

const DEPTH_MAX = 64;
const FIELDS_MAX = 256;
/** Longest record of a document, characters. */
const RECORD_LENGTH_MAX = 2 ** 24;

/**
 * One JSON object.
 *
 * @throws MeridianError TRACE_BAD_JSON where it is none, is nested too deep or too wide to be a record of a call, or has a
 *         key twice
 */
export function jsonRow(text: string, place: RowPlace): JsonObject {
  let [read, value] = [text, parsed(text)];
  if (value === undefined) {
    read = asCopied(text) ?? text;
    value = parsed(read);
  }
  if (value === undefined) {
    throw rowError(place, "TRACE_BAD_JSON", "the line is not JSON", "each line holds one JSON object");
  }
  if (!isObject(value)) {
    throw rowError(place, "TRACE_BAD_JSON", "the line is not a JSON object", "each line holds one JSON object");
  }
  if (checkBounds(value, 1, place) !== keyCount(read)) throw keyTwice(read, place);
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Postgres doubles the backslashes of JSON that it copies as text; undefined where there are none. */
function asCopied(text: string): string | undefined {
  return text.includes("\\\\") ? text.replaceAll("\\\\", "\\") : undefined;
}

function keyTwice(text: string, place: RowPlace) {
  const what = `the key ${JSON.stringify(repeatedKey(text))} is there twice in one object`;
  return rowError(place, "TRACE_BAD_JSON", what, "take one out: which of the two is meant cannot be told");
}

/** @returns the number of keys of the value and of all objects inside */
function checkBounds(value: object, depth: number, place: RowPlace): number {
  if (depth > DEPTH_MAX) {
    throw rowError(place, "TRACE_BAD_JSON", `nested deeper than ${DEPTH_MAX}`, "no record of a call is nested so deep");
  }
  let inside = 0;
  if (Array.isArray(value)) {
    for (const each of value) {
      if (typeof each === "object" && each !== null) inside += checkBounds(each, depth + 1, place);
    }
    return inside;
  }
  let fields = 0;
  for (const key in value) {
    fields++;
    const each = (value as Record<string, unknown>)[key];
    if (typeof each === "object" && each !== null) inside += checkBounds(each, depth + 1, place);
  }
  if (fields > FIELDS_MAX) {
    throw rowError(place, "TRACE_BAD_JSON", `an object has ${fields} fields`, `at most ${FIELDS_MAX} are read`);
  }
  return fields + inside;
}

/** Where documents keep their records: keys from the root on, arrays passed over. */
const CONTAINERS: ReadonlySet<string> = new Set([
  "",
  "Records",
  "MetricDataResults",
  "resourceSpans",
  "events",
  "Events",
  "results",
  "logEvents",
  "data",
  "logs",
  "rows",
  "requests",
  "benchmarks/requests",
  "benchmarks/requests/successful",
  "benchmarks/requests/errored",
  "benchmarks/requests/incomplete",
]);

const OUTER_KEYS: ReadonlySet<string> = new Set([...CONTAINERS].map((path) => path.split("/", 1)[0]!));

/** Whether an object that a line holds whole has its records in a list inside. */
export function isContainer(value: JsonObject): boolean {
  return Object.keys(value).some(
    (key) => OUTER_KEYS.has(key) && Array.isArray(value[key]) && holdsObjects(value[key][0]),
  );
}

/** Lists that stand in no record of another kind. */
const OWN_LISTS = ["Records", "MetricDataResults", "resourceSpans", "logEvents", "benchmarks"];

/** Whether an object is a document whose list of records is empty: an hour or a page without any. */
export function isEmptyContainer(value: JsonObject): boolean {
  return OWN_LISTS.some((key) => Array.isArray(value[key]) && value[key].length === 0);
}

/** An object, or a list of them, as Logs Insights lists the cells of a row. */
function holdsObjects(first: unknown): boolean {
  return isObject(first) || (Array.isArray(first) && isObject(first[0]));
}

/**
 * Whether the beginning of a text shows that a line of it is not a record: it has a list under a known key, or a second
 * object behind the first, as Firehose puts them together.
 */
export function isLongDocument(head: string): boolean {
  const document = new JsonDocument("", () => {});
  try {
    document.push(head);
  } catch (error) {
    if (!(error instanceof MeridianError)) throw error;
  }
  return document.hasContainer || document.roots > 1;
}

interface Level {
  readonly isArray: boolean;
  /** Path of keys down to here. */
  readonly path: string;
  /** The last key, of an object. */
  key: string;
}

/** What is being collected: its text so far, and where in the chunk it goes on. */
interface Collected {
  text: string;
  from: number;
  line: number;
}

/**
 * Finds the records in a JSON document as its text comes in: the objects of a list at the root, those of known lists
 * inside, or else whole objects, one after the other.
 */
export class JsonDocument {
  /** Whether the object at the root has a list under a known key. */
  hasContainer = false;
  /** Objects and lists that begin at the root. */
  roots = 0;
  private readonly take: (text: string, lineNumber: number) => void;
  private readonly source: string;
  private readonly levels: Level[] = [];
  private inString = false;
  private isEscaped = false;
  /** The object at the root, until a record is found inside of it. */
  private root: Collected | undefined;
  /** A record of a list, and the depth at which it began. */
  private inner: Collected | undefined;
  private innerDepth = 0;
  private line = 1;
  private key = "";
  private isKey = false;

  constructor(source: string, take: (text: string, lineNumber: number) => void) {
    this.source = source;
    this.take = take;
  }

  push(chunk: string): void {
    for (let i = 0; i < chunk.length; i++) {
      if (this.inString) {
        i = this.skipString(chunk, i);
        continue;
      }
      const code = chunk.charCodeAt(i);
      if (code === 10) this.line++;
      else if (code === 34) this.beginString();
      else if (code === 58) this.nameKey();
      else if (code === 123 || code === 91) this.open(code === 91, i);
      else if (code === 125 || code === 93) this.close(chunk, i);
    }
    for (const each of [this.root, this.inner]) {
      if (each === undefined) continue;
      each.text += chunk.slice(each.from);
      each.from = 0;
      if (each.text.length > RECORD_LENGTH_MAX) throw this.tooLong(each.line);
    }
  }

  /** @throws MeridianError TRACE_BAD_JSON where the document breaks off */
  end(): void {
    if (this.levels.length === 0 && !this.inString) return;
    const place = { source: this.source, lineNumber: this.line };
    throw rowError(place, "TRACE_BAD_JSON", "the JSON document breaks off", "copy the file again");
  }

  private beginString(): void {
    this.inString = true;
    this.key = "";
    this.isKey = this.inner === undefined && this.levels.at(-1)?.isArray === false;
  }

  /** The place of the string's end, or of the chunk's. */
  private skipString(chunk: string, from: number): number {
    if (this.isEscaped) {
      this.isEscaped = false;
      return from;
    }
    for (let i = from; i < chunk.length; i++) {
      const code = chunk.charCodeAt(i);
      if (code === 92) {
        if (i + 1 === chunk.length) this.isEscaped = true;
        i++;
      } else if (code === 34) {
        this.inString = false;
        if (this.isKey) this.key += chunk.slice(from, i);
        return i;
      }
    }
    if (this.isKey && this.key.length < KEY_LENGTH_MAX) this.key += chunk.slice(from);
    return chunk.length;
  }

  private nameKey(): void {
    const level = this.levels.at(-1);
    if (level !== undefined && !level.isArray && this.inner === undefined) level.key = this.key;
  }

  private open(isArray: boolean, at: number): void {
    const above = this.levels.at(-1);
    const path = above === undefined ? "" : above.isArray ? above.path : joined(above.path, above.key);
    if (this.levels.length >= DEPTH_MAX) {
      const place = { source: this.source, lineNumber: this.line };
      throw rowError(place, "TRACE_BAD_JSON", `nested deeper than ${DEPTH_MAX}`, "no record is nested so deep");
    }
    if (isArray && this.levels.length === 1 && OUTER_KEYS.has(path)) this.hasContainer = true;
    if (above === undefined) this.roots++;
    this.levels.push({ isArray, path, key: "" });
    if (isArray || this.inner !== undefined) return;
    if (above === undefined) this.root = { text: "", from: at, line: this.line };
    else if (above.isArray && CONTAINERS.has(above.path)) {
      this.root = undefined;
      this.inner = { text: "", from: at, line: this.line };
      this.innerDepth = this.levels.length;
    }
  }

  private close(chunk: string, at: number): void {
    const depth = this.levels.length;
    this.levels.pop();
    const whole =
      this.inner !== undefined
        ? depth === this.innerDepth
          ? this.inner
          : undefined
        : depth === 1
          ? this.root
          : undefined;
    if (whole === undefined) return;
    this.inner = undefined;
    this.root = depth === 1 ? undefined : this.root;
    this.take(whole.text + chunk.slice(whole.from, at + 1), whole.line);
  }

  private tooLong(lineNumber: number) {
    const what = `a record is longer than ${RECORD_LENGTH_MAX / 2 ** 20} MiB`;
    const fix = "one request per record, without texts";
    return rowError({ source: this.source, lineNumber }, "TRACE_LINE_TOO_LONG", what, fix);
  }
}

const KEY_LENGTH_MAX = 200;

function joined(path: string, key: string): string {
  return path === "" ? key : `${path}/${key}`;
}
