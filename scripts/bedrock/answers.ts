/** What came of a call of the AWS SDK, in the router's terms: failures by their names, streams by their last event. */
import { failure } from "../../simulator/bench/adapters/bedrock.ts";
import type { AttemptAnswer } from "../../simulator/bench/router-io.ts";

/** An error as the SDK throws it. */
interface SdkError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  readonly code?: unknown;
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
