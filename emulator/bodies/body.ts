/**
 * The contract of a model family's request and answer format in InvokeModel, readers that its formats share, and the schema of
 * a family's flat body: members, their types and bounds, and nothing else.
 */
import { ServiceError } from "../http/errors.ts";
import { isObject, type JsonObject } from "../http/request-body.ts";
import type { WireRequest } from "../http/wire.ts";
import type { AnswerFormat } from "../model/answer.ts";
import type { ParsedPrompt } from "../model/prompt.ts";

/** A model family's own format of requests and answers. */
export interface InvokeBody {
  /** The format of answers to a conversation. */
  readonly format: AnswerFormat;
  /**
   * Parses a request.
   *
   * @param body    its JSON
   * @param headers of the request, lower-case
   * @returns the prompt, and the format of this request's answer
   * @throws ServiceError ValidationException with the family's messages
   */
  parse(
    body: JsonObject,
    headers?: WireRequest["headers"],
  ): { readonly prompt: ParsedPrompt; readonly format: AnswerFormat };
}

/** The service's error for a body that violates the family's schema. */
export function malformedInput(reason: string): ServiceError {
  return new ServiceError(
    "ValidationException",
    `Malformed input request: ${reason}, please reformat your input and try again.`,
  );
}

/** Reads a required text. @throws ServiceError ValidationException */
export function requiredText(body: JsonObject, name: string): string {
  const value = body[name];
  if (value === undefined) throw malformedInput(`#: required key [${name}] not found`);
  if (typeof value !== "string") throw malformedInput(`#/${name}: expected type: String, found: ${jsonType(value)}`);
  return value;
}

/** Reads an integer of at least `least`; undefined if absent. @throws ServiceError ValidationException */
export function optionalInteger(body: JsonObject, name: string, least: number): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw malformedInput(`#/${name}: expected type: Integer, found: ${jsonType(value)}`);
  }
  if (value < least) throw malformedInput(`#/${name}: ${value} is not greater or equal to ${least}`);
  return value;
}

/** Reads a list of texts; empty if absent. @throws ServiceError ValidationException */
export function optionalTexts(body: JsonObject, name: string): readonly string[] {
  const value = body[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw malformedInput(`#/${name}: expected type: JSONArray, found: ${jsonType(value)}`);
  }
  return value;
}

/** Reads an object; empty if absent. @throws ServiceError ValidationException */
export function optionalObject(body: JsonObject, name: string): JsonObject {
  const value = body[name];
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw malformedInput(`#/${name}: expected type: JSONObject, found: ${jsonType(value)}`);
  return value;
}

/** The JSON type of a value by its name in the service's messages. */
export function jsonType(value: unknown): string {
  if (value === null) return "Null";
  if (Array.isArray(value)) return "JSONArray";
  if (isObject(value)) return "JSONObject";
  const name = typeof value;
  return `${name[0]!.toUpperCase()}${name.slice(1)}`;
}

/** A member. `min` and `max` are of a number's value. */
export interface MemberRule {
  readonly type: "String" | "Integer" | "Number" | "Boolean" | "JSONArray" | "JSONObject";
  readonly isRequired?: boolean;
  readonly min?: number;
  readonly max?: number;
  /** Of an object. */
  readonly members?: BodySchema;
}

export type BodySchema = Readonly<Record<string, MemberRule>>;

/** A number from 0 to 1, as most families take temperature and top_p. */
export const SHARE: MemberRule = { type: "Number", min: 0, max: 1 };

/**
 * Checks a body.
 *
 * @throws ServiceError ValidationException that names the violation, or says how many there are, as the service does
 * Source: texts of the service as quoted in public issue threads (langchain-ai/langchain-aws#62, BerriAI/litellm#9128).
 */
export function checkBody(body: JsonObject, schema: BodySchema): void {
  const violations = [...violationsOf(body, schema, "#")];
  if (violations.length === 0) return;
  throw malformedInput(violations.length === 1 ? violations[0]! : `${violations.length} schema violations found`);
}

function* violationsOf(body: JsonObject, schema: BodySchema, at: string): Generator<string> {
  for (const [name, { isRequired }] of Object.entries(schema)) {
    if (isRequired === true && body[name] === undefined) yield `${at}: required key [${name}] not found`;
  }
  for (const [name, value] of Object.entries(body)) {
    const rule = Object.hasOwn(schema, name) ? schema[name]! : undefined;
    if (rule === undefined) yield `${at}: extraneous key [${name.slice(0, 60)}] is not permitted`;
    else yield* valueViolations(value, rule, `${at}/${name}`);
  }
}

function* valueViolations(value: unknown, rule: MemberRule, at: string): Generator<string> {
  const { type, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, members } = rule;
  const found = jsonType(value);
  if (found !== type && !(type === "Integer" && Number.isInteger(value))) {
    yield `${at}: expected type: ${type}, found: ${found}`;
  } else if (typeof value === "number" && value < min) yield `${at}: ${value} is not greater or equal to ${min}`;
  else if (typeof value === "number" && value > max) yield `${at}: ${value} is not less or equal to ${max}`;
  else if (members !== undefined && isObject(value)) yield* violationsOf(value, members, at);
}
