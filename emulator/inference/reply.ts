import type { Answer, AnswerFormat } from "../answer.ts";
import { converseAnswer, converseBegin, converseDelta, converseEnd, type Reflected } from "../converse/format.ts";
import { chunkFrame } from "../event-stream/frames.ts";

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
