/** How an answer goes onto the wire: as one JSON body, or as event-stream frames paced by the tokens. */
import {
  converseAnswer,
  converseBegin,
  converseDelta,
  converseEnd,
  latencyOf,
  type Reflected,
} from "../converse/answer.ts";
import type { ServiceFault } from "../http/errors.ts";
import {
  breakOff,
  chunkFrame,
  dropIfUnread,
  exceptionFrame,
  faultReply,
  type JsonReply,
  SLOW_READER_MS,
  type WireResponse,
} from "../http/wire.ts";
import type { Answer, AnswerFormat } from "../model/answer.ts";
import type { InferenceHandle } from "../model/backend.ts";
import type { Deadline, EmulatorClock } from "../model/clock.ts";

/** Times of an answer at the service, without the network; whole milliseconds, as the service reports them. */
export interface ReplyTimes {
  readonly latencyMs: number;
  readonly firstTokenMs: number;
}

/** The shape of an answer: one JSON body with headers, or the frames of an event stream. */
export interface ReplyFormat {
  whole(
    answer: Answer,
    times: ReplyTimes,
  ): { readonly body: object; readonly headers: Record<string, string | number> };
  streamHeaders(answer: Answer): Readonly<Record<string, string>>;
  begin(answer: Answer): readonly Buffer[];
  delta(answer: Answer, from: number, to: number): readonly Buffer[];
  end(answer: Answer, times: ReplyTimes): readonly Buffer[];
  /** An error in place of the answer. */
  refuse(fault: ServiceFault): JsonReply;
  /** An error after a stream has started. */
  exception(fault: ServiceFault): Buffer;
}

const EVENT_STREAM = "application/vnd.amazon.eventstream";

export function converseReply(reflected: Reflected): ReplyFormat {
  return {
    whole: (answer, times) => ({ body: converseAnswer(answer, times.latencyMs, reflected), headers: {} }),
    streamHeaders: () => ({ "content-type": EVENT_STREAM }),
    begin: converseBegin,
    delta: converseDelta,
    end: (answer, times) => converseEnd(answer, times.latencyMs, reflected),
    refuse: faultReply,
    exception: (fault) => exceptionFrame(fault, "converse"),
  };
}

export function invokeReply(format: AnswerFormat, reflected: Reflected): ReplyFormat {
  const settingHeaders = (answer: Answer): Record<string, string> => {
    const { serviceTier } = reflected;
    const latency = latencyOf(answer, reflected);
    return {
      ...(serviceTier === undefined ? {} : { "x-amzn-bedrock-service-tier": serviceTier }),
      ...(latency === undefined ? {} : { "x-amzn-bedrock-performanceconfig-latency": latency }),
    };
  };
  return {
    whole: (answer, times) => ({
      body: format.answer(answer),
      headers: { ...countHeaders(answer, times), ...settingHeaders(answer) },
    }),
    streamHeaders: (answer) => ({
      "content-type": EVENT_STREAM,
      "x-amzn-bedrock-content-type": "application/json",
      ...settingHeaders(answer),
    }),
    begin: (answer) => format.begin(answer).map(chunkFrame),
    delta: (answer, from, to) => format.delta(answer, from, to).map(chunkFrame),
    end(answer, times) {
      const chunks = [...format.end(answer)];
      const last = chunks.pop();
      const metrics = { "amazon-bedrock-invocationMetrics": invocationMetrics(answer, times) };
      return [...chunks, { ...last, ...metrics }].map(chunkFrame);
    },
    refuse: faultReply,
    exception: (fault) => exceptionFrame(fault, "invoke"),
  };
}

function countHeaders(answer: Answer, times: ReplyTimes): Record<string, string | number> {
  const { cacheReadTokens, cacheWriteTokens } = answer;
  return {
    "x-amzn-bedrock-input-token-count": answer.inputTokens,
    "x-amzn-bedrock-output-token-count": answer.outputTokens,
    "x-amzn-bedrock-invocation-latency": times.latencyMs,
    ...(cacheReadTokens + cacheWriteTokens === 0
      ? {}
      : {
          "x-amzn-bedrock-cache-read-input-token-count": cacheReadTokens,
          "x-amzn-bedrock-cache-write-input-token-count": cacheWriteTokens,
        }),
  };
}

function invocationMetrics(answer: Answer, times: ReplyTimes): object {
  const { cacheReadTokens, cacheWriteTokens } = answer;
  return {
    inputTokenCount: answer.inputTokens,
    outputTokenCount: answer.outputTokens,
    invocationLatency: times.latencyMs,
    firstByteLatency: times.firstTokenMs,
    ...(cacheReadTokens + cacheWriteTokens === 0
      ? {}
      : { cacheReadInputTokenCount: cacheReadTokens, cacheWriteInputTokenCount: cacheWriteTokens }),
  };
}

/** What a token stream reads from and writes to. */
export interface TokenStreamOptions {
  readonly clock: EmulatorClock;
  readonly handle: InferenceHandle;
  readonly response: WireResponse;
  /** Time from the service to the caller, emulator ms. */
  readonly returnMs: number;
  /** First frames of the answer. */
  readonly begin: () => readonly Buffer[];
  /** The frames of tokens `from` (inclusive) to `to` (exclusive). */
  readonly delta: (from: number, to: number) => readonly Buffer[];
  readonly writeHead: () => void;
}

/** Writes an answer's tokens as they come to exist. */
export interface TokenStream {
  readonly started: boolean;
  /** The first token exists: sends the headers with the first events. */
  start(nowMs: number): void;
  /** Writes what is left of the first `tokens` tokens and the closing frames, then ends the response. */
  finish(tokens: number, closing: () => readonly Buffer[]): void;
  /** Writes what is left of the first `tokens` tokens, then resets the connection. */
  breakOff(tokens: number): void;
  /** The caller has disconnected: writes nothing more. */
  stop(): void;
}

/** Tokens due at the same wake-up are separate events up to this many; beyond that, several share an event. */
const MAX_EVENTS_PER_WRITE = 16;
/** Delay before asking again when a token estimate proved early. */
const RETRY_MS = 1;

/**
 * Paces a stream by absolute deadlines: every wake-up asks the handle how many tokens exist and writes all of them, so a
 * late timer delays single tokens but never the stream. While the caller reads too slowly nothing is written; the tokens
 * wait in the handle, not in memory. A caller that takes nothing for `SLOW_READER_MS` is disconnected.
 *
 * @param options the running call and its response
 */
export function createTokenStream(options: TokenStreamOptions): TokenStream {
  return new PacedStream(options);
}

class PacedStream implements TokenStream {
  started = false;
  private readonly options: TokenStreamOptions;
  private sent = 0;
  private isStopped = false;
  /** The response's buffer is full: wait for its drain event. */
  private isBlocked = false;
  private timer: Deadline | undefined;
  private slowReader: NodeJS.Timeout | undefined;
  /** Writes the rest and ends; set by `finish`. */
  private closing: (() => void) | undefined;

  constructor(options: TokenStreamOptions) {
    this.options = options;
    options.response.on("drain", () => this.resume());
  }

  start(nowMs: number): void {
    const { handle, begin } = this.options;
    if (this.started || this.isStopped) return;
    this.started = true;
    const due = Math.min(Math.max(1, handle.tokensWritten(nowMs)), handle.outputTokens);
    this.write([...begin(), ...this.deltas(due)]);
    if (!this.isBlocked) this.pump(nowMs);
  }

  finish(tokens: number, closingFrames: () => readonly Buffer[]): void {
    this.timer?.cancel();
    if (this.isStopped) return;
    this.closing = () => {
      this.closing = () => {};
      const frames = this.started ? [] : this.options.begin();
      this.started = true;
      this.write([...frames, ...this.deltas(tokens), ...closingFrames()]);
      this.afterReturn(() => this.end());
    };
    if (!this.isBlocked) this.closing();
  }

  breakOff(tokens: number): void {
    const { response } = this.options;
    this.timer?.cancel();
    if (this.started) this.write(this.deltas(tokens));
    else if (tokens > 0) this.write([...this.options.begin(), ...this.deltas(tokens)]);
    this.afterReturn(() => {
      if (!response.headersSent || response.destroyed) breakOff(response);
      // What was written before must be on its way: a reset drops what is still in the buffers.
      else response.write(Buffer.alloc(0), () => breakOff(response));
      this.stop();
    });
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
    clearTimeout(this.slowReader);
  }

  private resume(): void {
    clearTimeout(this.slowReader);
    this.isBlocked = false;
    if (this.isStopped) return;
    if (this.closing === undefined) this.pump(this.options.clock.nowMs());
    else this.closing();
  }

  /** Writes the tokens that exist and schedules the next wake-up. */
  private pump(nowMs: number): void {
    const { clock, handle } = this.options;
    if (this.isStopped || this.isBlocked) return;
    const due = Math.min(handle.tokensWritten(nowMs), handle.outputTokens);
    this.write(this.deltas(due));
    if (this.sent >= handle.outputTokens) return;
    const nextMs = Math.max(handle.nextTokenMs(nowMs), nowMs + (due === 0 ? RETRY_MS : 0));
    if (!Number.isFinite(nextMs)) return;
    const wakeMs = nextMs > nowMs ? nextMs : nowMs + RETRY_MS;
    this.timer = clock.schedule(wakeMs, () => this.pump(Math.max(clock.nowMs(), wakeMs)));
  }

  private deltas(upTo: number): Buffer[] {
    const frames: Buffer[] = [];
    const step = Math.max(1, Math.ceil((upTo - this.sent) / MAX_EVENTS_PER_WRITE));
    while (this.sent < upTo) {
      const to = Math.min(upTo, this.sent + step);
      frames.push(...this.options.delta(this.sent, to));
      this.sent = to;
    }
    return frames;
  }

  private write(frames: readonly Buffer[]): void {
    if (frames.length === 0) return;
    const bytes = frames.length === 1 ? frames[0]! : Buffer.concat(frames);
    this.afterReturn(() => this.writeNow(bytes));
  }

  private writeNow(bytes: Buffer): void {
    const { response, writeHead } = this.options;
    if (this.isStopped || response.destroyed) return;
    if (!response.headersSent) writeHead();
    if (response.write(bytes) || this.isBlocked) return;
    this.isBlocked = true;
    this.slowReader = setTimeout(() => response.destroy(), SLOW_READER_MS);
    this.slowReader.unref();
  }

  private end(): void {
    const { response } = this.options;
    if (response.destroyed || this.isStopped) return;
    response.end();
    dropIfUnread(response);
  }

  /** Runs an action after the way from the service to the caller. */
  private afterReturn(action: () => void): void {
    const { clock, returnMs } = this.options;
    if (returnMs === 0) action();
    else clock.schedule(clock.nowMs() + returnMs, action);
  }
}
