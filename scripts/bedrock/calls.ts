/**
 * Calls of Bedrock as the AWS SDK has them (which model they ask for, how much, where they are sent), and what came of them in
 * the router's terms: failures by their names, streams by their last event, what they used.
 */
import {
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  InvokeModelCommand,
  type InvokeModelCommandInput,
  InvokeModelWithResponseStreamCommand,
} from "@aws-sdk/client-bedrock-runtime";
import { failure } from "../../simulator/bench/adapters/bedrock.ts";
import type { AttemptAnswer } from "../../simulator/bench/router-io.ts";

/** A call that can be routed. */
export type RoutableCommand =
  | ConverseCommand
  | ConverseStreamCommand
  | InvokeModelCommand
  | InvokeModelWithResponseStreamCommand;

type Usage = NonNullable<AttemptAnswer["usage"]>;

/** What a kind of call is. */
interface CallKind {
  readonly isStream: boolean;
  /** The same call of another model or profile. */
  at(input: RoutableCommand["input"], modelId: string): RoutableCommand;
  maxTokens(input: RoutableCommand["input"]): number;
  /** All text of the prompt, in characters. */
  characters(input: RoutableCommand["input"]): number;
  /** Where an answer that came whole has its counts; of a stream, each event is asked. */
  usage(output: unknown): Usage | null;
}

const converseParts = {
  maxTokens: (input: RoutableCommand["input"]) => (input as ConverseCommandInput).inferenceConfig?.maxTokens ?? 0,
  characters: (input: RoutableCommand["input"]) => {
    const { system, messages, toolConfig } = input as ConverseCommandInput;
    return charactersOf([system, messages, toolConfig]);
  },
};
const invokeParts = {
  maxTokens: (input: RoutableCommand["input"]) => maxTokensOfBody(bodyOf(input)),
  characters: (input: RoutableCommand["input"]) => {
    const body = bodyOf(input);
    return charactersOf([body.messages, body.system, body.prompt, body.inputText, body.tools]);
  },
};

const KINDS: Readonly<Record<string, CallKind>> = {
  ConverseCommand: {
    ...converseParts,
    isStream: false,
    at: (input, modelId) => new ConverseCommand({ ...(input as ConverseCommandInput), modelId }),
    usage: (output) => converseUsage((output as { usage?: unknown }).usage),
  },
  ConverseStreamCommand: {
    ...converseParts,
    isStream: true,
    at: (input, modelId) => new ConverseStreamCommand({ ...(input as ConverseCommandInput), modelId }),
    usage: (event) => converseUsage((event as { metadata?: { usage?: unknown } }).metadata?.usage),
  },
  InvokeModelCommand: {
    ...invokeParts,
    isStream: false,
    at: (input, modelId) => new InvokeModelCommand({ ...(input as InvokeModelCommandInput), modelId }),
    usage: (output) => bodyUsage(parsed((output as { body?: Uint8Array }).body)),
  },
  InvokeModelWithResponseStreamCommand: {
    ...invokeParts,
    isStream: true,
    at: (input, modelId) =>
      new InvokeModelWithResponseStreamCommand({ ...(input as InvokeModelCommandInput), modelId }),
    usage: (event) => bodyUsage(parsed((event as { chunk?: { bytes?: Uint8Array } }).chunk?.bytes)),
  },
};

/** The kind of a call by its class, also where the caller's SDK is another copy; undefined for one that has no route. */
export function kindOf(command: { readonly constructor: { readonly name: string } }): CallKind | undefined {
  if (command instanceof ConverseCommand) return KINDS.ConverseCommand;
  if (command instanceof ConverseStreamCommand) return KINDS.ConverseStreamCommand;
  if (command instanceof InvokeModelCommand) return KINDS.InvokeModelCommand;
  if (command instanceof InvokeModelWithResponseStreamCommand) return KINDS.InvokeModelWithResponseStreamCommand;
  const { name } = command.constructor;
  return Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
}

/** Names of the calls that can be routed. */
export const ROUTABLE: readonly string[] = Object.keys(KINDS);

function charactersOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return 0;
  return Object.values(value).reduce((sum: number, part) => sum + charactersOf(part), 0);
}

type Fields = Readonly<Record<string, unknown>>;

function bodyOf(input: RoutableCommand["input"]): Fields {
  const { body } = input as InvokeModelCommandInput;
  return parsed(body) ?? {};
}

/** JSON in text or bytes; undefined for anything else. */
function parsed(body: unknown): Fields | undefined {
  const text = typeof body === "string" ? body : body instanceof Uint8Array ? new TextDecoder().decode(body) : "";
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

/** Each vendor has a name of its own for the limit of an answer. */
function maxTokensOfBody(body: Fields): number {
  const nested = [body.textGenerationConfig, body.inferenceConfig].flatMap((each) =>
    typeof each === "object" && each !== null ? [each as Fields] : [],
  );
  for (const fields of [body, ...nested]) {
    for (const name of [
      "max_tokens",
      "max_gen_len",
      "maxTokens",
      "max_new_tokens",
      "maxTokenCount",
      "max_tokens_to_sample",
    ]) {
      const value = fields[name];
      if (typeof value === "number" && value > 0) return value;
    }
  }
  return 0;
}

function converseUsage(usage: unknown): Usage | null {
  if (typeof usage !== "object" || usage === null) return null;
  const of = (name: string) => countOf(usage as Fields, [name]) ?? 0;
  const output = countOf(usage as Fields, ["outputTokens"]);
  if (output === undefined) return null;
  return [of("inputTokens"), output, of("cacheReadInputTokens"), of("cacheWriteInputTokens")];
}

/** Counts in a vendor's body or in the metrics that the service adds to the last chunk of a stream. */
function bodyUsage(body: Fields | undefined): Usage | null {
  if (body === undefined) return null;
  for (const part of [body["amazon-bedrock-invocationMetrics"], body.usage, body]) {
    if (typeof part !== "object" || part === null) continue;
    const fields = part as Fields;
    const input = countOf(fields, [
      "inputTokenCount",
      "input_tokens",
      "inputTokens",
      "prompt_token_count",
      "prompt_tokens",
    ]);
    const output = countOf(fields, [
      "outputTokenCount",
      "output_tokens",
      "outputTokens",
      "generation_token_count",
      "completion_tokens",
    ]);
    if (input === undefined || output === undefined) continue;
    const read = countOf(fields, ["cacheReadInputTokenCount", "cache_read_input_tokens", "cacheReadInputTokenCount"]);
    const write = countOf(fields, ["cacheWriteInputTokenCount", "cache_creation_input_tokens"]);
    return [input, output, read ?? 0, write ?? 0];
  }
  return null;
}

function countOf(fields: Fields, names: readonly string[]): number | undefined {
  for (const name of names) if (typeof fields[name] === "number") return fields[name] as number;
  return undefined;
}

/** An error as the SDK throws it. */
interface SdkError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  readonly code?: unknown;
}

/** What the SDK gives back of a call, as far as it is looked at. */
export interface Output {
  readonly $metadata?: { readonly requestId?: string };
  readonly stream?: AsyncIterable<object>;
  readonly body?: AsyncIterable<object>;
}

/** What an answer has beside its end. */
export type Answer = Omit<AttemptAnswer, "endedMs">;

/** The outcome of a call that threw. @param isBegun the answer had begun: an SDK then retries nothing */
export function failedAnswer(error: unknown, isBegun: boolean): Answer {
  const { name = "Error", $metadata, $response, code } = (error instanceof Error ? error : new Error()) as SdkError;
  const status = $metadata?.httpStatusCode ?? 0;
  const hint = Number($response?.headers?.["x-amz-retry-after"] ?? Number.NaN);
  const rest = { ttftMs: Number.NaN, retryAfterMs: hint, serviceRequestId: $metadata?.requestId ?? "", error: name };
  const known = STATUS_OF[name] ?? (isBegun ? 0 : status);
  if (known >= 300) {
    const { kind, isFinal } = failure(known, name);
    return { ...rest, kind, isFinal: isFinal || isBegun, status: known, usage: null };
  }
  // Without an answer: connections may be tried again, wrong arguments and credentials not.
  const isTransient = typeof code === "string" || name === "TimeoutError";
  return { ...rest, kind: "error", isFinal: isBegun || !isTransient, status, usage: null };
}

/** Exceptions within a stream, whose status is that of its beginning. */
const STATUS_OF: Readonly<Record<string, number>> = {
  ThrottlingException: 429,
  ModelNotReadyException: 429,
  ServiceUnavailableException: 503,
  InternalServerException: 500,
  ModelStreamErrorException: 424,
  ModelTimeoutException: 408,
  ValidationException: 400,
};

/** What a watched stream says. */
export interface StreamWatch<Event> {
  onFirst(): void;
  onEvent(event: Event): void;
  /** The reader asks for the next event. */
  onWait(): void;
  /** It ended, whole or by its reader's own choice. */
  onEnd(isWhole: boolean): void;
  onError(error: unknown): void;
}

/** The same events, one by one as they are read, and what becomes of them. */
export async function* watched<Event>(events: AsyncIterable<Event>, watch: StreamWatch<Event>): AsyncGenerator<Event> {
  let isOver = false;
  let isFirst = true;
  try {
    watch.onWait();
    for await (const event of events) {
      if (isFirst) watch.onFirst();
      isFirst = false;
      watch.onEvent(event);
      yield event;
      watch.onWait();
    }
    isOver = true;
    watch.onEnd(true);
  } catch (error) {
    if (!isOver) watch.onError(error);
    isOver = true;
    throw error;
  } finally {
    if (!isOver) watch.onEnd(false);
  }
}

/** Of a whole answer, beside its status and what it used. */
export const SERVED = { kind: "ok", isFinal: false, ttftMs: Number.NaN, retryAfterMs: Number.NaN, error: "" } as const;

/** Of an answer that its caller left before its end. */
export const LEFT = { kind: "timeout", status: 0, error: "left" } as const;

/** Reads a stream that no caller waits for to its end: it is billed. */
export async function drain(events: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const _ of events);
  } catch {
    // The router has been told.
  }
}
