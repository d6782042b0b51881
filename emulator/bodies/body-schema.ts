/** The schema of a family's flat body of InvokeModel: members, their types and bounds, and nothing else. */
import { isObject, type JsonObject } from "../http/request-body.ts";
import { jsonType, malformedInput } from "./body.ts";

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
