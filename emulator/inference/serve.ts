/** One inference call from its arrival at the service to its answer on the wire and its entry in log and metrics. */
import { HOUR_MS } from "../../simulator/base/time.ts";
import type { ServiceFault } from "../http/errors.ts";
import { breakOff, sendJson, type WireResponse } from "../http/wire.ts";
import type { Answer, CacheWrite, StopReason } from "../model/answer.ts";
import {
  type InferenceBackend,
  type InferenceCall,
  type InferenceHandle,
  type InferenceObserver,
  outputLimit,
} from "../model/backend.ts";
import type { EmulatorClock } from "../model/clock.ts";
import type { InvocationOutcome } from "../monitoring/invocation-log.ts";
import { type ParsedCall, thinkingTokensOf } from "./call.ts";
import { createTokenStream, type ReplyTimes, type TokenStream } from "./reply.ts";

/** A validated call with everything needed to serve it. */
export interface ServeOptions {
  readonly clock: EmulatorClock;
  readonly backend: InferenceBackend;
  readonly response: WireResponse;
  readonly parsed: ParsedCall;
  /** Model or profile id as log and metrics report it. */
  readonly shownId: string;
  /** Quota tokens per output token. */
  readonly burndown: number;
  /** Emulator time at which the request had been read, ms. */
  readonly arrivedMs: number;
  /** Half the round trip between caller and endpoint, emulator ms. */
  readonly oneWayMs: number;
  /** Called exactly once, when the call's outcome is known. */
  readonly report: (outcome: InvocationOutcome) => void;
}

/**
 * Serves one inference call: asks the backend, writes the answer as it comes to exist, reports the outcome once.
 *
 * @param options the call; the request reaches the backend `oneWayMs` after `arrivedMs`
 */
export function serveInference(options: ServeOptions): void {
  const { clock, oneWayMs, arrivedMs } = options;
  if (oneWayMs === 0) begin(options, arrivedMs);
  else clock.schedule(arrivedMs + oneWayMs, () => begin(options, arrivedMs + oneWayMs));
}

function begin(options: ServeOptions, nowMs: number): void {
  const { backend, clock, oneWayMs, parsed, response } = options;
  if (response.destroyed) return;
  const { call } = parsed;
  const run = new InferenceRun(options, nowMs);
  const admission = backend.begin(call, nowMs, run);
  switch (admission.kind) {
    case "accepted":
      run.accept(admission.handle);
      break;
    case "refused":
      after(clock, (admission.afterMs ?? 0) + oneWayMs, () =>
        sendJson(response, call.requestId, parsed.format.refuse(admission.fault)),
      );
      run.report(admission.fault.name, 0);
      break;
    case "dropped":
      run.report("ServiceUnavailableException", 0);
      if (admission.how === "reset") after(clock, oneWayMs, () => breakOff(response));
      break;
  }
}

/** An admitted call: what the backend announces becomes frames, one JSON body, or an error. */
class InferenceRun implements InferenceObserver {
  private readonly options: ServeOptions;
  private readonly beganMs: number;
  private handle: InferenceHandle | undefined;
  private answer: Answer | undefined;
  private stream: TokenStream | undefined;
  private firstTokenMs: number | undefined;
  private endMs: number | undefined;
  private isOver = false;

  constructor(options: ServeOptions, beganMs: number) {
    this.options = options;
    this.beganMs = beganMs;
  }

  accept(handle: InferenceHandle): void {
    const { clock, parsed, response } = this.options;
    this.handle = handle;
    this.answer = answerOf(parsed, handle);
    const { operation } = parsed.call;
    const isStreaming = operation === "ConverseStream" || operation === "InvokeModelWithResponseStream";
    if (isStreaming) this.stream = this.streamOf(handle, this.answer);
    response.on("close", () => {
      if (this.isOver) return;
      this.stream?.stop();
      const nowMs = clock.nowMs();
      handle.cancel(nowMs);
      this.report("ClientClosed", Math.min(handle.tokensWritten(nowMs), handle.outputTokens));
    });
  }

  report(error: InvocationOutcome["error"], outputTokens: number): void {
    const { beganMs, handle, firstTokenMs, endMs } = this;
    const { call } = this.options.parsed;
    this.isOver = true;
    this.options.report({
      requestId: call.requestId,
      timestampMs: Date.now(),
      region: call.region,
      inferenceRegion: handle?.destinationRegion,
      operation: call.operation,
      modelId: this.options.shownId,
      inputTokens: this.answer?.inputTokens ?? call.inputTokens,
      cacheReadTokens: handle?.cacheReadTokens ?? 0,
      cacheWriteTokens: handle?.cacheWriteTokens ?? 0,
      outputTokens,
      wholeOutputTokens: error === undefined || error === "ClientClosed" ? (handle?.outputTokens ?? 0) : outputTokens,
      estimatedQuotaTokens: this.quotaTokens(outputTokens),
      latencyMs: endMs === undefined ? undefined : endMs - beganMs,
      firstTokenMs: firstTokenMs === undefined ? undefined : firstTokenMs - beganMs,
      requestMetadata: call.requestMetadata,
      error,
    });
  }

  onFirstToken(nowMs: number): void {
    if (this.isOver) return;
    this.firstTokenMs = nowMs;
    this.stream?.start(nowMs);
  }

  onEnd(nowMs: number): void {
    const { answer, options } = this;
    if (this.isOver || answer === undefined) return;
    this.endMs = nowMs;
    this.firstTokenMs ??= nowMs;
    const { format, call } = options.parsed;
    this.report(undefined, answer.outputTokens);
    if (this.stream !== undefined) {
      this.stream.finish(answer.outputTokens, () => format.end(answer, this.times()));
      return;
    }
    after(options.clock, options.oneWayMs, () => {
      const { body, headers } = format.whole(answer, this.times());
      sendJson(options.response, call.requestId, { status: 200, body: JSON.stringify(body), headers });
    });
  }

  onFailure(nowMs: number, fault: ServiceFault): void {
    const { handle, stream } = this;
    const { clock, oneWayMs, parsed, response } = this.options;
    if (this.isOver || handle === undefined) return;
    this.endMs = nowMs;
    const tokens = Math.max(0, Math.min(handle.tokensWritten(nowMs), handle.outputTokens - 1));
    this.report(fault.name, tokens);
    if (stream?.started || (stream !== undefined && fault.isInStream))
      stream.finish(tokens, () => [parsed.format.exception(fault)]);
    else after(clock, oneWayMs, () => sendJson(response, parsed.call.requestId, parsed.format.refuse(fault)));
  }

  onBreak(nowMs: number): void {
    const { handle } = this;
    const { clock, oneWayMs, response } = this.options;
    if (this.isOver || handle === undefined) return;
    this.endMs = nowMs;
    const tokens = Math.min(handle.tokensWritten(nowMs), handle.outputTokens);
    this.report("ServiceUnavailableException", tokens);
    if (this.stream !== undefined) this.stream.breakOff(tokens);
    else after(clock, oneWayMs, () => breakOff(response));
  }

  private streamOf(handle: InferenceHandle, answer: Answer): TokenStream {
    const { clock, oneWayMs, parsed, response } = this.options;
    const { call, format } = parsed;
    return createTokenStream({
      clock,
      handle,
      response,
      returnMs: oneWayMs,
      begin: () => format.begin(answer),
      delta: (from, to) => format.delta(answer, from, to),
      writeHead: () => response.writeHead(200, { "x-amzn-requestid": call.requestId, ...format.streamHeaders(answer) }),
    });
  }

  private times(): ReplyTimes {
    const { beganMs, endMs, firstTokenMs } = this;
    return {
      latencyMs: Math.round((endMs ?? beganMs) - beganMs),
      firstTokenMs: Math.round((firstTokenMs ?? endMs ?? beganMs) - beganMs),
    };
  }

  /** Quota use after the call: cache reads are free, output tokens count `burndown` times. */
  private quotaTokens(outputTokens: number): number {
    const cacheWriteTokens = this.handle?.cacheWriteTokens ?? 0;
    return (this.answer?.inputTokens ?? 0) + cacheWriteTokens + outputTokens * this.options.burndown;
  }
}

function answerOf({ call, prompt, stop }: ParsedCall, handle: InferenceHandle): Answer {
  const { outputTokens, cacheReadTokens, cacheWriteTokens } = handle;
  const stopReason = stopReasonOf();
  return {
    requestId: call.requestId,
    modelId: call.modelId,
    inputTokens: Math.max(0, call.inputTokens - cacheReadTokens - cacheWriteTokens),
    outputTokens,
    cacheReadTokens,
    cacheWriteTokens,
    cacheWrites: cacheWritesOf(call, handle),
    stopReason,
    stopSequence: stopReason === "stop_sequence" ? stop?.sequence : undefined,
    tool: prompt.tool,
    structured: prompt.structured,
    thinkingTokens: thinkingTokensOf(prompt, outputTokens),
    isThinkingShown: prompt.thinking?.isShown ?? true,
    isFallback: handle.isFallback,
  };

  function stopReasonOf(): StopReason {
    if (outputTokens >= outputLimit(call)) return "max_tokens";
    if (prompt.tool !== undefined && outputTokens > 0) return "tool_use";
    return stop !== undefined && outputTokens >= stop.tokens ? "stop_sequence" : "end_turn";
  }
}

/** The written part of the prompt by time to live: what lies before a checkpoint has the checkpoint's. */
function cacheWritesOf(call: InferenceCall, handle: InferenceHandle): readonly CacheWrite[] {
  const endTokens = handle.cacheReadTokens + handle.cacheWriteTokens;
  const byTtl = { "1h": 0, "5m": 0 };
  let from = handle.cacheReadTokens;
  for (const { tokens, ttlMs } of call.cachePoints) {
    const to = Math.min(tokens, endTokens);
    if (to <= from) continue;
    byTtl[ttlMs >= HOUR_MS ? "1h" : "5m"] += to - from;
    from = to;
  }
  return (["1h", "5m"] as const).map((ttl) => ({ ttl, tokens: byTtl[ttl] })).filter(({ tokens }) => tokens > 0);
}

function after(clock: EmulatorClock, delayMs: number, action: () => void): void {
  if (delayMs === 0) action();
  else clock.schedule(clock.nowMs() + delayMs, action);
}
