/** Fields of the model's own answer that a caller of Converse asks for by JSON Pointer, beside Converse's members. */
import { ServiceError } from "../http/errors.ts";
import { asList, asText, isObject, type JsonObject, optional } from "../http/request-body.ts";
import type { Answer, AnswerFormat } from "../model/answer.ts";

/** A pointer and its reference tokens, unescaped. */
type Pointer = readonly string[];

/** What the caller asks for of an answer; undefined where the answer has none of it. */
export type ResponseFields = (answer: Answer, isStream: boolean) => object | undefined;

/** RFC 6901: every token after a slash, with `~` only as part of `~0` and `~1`. */
const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/;

/**
 * Reads `additionalModelResponseFieldPaths`. Number and lengths of the paths have been checked.
 *
 * A path is looked up in the body of the model's own format and, since callers use those of its stream as well
 * (`/delta/stop_sequence`), in its last events; in a stream the other way round. What is in neither is left out.
 *
 * @param body   a request of Converse
 * @param format the format in which the model answers
 * @returns undefined if the request asks for no fields
 * @throws ServiceError ValidationException for what is no JSON Pointer
 * Source: Amazon Bedrock API reference, Converse; paths of streams: vercel/ai#11410.
 */
export function responseFieldsOf(body: JsonObject, format: AnswerFormat): ResponseFields | undefined {
  const paths = (optional(body.additionalModelResponseFieldPaths, asList) ?? []).map(asText);
  if (paths.length === 0) return undefined;
  const pointers = paths.map(pointerOf);
  return (answer, isStream) => {
    const events = [...format.end(answer), ...format.begin(answer)];
    const whole = format.answer(answer);
    return selected(pointers, isStream ? [...events, whole] : [whole, ...events]);
  };
}

function pointerOf(path: string, index: number): Pointer {
  if (!POINTER.test(path)) {
    throw new ServiceError(
      "ValidationException",
      `The value at additionalModelResponseFieldPaths.${index} is not a valid JSON Pointer: '${path}'.`,
    );
  }
  return path
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The fields at the pointers, each from the first document that has it, nested as they are there. */
function selected(pointers: readonly Pointer[], documents: readonly object[]): object | undefined {
  const tree: Tree = new Map();
  for (const pointer of pointers) {
    const document = documents.find((each) => find(each, pointer) !== undefined);
    if (document !== undefined) add(tree, document, pointer);
  }
  return tree.size === 0 ? undefined : (built(tree) as object);
}

/** What is selected below a value, by token; the value itself where it is selected as a whole. */
type Tree = Map<string, Branch>;
type Branch = { readonly whole: unknown } | { readonly below: Tree; readonly isList: boolean };

function find(value: unknown, [token, ...rest]: Pointer): unknown {
  if (token === undefined) return value;
  if (Array.isArray(value)) return /^(?:0|[1-9]\d*)$/.test(token) ? find(value[Number(token)], rest) : undefined;
  return isObject(value) && Object.hasOwn(value, token) ? find(value[token], rest) : undefined;
}

function add(tree: Tree, value: object, [token, ...rest]: Pointer): void {
  const inner = (value as JsonObject)[token!];
  const known = tree.get(token!);
  if (known !== undefined && "whole" in known) return;
  if (rest.length === 0) {
    tree.set(token!, { whole: inner });
    return;
  }
  const branch = known ?? { below: new Map(), isList: Array.isArray(inner) };
  tree.set(token!, branch);
  add(branch.below, inner as object, rest);
}

/** Items of a list that were not asked for are left out. */
function built(tree: Tree): unknown {
  return Object.fromEntries(
    [...tree].map(([token, branch]) => {
      if ("whole" in branch) return [token, branch.whole];
      const below = built(branch.below) as JsonObject;
      return [token, branch.isList ? Object.values(below) : below];
    }),
  );
}
