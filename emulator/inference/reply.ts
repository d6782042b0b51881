import { converseAnswer, converseBegin, converseDelta, converseEnd, type Reflected } from "../converse/answer.ts";
import { chunkFrame, dropIfUnread, SLOW_READER_MS, type WireResponse } from "../http/wire.ts";
import type { Answer, AnswerFormat } from "../model/answer.ts";
import type { InferenceHandle } from "../model/backend.ts";
import type { Deadline, EmulatorClock } from "../model/clock.ts";

/** Times of one answer at the service, without the network; whole milliseconds, as the service gives them. */
export interface ReplyTimes {
  readonly latencyMs: number;
  readonly firstTokenMs: number;
}

/** How an answer goes over the wire: whole, or as frames of an event stream. */
export interface ReplyFormat {
  whole(
    answer: Answer,
    times: ReplyTimes,
  ): { readonly body: object; readonly headers: Record<string, string | number> };
  readonly streamHeaders: Readonly<Record<string, string>>;
  begin(answer: Answer): readonly Buffer[];
  delta(answer: Answer, from: number, to: number): Buffer;
  end(answer: Answer, times: ReplyTimes): readonly Buffer[];
}

const EVENT_STREAM = "application/vnd.amazon.eventstream";

export function converseReply(reflected: Reflected): ReplyFormat {
  return {
    whole: (answer, times) => ({ body: converseAnswer(answer, times.latencyMs, reflected), headers: {} }),
    streamHeaders: { "content-type": EVENT_STREAM },
    begin: converseBegin,
    delta: converseDelta,
    end: (answer, times) => converseEnd(answer, times.latencyMs, reflected),
  };
}

export function invokeReply(format: AnswerFormat, reflected: Reflected): ReplyFormat {
  const settingHeaders = {
    ...(reflected.serviceTier === undefined ? {} : { "x-amzn-bedrock-service-tier": reflected.serviceTier }),
    ...(reflected.latency === undefined ? {} : { "x-amzn-bedrock-performanceconfig-latency": reflected.latency }),
  };
  return {
    whole: (answer, times) => ({
      body: format.answer(answer),
      headers: { ...countHeaders(answer, times), ...settingHeaders },
    }),
    streamHeaders: {
      "content-type": EVENT_STREAM,
      "x-amzn-bedrock-content-type": "application/json",
      ...settingHeaders,
    },
    begin: (answer) => format.begin(answer).map(chunkFrame),
    delta: (answer, from, to) => chunkFrame(format.delta(answer, from, to)),
    end(answer, times) {
      const chunks = [...format.end(answer)];
      const last = chunks.pop();
      const metrics = { "amazon-bedrock-invocationMetrics": invocationMetrics(answer, times) };
      return [...chunks, { ...last, ...metrics }].map(chunkFrame);
    },
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

export interface TokenStreamOptions {
  readonly clock: EmulatorClock;
  readonly handle: InferenceHandle;
  readonly response: WireResponse;
  /** Time from the service to the caller, emulator ms. */
  readonly returnMs: number;
  readonly begin: () => readonly Buffer[];
  readonly delta: (from: number, to: number) => Buffer;
  readonly writeHead: () => void;
}

/** Writes an answer's tokens as they come to exist. */
export interface TokenStream {
  readonly started: boolean;
  /** The first token exists: sends the headers with the first events. */
  start(nowMs: number): void;
  /** Writes what is left of the first `tokens` tokens and the closing frames, then ends the response. */
  finish(tokens: number, closing: () => readonly Buffer[]): void;
  /** The caller is gone: no more frames. */
  stop(): void;
}

/** Tokens that fell due at once go out as separate events up to this many; beyond it several share an event. */
const MAX_EVENTS_PER_WRITE = 16;
/** An estimate that proved early is asked again after this long. */
const RETRY_MS = 1;

/**
 * Paces by absolute deadlines: every wake-up asks the handle how many tokens exist and writes all of them, so a late
 * timer delays single tokens and never the stream. While the caller reads too slowly nothing is written; the tokens
 * wait in the handle, not in memory. A caller that stands still too long is dropped.
 */
export function createTokenStream(options: TokenStreamOptions): TokenStream {
  const { clock, handle, response, returnMs } = options;
  let sent = 0;
  let started = false;
  let stopped = false;
  let blocked = false;
  let timer: Deadline | undefined;
  let slowReader: NodeJS.Timeout | undefined;
  let closing: (() => void) | undefined;

  response.on("drain", () => {
    clearTimeout(slowReader);
    blocked = false;
    if (stopped) return;
    if (closing === undefined) pump(clock.nowMs());
    else closing();
  });

  function pump(nowMs: number): void {
    if (stopped || blocked) return;
    const due = Math.min(handle.tokensWritten(nowMs), handle.outputTokens);
    write(deltas(due));
    if (sent >= handle.outputTokens) return;
    const nextMs = Math.max(handle.nextTokenMs(nowMs), nowMs + (due === 0 ? RETRY_MS : 0));
    if (!Number.isFinite(nextMs)) return;
    const wakeMs = nextMs > nowMs ? nextMs : nowMs + RETRY_MS;
    timer = clock.schedule(wakeMs, () => pump(Math.max(clock.nowMs(), wakeMs)));
  }

  function deltas(upTo: number): Buffer[] {
    const frames: Buffer[] = [];
    const step = Math.max(1, Math.ceil((upTo - sent) / MAX_EVENTS_PER_WRITE));
    while (sent < upTo) {
      const to = Math.min(upTo, sent + step);
      frames.push(options.delta(sent, to));
      sent = to;
    }
    return frames;
  }

  function write(frames: readonly Buffer[]): void {
    if (frames.length === 0) return;
    const bytes = frames.length === 1 ? frames[0]! : Buffer.concat(frames);
    if (returnMs === 0) writeNow(bytes);
    else clock.schedule(clock.nowMs() + returnMs, () => writeNow(bytes));
  }

  function writeNow(bytes: Buffer): void {
    if (stopped || response.destroyed) return;
    if (!response.headersSent) options.writeHead();
    if (response.write(bytes) || blocked) return;
    blocked = true;
    slowReader = setTimeout(() => response.destroy(), SLOW_READER_MS);
    slowReader.unref();
  }

  return {
    get started() {
      return started;
    },
    start(nowMs) {
      if (started || stopped) return;
      started = true;
      const due = Math.max(1, Math.min(handle.tokensWritten(nowMs), handle.outputTokens));
      write([...options.begin(), ...deltas(due)]);
      if (!blocked) pump(nowMs);
    },
    finish(tokens, closingFrames) {
      timer?.cancel();
      if (stopped) return;
      closing = () => {
        const frames = started ? [] : options.begin();
        started = true;
        write([...frames, ...deltas(tokens), ...closingFrames()]);
        const end = (): void => {
          if (response.destroyed || stopped) return;
          response.end();
          dropIfUnread(response);
        };
        if (returnMs === 0) end();
        else clock.schedule(clock.nowMs() + returnMs, end);
        closing = () => {};
      };
      if (!blocked) closing();
    },
    stop() {
      stopped = true;
      timer?.cancel();
      clearTimeout(slowReader);
    },
  };
}
