/// <reference path="./k6.d.ts" />
import { asyncRequest, type Response } from "k6/http";
import { type Verdict, verdictOfJson, verdictOfStream } from "../../simulator/replay/answer.ts";
import { converseBody } from "../../simulator/replay/converse-body.ts";
import type { AttemptAnswer, AttemptOrder } from "../../simulator/replay/replay-io.ts";
import type { ReplayPlan } from "../../simulator/replay/replay-plan.ts";
import type { Authorize } from "./authorize.ts";
import { encodeSegment } from "./sigv4.ts";

/** k6's code for a request that ran out of its time. */
const REQUEST_TIMEOUT = 1050;
/** A call without a limit of its own still ends. */
const LONGEST_MS = 15 * 60_000;

/**
 * Sends one attempt to its target's endpoint. Never rejects: whatever goes wrong is an answer.
 *
 * Instants are k6's: the whole millisecond at which the call was handed to it, plus its own finer timings.
 */
export async function call(
  plan: ReplayPlan,
  order: AttemptOrder,
  authorize: Authorize,
  nowMs: () => number,
): Promise<AttemptAnswer> {
  const { request, sentMs } = order;
  const target = plan.targets[order.target]!;
  const isStream = plan.operation === "converse-stream";
  const body = converseBody({
    requestId: `${request.requestId}.${order.ordinal}`,
    className: plan.classes[request.classIndex]!.name,
    inputTokens: request.inputTokens,
    outputTokens: request.outputTokens,
    maxTokens: request.maxTokens,
    prefixTokens: request.prefixTokens,
    prefixId: request.prefixId,
    tier: target.tier,
    charsPerToken: plan.charsPerToken[order.model]!,
    targetId: plan.isEmulated ? target.id : undefined,
  });
  const path = `/model/${encodeSegment(target.calledIds[order.model]!)}/${plan.operation}`;
  const host = target.url.replace(/^https?:\/\//, "");
  const origin = plan.isEmulated ? { "x-meridian-origin": plan.origins[request.originIndex]! } : {};
  const response = await asyncRequest("POST", target.url + path, body, {
    headers: { ...authorize({ region: target.region, host, path, body, nowMs: Date.now() }), ...origin },
    timeout: Math.min(order.timeoutMs, LONGEST_MS),
    responseType: isStream ? "binary" : "text",
    redirects: 0,
    tags: { name: `${plan.operation} ${target.region}` },
    responseCallback: null,
  });
  if (response.status === 0) return unanswered(response, nowMs());
  const { blocked, connecting, tls_handshaking: handshaking, sending, waiting, receiving } = response.timings;
  const headersMs = blocked + connecting + handshaking + sending + waiting;
  const verdict = verdictOf(response, isStream);
  return {
    ...verdict,
    endedMs: toMicroseconds(sentMs + headersMs + receiving),
    ttftMs: toMicroseconds(isStream ? headersMs : headersMs + receiving),
    retryAfterMs: Number(response.headers["X-Amz-Retry-After"] ?? Number.NaN),
    status: response.status,
    serviceRequestId: response.headers["X-Amzn-Requestid"] ?? "",
  };
}

function verdictOf(response: Response, isStream: boolean): Verdict {
  const errorType = response.headers["X-Amzn-Errortype"];
  const { body, status } = response;
  if (isStream) return verdictOfStream(status, errorType, body instanceof ArrayBuffer ? body : new ArrayBuffer(0));
  return verdictOfJson(status, errorType, typeof body === "string" ? body : "");
}

/** Shorter rows; k6 knows no finer times. */
function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** No answer: time ran out, or the connection was refused or broke. */
function unanswered(response: Response, endedMs: number): AttemptAnswer {
  return {
    kind: response.error_code === REQUEST_TIMEOUT ? "timeout" : "error",
    isFinal: false,
    endedMs,
    ttftMs: Number.NaN,
    retryAfterMs: Number.NaN,
    status: 0,
    serviceRequestId: "",
    error: response.error.slice(0, 200),
    usage: null,
  };
}
