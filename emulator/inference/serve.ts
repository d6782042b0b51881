import { breakOff, exceptionFrame, sendFault, sendJson, type WireResponse } from "../http/wire.ts";
import type { Answer, StopReason } from "../model/answer.ts";
import { type InferenceBackend, type InferenceHandle, type InferenceObserver, outputLimit } from "../model/backend.ts";
import type { EmulatorClock } from "../model/clock.ts";
import type { InvocationOutcome } from "../monitoring/invocation-log.ts";
import type { ParsedCall } from "./call.ts";
import { createTokenStream, type ReplyTimes, type TokenStream } from "./reply.ts";

export interface ServeOptions {
  readonly clock: EmulatorClock;
  readonly backend: InferenceBackend;
  readonly response: WireResponse;
  readonly parsed: ParsedCall;
  readonly shownId: string;
  /** How often an output token counts against quotas. */
  readonly burndown: number;
  /** Emulator instant at which the request had arrived. */
  readonly arrivedMs: number;
  /** Half the round trip between caller and endpoint. */
  readonly oneWayMs: number;
  readonly report: (outcome: InvocationOutcome) => void;
}

/** Runs one inference call to its end: asks the backend, writes the answer, reports the outcome once. */
export function serveInference(options: ServeOptions): void {
  const { clock, oneWayMs, arrivedMs } = options;
  if (oneWayMs === 0) begin(options, arrivedMs);
  else clock.schedule(arrivedMs + oneWayMs, () => begin(options, arrivedMs + oneWayMs));
}

function begin(options: ServeOptions, nowMs: number): void {
  const { backend, clock, oneWayMs, parsed, response } = options;
  if (response.destroyed) return;
  const { call } = parsed;
  const run = createRun(options, nowMs);
  const admission = backend.begin(call, nowMs, run.observer);
  switch (admission.kind) {
    case "accepted":
      run.accept(admission.handle);
      break;
    case "refused":
      after(clock, (admission.afterMs ?? 0) + oneWayMs, () => sendFault(response, call.requestId, admission.fault));
      run.report(admission.fault.name, 0);
      break;
    case "dropped":
      run.report("ServiceUnavailableException", 0);
      if (admission.how === "reset") after(clock, oneWayMs, () => breakOff(response));
      break;
  }
}

interface Run {
  readonly observer: InferenceObserver;
  accept(handle: InferenceHandle): void;
  report(error: InvocationOutcome["error"], outputTokens: number): void;
}

function createRun(options: ServeOptions, beganMs: number): Run {
  const { clock, oneWayMs, parsed, response } = options;
  const { call, format } = parsed;
  const streaming = call.operation === "ConverseStream" || call.operation === "InvokeModelWithResponseStream";
  let handle: InferenceHandle | undefined;
  let answer: Answer | undefined;
  let stream: TokenStream | undefined;
  let firstTokenMs: number | undefined;
  let endMs: number | undefined;
  let over = false;

  const times = (): ReplyTimes => ({
    latencyMs: Math.round((endMs ?? beganMs) - beganMs),
    firstTokenMs: Math.round((firstTokenMs ?? endMs ?? beganMs) - beganMs),
  });

  function report(error: InvocationOutcome["error"], outputTokens: number): void {
    over = true;
    options.report({
      requestId: call.requestId,
      timestampMs: Date.now(),
      region: call.region,
      inferenceRegion: handle?.destinationRegion,
      operation: call.operation,
      modelId: options.shownId,
      inputTokens: answer?.inputTokens ?? call.inputTokens,
      cacheReadTokens: handle?.cacheReadTokens ?? 0,
      cacheWriteTokens: handle?.cacheWriteTokens ?? 0,
      outputTokens,
      wholeOutputTokens: error === undefined || error === "ClientClosed" ? (handle?.outputTokens ?? 0) : outputTokens,
      estimatedQuotaTokens: quotaTokens(outputTokens),
      latencyMs: endMs === undefined ? undefined : endMs - beganMs,
      firstTokenMs: firstTokenMs === undefined ? undefined : firstTokenMs - beganMs,
      requestMetadata: call.requestMetadata,
      error,
    });
  }

  /** What a call settles to: cache reads are free, output tokens count as often as the model's burndown says. */
  function quotaTokens(outputTokens: number): number {
    const cacheWriteTokens = handle?.cacheWriteTokens ?? 0;
    return (answer?.inputTokens ?? 0) + cacheWriteTokens + outputTokens * options.burndown;
  }

  function accept(accepted: InferenceHandle): void {
    handle = accepted;
    answer = answerOf(parsed, accepted);
    const written = answer;
    if (streaming) {
      stream = createTokenStream({
        clock,
        handle: accepted,
        response,
        returnMs: oneWayMs,
        begin: () => format.begin(written),
        delta: (from, to) => format.delta(written, from, to),
        writeHead: () => response.writeHead(200, { "x-amzn-requestid": call.requestId, ...format.streamHeaders }),
      });
    }
    response.on("close", () => {
      if (over) return;
      stream?.stop();
      const nowMs = clock.nowMs();
      accepted.cancel(nowMs);
      report("ClientClosed", Math.min(accepted.tokensWritten(nowMs), accepted.outputTokens));
    });
  }

  const observer: InferenceObserver = {
    onFirstToken(nowMs) {
      if (over) return;
      firstTokenMs = nowMs;
      stream?.start(nowMs);
    },
    onEnd(nowMs) {
      if (over || answer === undefined) return;
      endMs = nowMs;
      firstTokenMs ??= nowMs;
      const written = answer;
      report(undefined, written.outputTokens);
      if (stream !== undefined) {
        stream.finish(written.outputTokens, () => format.end(written, times()));
        return;
      }
      after(clock, oneWayMs, () => {
        const { body, headers } = format.whole(written, times());
        sendJson(response, call.requestId, { status: 200, body: JSON.stringify(body), headers });
      });
    },
    onFailure(nowMs, fault) {
      if (over || handle === undefined) return;
      endMs = nowMs;
      const tokens = Math.min(handle.tokensWritten(nowMs), handle.outputTokens - 1);
      report(fault.name, Math.max(0, tokens));
      if (stream?.started) stream.finish(Math.max(0, tokens), () => [exceptionFrame(fault)]);
      else after(clock, oneWayMs, () => sendFault(response, call.requestId, fault));
    },
    onBreak(nowMs) {
      if (over || handle === undefined) return;
      endMs = nowMs;
      stream?.stop();
      report("ServiceUnavailableException", handle.tokensWritten(nowMs));
      after(clock, oneWayMs, () => breakOff(response));
    },
  };
  return { observer, accept, report };
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
    stopReason,
    stopSequence: stopReason === "stop_sequence" ? stop?.sequence : undefined,
    tool: prompt.tool,
  };

  function stopReasonOf(): StopReason {
    if (outputTokens >= outputLimit(call)) return "max_tokens";
    if (prompt.tool !== undefined) return "tool_use";
    return stop !== undefined && outputTokens >= stop.tokens ? "stop_sequence" : "end_turn";
  }
}

function after(clock: EmulatorClock, delayMs: number, action: () => void): void {
  if (delayMs === 0) action();
  else clock.schedule(clock.nowMs() + delayMs, action);
}
