/**
 * Checked cells of rows: what trace formats share, with the place of the row in every message; and how a recorded call
 * ended, as formats write it: HTTP statuses, exception names, words.
 */
import { MeridianError } from "../base/errors.ts";

/** A JSON object as a file has it, or the cells of a table's row by column name. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Where a row is, for error messages. */
export interface RowPlace {
  readonly source: string;
  readonly lineNumber: number;
}

export function rowError({ source, lineNumber }: RowPlace, code: string, what: string, fix: string): MeridianError {
  return new MeridianError("data", { code, where: `${source}:${lineNumber}`, what, fix });
}

const TOKENS_MAX = 2 ** 31 - 1;

/** A token count from a cell or a JSON value. @throws MeridianError TRACE_NEGATIVE_TOKENS, TRACE_BAD_NUMBER */
export function tokenCount(value: unknown, column: string, place: RowPlace): number {
  const tokens = typeof value === "number" ? value : numberOf(value);
  if (tokens < 0) {
    throw rowError(place, "TRACE_NEGATIVE_TOKENS", `${column} is ${tokens}`, "token counts must be 0 or more");
  }
  if (!Number.isInteger(tokens) || tokens > TOKENS_MAX) {
    const shown = shorten(value);
    throw rowError(place, "TRACE_BAD_NUMBER", `${column} is ${shown}`, "token counts must be whole numbers below 2^31");
  }
  return tokens;
}

/** A token count, or `otherwise` where the value is missing, null or empty. */
export function tokenCountOr<T>(otherwise: T, value: unknown, column: string, place: RowPlace): number | T {
  return value === undefined || value === null || value === "" ? otherwise : tokenCount(value, column, place);
}

/** A length of time of 0 or more; NaN where the cell is empty. @throws MeridianError TRACE_BAD_NUMBER */
export function lengthOfTime(value: unknown, column: string, place: RowPlace): number {
  if (value === undefined || value === null || value === "") return Number.NaN;
  const number = typeof value === "number" ? value : numberOf(value);
  if (number >= 0 && number < 1e12) return number;
  throw rowError(place, "TRACE_BAD_NUMBER", `${column} is ${shorten(value)}`, "times are numbers of 0 or more");
}

function numberOf(value: unknown): number {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}

/** A value as the file has it, short. */
export function shorten(value: unknown): string {
  const text =
    value === undefined
      ? "missing"
      : value === ""
        ? "empty"
        : JSON.stringify(value, (_key, each: unknown) => (typeof each === "bigint" ? String(each) : each));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The object under a key, or an empty one. */
export function objectAt(record: JsonObject, key: string): JsonObject {
  const value = Object.hasOwn(record, key) ? record[key] : undefined;
  return isObject(value) ? value : {};
}

/** The text under a key; undefined where there is none or an empty one. */
export function textAt(record: JsonObject, key: string): string | undefined {
  const value = Object.hasOwn(record, key) ? record[key] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * served: answered in full. throttled: 429. refused: 503, the service had no room. failed: another error. left: the
 * caller gave up, and what the endpoint did with the call is unknown.
 */
export type Outcome = "served" | "throttled" | "refused" | "failed" | "left";

/** All outcomes; their places in this list are the numbers of a recording's column. */
export const OUTCOMES: readonly Outcome[] = ["served", "throttled", "refused", "failed", "left"];

/**
 * How a call ended by its HTTP status; 0 stands for no answer.
 *
 * @example [200, 429, 503, 500, 0].map(outcomeOfStatus) // => ["served", "throttled", "refused", "failed", "left"]
 */
export function outcomeOfStatus(status: number): Outcome {
  if (status >= 200 && status < 300) return "served";
  if (status === 429) return "throttled";
  if (status === 503) return "refused";
  return status === 0 || status === 408 || status === 499 ? "left" : "failed";
}

/**
 * How a call ended by the name of its error; served without one.
 *
 * @example ["ThrottlingException", "ServiceUnavailableException", "429", ""].map(outcomeOfError) // => ["throttled", "refused", "throttled", "served"]
 */
export function outcomeOfError(name: string | undefined | null): Outcome {
  if (name === undefined || name === null || name === "") return "served";
  if (/^\d{3}$/.test(name)) return outcomeOfStatus(Number(name));
  if (/throttl|rate.?limit|too.?many/i.test(name)) return "throttled";
  if (/unavailable|overloaded|capacity/i.test(name)) return "refused";
  return /time.?out|cancel|abort/i.test(name) ? "left" : "failed";
}

const SERVED_WORDS = /^(success(ful)?|succeeded|ok|served|completed?|true|unset|status_code_(ok|unset))$/i;

/**
 * How a call ended by a cell that holds a status in whatever form; undefined where the cell is empty.
 *
 * @example ["200", "success", "failure", 429].map(outcomeOfCell) // => ["served", "served", "failed", "throttled"]
 */
export function outcomeOfCell(cell: unknown): Outcome | undefined {
  const text = cell === undefined || cell === null ? "" : String(cell).trim();
  if (text === "") return undefined;
  if (/^\d+$/.test(text)) return outcomeOfStatus(Number(text));
  if (SERVED_WORDS.test(text)) return "served";
  const known = OUTCOMES.find((outcome) => outcome === text.toLowerCase());
  return known ?? outcomeOfError(text);
}
