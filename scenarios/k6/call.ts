/** One attempt as a call from k6: its request, signed; its answer, with what it took. */
/// <reference path="./k6.d.ts" />
import { asyncRequest, type Response } from "k6/http";
import { findAdapter } from "../../simulator/bench/adapters/index.ts";
import type { ReplayAuth, ReplayPlan } from "../../simulator/bench/plan.ts";
import type { AttemptAnswer, AttemptOrder } from "../../simulator/bench/router-io.ts";
import { firstByteLimitMs } from "../../simulator/client/request-rules.ts";
import { type CryptoFunctions, createSigner, type SignableRequest } from "./sigv4.ts";

/** k6's code for a request that ran out of its time. */
const REQUEST_TIMEOUT = 1050;
/** A call without a limit of its own still ends. */
const LONGEST_MS = 15 * 60_000;
/** Scheme and host of a URL, the host alone, and a path that calls stand below. */
const URL_PARTS = /^(https?:\/\/([^/]+))(.*)$/;

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
  const adapter = findAdapter(target.api);
  const isStream = plan.operation === "converse-stream";
  // The first byte of an answer that is not a stream is its last; the gaps in a stream are not seen here.
  const limitMs = isStream ? order.timeoutMs : Math.min(order.timeoutMs, firstByteLimitMs(order.limits));
  const { path, headers, body } = adapter.request({
    model: target.calledIds[order.model]!,
    prompt: {
      requestId: `${request.requestId}.${order.ordinal}`,
      className: plan.classes[request.classIndex]!.name,
      inputTokens: Math.max(1, request.inputTokens - plan.templateTokens[order.model]!),
      outputTokens: request.outputTokens,
      maxTokens: request.maxTokens,
      prefixTokens: request.prefixTokens,
      prefixId: request.prefixId,
      tier: target.tier,
      charsPerToken: plan.charsPerToken[order.model]!,
      salt: plan.promptSalt,
      targetId: plan.isEmulated ? target.id : undefined,
    },
    isStream,
    settings: target.settings,
    origin: plan.isEmulated ? plan.origins[request.originIndex]! : undefined,
  });
  const [, origin = "", host = "", base = ""] = URL_PARTS.exec(target.url) ?? [];
  const signable = { region: target.region, host, path: base + path, body, nowMs: Date.now() };
  const response = await asyncRequest("POST", origin + base + path, body, {
    headers: { ...authorize(target.auth, signable), ...headers },
    timeout: Math.min(limitMs, LONGEST_MS),
    responseType: isStream ? adapter.streamBody : "text",
    redirects: 0,
    tags: { name: `${plan.operation} ${target.region}` },
    responseCallback: null,
  });
  const { blocked, connecting, tls_handshaking: handshaking, sending, waiting, receiving } = response.timings;
  // Where the connection breaks or time runs out while the body comes, k6 says status 0, and keeps what has come.
  const hasBegun = response.status !== 0 || (isStream && receiving > 0);
  const isTimeout = response.error_code === REQUEST_TIMEOUT;
  if (!hasBegun || isTimeout) return unanswered(response, nowMs(), limitMs < order.timeoutMs);
  const headersMs = blocked + connecting + handshaking + sending + waiting;
  const verdict = adapter.read(
    { status: response.status || 200, header: headerOf(response), body: response.body, nowMs: Date.now() },
    isStream,
  );
  return {
    ...verdict,
    ...(response.status === 0 && verdict.kind !== "ok" ? { error: response.error.slice(0, 200) } : {}),
    endedMs: toMicroseconds(sentMs + headersMs + receiving),
    ttftMs: toMicroseconds(isStream && target.seesFirstToken ? headersMs : headersMs + receiving),
    status: response.status,
  };
}

/** k6 has headers under the names that Go gives them, each word with a capital. */
function headerOf({ headers }: Response): (name: string) => string | undefined {
  return (name) => headers[name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())];
}

/** Shorter rows; k6 knows no finer times. */
function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** No answer: time ran out, or the connection was refused or broke. */
function unanswered(response: Response, endedMs: number, isIdleLimit: boolean): AttemptAnswer {
  const isTimeout = response.error_code === REQUEST_TIMEOUT;
  return {
    kind: isTimeout ? "timeout" : "error",
    isFinal: false,
    ...(isTimeout && isIdleLimit ? { interruption: "idle" } : {}),
    endedMs,
    ttftMs: Number.NaN,
    retryAfterMs: Number.NaN,
    status: 0,
    serviceRequestId: "",
    error: response.error.slice(0, 200),
    usage: null,
  };
}

/** Headers that authorise a call. */
type Authorize = (auth: ReplayAuth, request: SignableRequest) => Readonly<Record<string, string>>;

/** Authorises calls with the credentials of the environment; where they are missing, with nothing. */
export function authorizeFrom(env: Readonly<Record<string, string | undefined>>, crypto: CryptoFunctions): Authorize {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  const sign =
    accessKeyId && secretAccessKey
      ? createSigner(crypto, { accessKeyId, secretAccessKey, sessionToken: env.AWS_SESSION_TOKEN || undefined })
      : open;
  const bearer = (variable: string) => {
    const key = env[variable];
    return key ? { ...open(), authorization: `Bearer ${key}` } : undefined;
  };
  return (auth, request) => {
    switch (auth.kind) {
      case "none":
        return open();
      case "sigv4":
        return sign(request);
      case "api-key":
        return bearer(auth.variable) ?? open();
      case "aws":
        return bearer("AWS_BEARER_TOKEN_BEDROCK") ?? sign(request);
    }
  };
}

function open(): Readonly<Record<string, string>> {
  return { "content-type": "application/json" };
}
