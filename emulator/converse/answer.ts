/**
 * Answers in the format of Converse and ConverseStream, parts of which Nova and Anthropic share; and fields of the model's own
 * answer that a caller asks for by JSON Pointer, beside Converse's members.
 */
import { ServiceError } from "../http/errors.ts";
import { asList, asText, isObject, type JsonObject, optional } from "../http/request-body.ts";
import { type ConverseEventType, converseFrame } from "../http/wire.ts";
import {
  type Answer,
  type AnswerFormat,
  type BlockKind,
  type BlockStep,
  blocksOf,
  blockText,
  derivedId,
  firstStep,
  lastStep,
  stepsOf,
  thinkingSignature,
} from "../model/answer.ts";
import type { CallSettings } from "../model/prompt.ts";

/** Settings of the request that Converse repeats in its answer, and what else of the model's answer was asked for. */
export type Reflected = Pick<CallSettings, "serviceTier" | "latency"> & {
  readonly fields?: ResponseFields | undefined;
};

/** The JSON answer of Converse. */
export function converseAnswer(answer: Answer, latencyMs: number, reflected: Reflected): object {
  return {
    metrics: { latencyMs },
    output: { message: { content: contentBlocks(answer), role: "assistant" } },
    stopReason: answer.stopReason,
    usage: usageOf(answer),
    ...reflectedMembers(answer, reflected),
    ...modelFields(answer, reflected, false),
  };
}

/** First frames of a ConverseStream. Only tool blocks have a contentBlockStart. */
export function converseBegin(answer: Answer): Buffer[] {
  return [converseFrame("messageStart", { role: "assistant" }), ...framesOf(answer, firstStep(answer))];
}

/** The frames of tokens `from` (inclusive) to `to` (exclusive). */
export function converseDelta(answer: Answer, from: number, to: number): Buffer[] {
  return framesOf(answer, stepsOf(answer, from, to));
}

/** Last frames of a ConverseStream; `latencyMs` is the latency at the service. */
export function converseEnd(answer: Answer, latencyMs: number, reflected: Reflected): Buffer[] {
  return [
    ...framesOf(answer, lastStep(answer)),
    converseFrame("messageStop", { stopReason: answer.stopReason, ...modelFields(answer, reflected, true) }),
    converseFrame("metadata", {
      metrics: { latencyMs },
      usage: usageOf(answer),
      ...reflectedMembers(answer, reflected),
    }),
  ];
}

function framesOf(answer: Answer, steps: readonly BlockStep[]): Buffer[] {
  return converseEvents(answer, steps).map(([type, payload]) => converseFrame(type, payload));
}

/** Events of a stream's blocks, by their names in Converse. */
export function converseEvents(
  answer: Answer,
  steps: readonly BlockStep[],
): readonly (readonly [type: ConverseEventType, payload: object])[] {
  return steps.flatMap((each): (readonly [ConverseEventType, object])[] => {
    const contentBlockIndex = each.block.index;
    const { kind } = each.block;
    const delta = (content: object) => ["contentBlockDelta", { contentBlockIndex, delta: content }] as const;
    if (each.step === "piece") return [delta(DELTAS[kind](each.text))];
    if (each.step === "start") {
      if (answer.tool === undefined || kind !== "tool") return [];
      const toolUse = { name: answer.tool.name, toolUseId: toolUseId(answer) };
      return [["contentBlockStart", { contentBlockIndex, start: { toolUse } }]];
    }
    const stop = ["contentBlockStop", { contentBlockIndex }] as const;
    if (kind !== "thinking") return [stop];
    return [delta({ reasoningContent: { signature: thinkingSignature(answer) } }), stop];
  });
}

const DELTAS: Readonly<Record<BlockKind, (text: string) => object>> = {
  thinking: (text) => ({ reasoningContent: { text } }),
  text: (text) => ({ text }),
  tool: (input) => ({ toolUse: { input } }),
};

/** Converse's token counts; `inputTokens` excludes tokens read from the cache or written to it. */
export function usageOf(answer: Answer): object {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, cacheWrites } = answer;
  const cacheDetails = cacheWrites.map(({ ttl, tokens }) => ({ ttl, inputTokens: tokens }));
  return {
    ...(cacheDetails.length === 0 ? {} : { cacheDetails }),
    cacheReadInputTokens: cacheReadTokens,
    cacheWriteInputTokens: cacheWriteTokens,
    inputTokens,
    outputTokens,
    totalTokens: inputTokens + cacheReadTokens + cacheWriteTokens + outputTokens,
  };
}

/** The answer's content blocks: thinking, and text or a tool call. */
export function contentBlocks(answer: Answer): readonly object[] {
  return blocksOf(answer).map((block) => {
    const text = blockText(answer, block);
    if (block.kind === "thinking") {
      return { reasoningContent: { reasoningText: { text, signature: thinkingSignature(answer) } } };
    }
    if (answer.tool === undefined) return { text };
    return { toolUse: { input: toolInput(answer), name: answer.tool.name, toolUseId: toolUseId(answer) } };
  });
}

/** Id of the answer's tool call. */
export function toolUseId(answer: Answer): string {
  return derivedId("tooluse_", answer.requestId);
}

/** Arguments of the answer's tool call; empty if the token limit cut them off. */
export function toolInput(answer: Answer): unknown {
  return answer.stopReason === "max_tokens" ? {} : answer.tool?.input;
}

function reflectedMembers(answer: Answer, reflected: Reflected): object {
  const { serviceTier } = reflected;
  const latency = latencyOf(answer, reflected);
  return {
    ...(serviceTier === undefined ? {} : { serviceTier: { type: serviceTier } }),
    ...(latency === undefined ? {} : { performanceConfig: { latency } }),
  };
}

/** The latency setting with which the call was served; undefined if it stated none. */
export function latencyOf(answer: Answer, { latency }: Pick<Reflected, "latency">): Reflected["latency"] {
  return latency === "optimized" && answer.isFallback === true ? "standard" : latency;
}

function modelFields(answer: Answer, { fields }: Reflected, isStream: boolean): object {
  const found = fields?.(answer, isStream);
  return found === undefined ? {} : { additionalModelResponseFields: found };
}

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
 * @throws ServiceError ValidationException for what is not a JSON Pointer
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
