/** Amazon Bedrock's Converse and ConverseStream, and emulators of them. */
import {
  type AdapterAnswer,
  type AdapterCall,
  type AdapterVerdict,
  brokenOff,
  type EndpointAdapter,
  encodeSegment,
  type PromptOrder,
  promptTexts,
  type ReplayTier,
  refuseEmpty,
  type Verdict,
} from "./adapter.ts";

export const bedrock: EndpointAdapter = {
  name: "bedrock",
  auths: ["none", "api-key", "sigv4"],
  keyVariable: "AWS_BEARER_TOKEN_BEDROCK",
  knowsScenarioIds: true,
  tiers: ["standard", "priority", "flex", "latency-optimized"],
  settings: {},
  headersMayLead: false,
  streamBody: "binary",
  request: ({ model, prompt, isStream, origin }: AdapterCall) => ({
    path: `/model/${encodeSegment(model)}/${isStream ? "converse-stream" : "converse"}`,
    headers: origin === undefined ? {} : { "x-meridian-origin": origin },
    body: converseBody(prompt),
  }),
  read: (answer: AdapterAnswer, isStream: boolean): AdapterVerdict => ({
    ...refuseEmpty(isStream ? verdictOfStream(answer) : verdictOfJson(answer)),
    retryAfterMs: Number(answer.header("x-amz-retry-after") ?? Number.NaN),
    serviceRequestId: answer.header("x-amzn-requestid") ?? "",
  }),
};

/**
 * The JSON body of a Converse or ConverseStream call. A cacheable prefix is a separate text, followed by a cache point.
 * The wanted length of the answer, the class and the request's number are sent as `requestMetadata`.
 */
function converseBody(order: PromptOrder): string {
  const { maxTokens, tier } = order;
  const limit = maxTokens > 0 ? `,"inferenceConfig":{"maxTokens":${maxTokens}}` : "";
  const metadata = {
    outputTokens: String(Math.max(1, order.outputTokens)),
    class: metadataText(order.className),
    requestId: order.requestId,
    ...(order.targetId === undefined ? {} : { target: metadataText(order.targetId) }),
  };
  return `{"messages":[{"role":"user","content":[${content(order)}]}]${limit}${tierMember(tier)},"requestMetadata":${JSON.stringify(metadata)}}`;
}

function content(order: PromptOrder): string {
  const { prefix, rest } = promptTexts(order);
  if (prefix === "") return `{"text":"${rest}"}`;
  const cached = `{"text":"${prefix}"},{"cachePoint":{"type":"default"}}`;
  return rest === "" ? cached : `${cached},{"text":"${rest}"}`;
}

function tierMember(tier: ReplayTier): string {
  if (tier === "standard") return "";
  if (tier === "latency-optimized") return ',"performanceConfig":{"latency":"optimized"}';
  return `,"serviceTier":{"type":"${tier}"}`;
}

/** Replaces characters that the service does not accept in metadata. */
function metadataText(text: string): string {
  return text.replace(/[^a-zA-Z0-9\s:_@$#=/+,.-]/g, "_").slice(0, 256);
}

const THROTTLED = 429;
const UNAVAILABLE = 503;
/** Status 429, but not by quota: the model is still loading. */
const NOT_READY = "ModelNotReadyException";

function verdictOfJson({ status, header, body }: AdapterAnswer): Verdict {
  if (status !== 200) return failure(status, errorName(header("x-amzn-errortype")));
  const usage = usageOf(typeof body === "string" ? body : "");
  return usage === null ? broken("NoUsage") : { kind: "ok", isFinal: false, error: "", usage };
}

/** Reads the last frame of a stream, which says how it ended. */
function verdictOfStream({ status, header, body }: AdapterAnswer): Verdict {
  if (status !== 200) return failure(status, errorName(header("x-amzn-errortype")));
  const bytes = body instanceof ArrayBuffer ? body : new ArrayBuffer(0);
  const frame = lastFrame(bytes);
  if (frame === undefined) return brokenOff(broken("StreamCutShort"), deltasOf(bytes));
  const exception = frame.headers[":exception-type"];
  if (exception !== undefined) return brokenOff(failure(statusOfException(exception), exception), deltasOf(bytes));
  if (frame.headers[":event-type"] !== "metadata") return brokenOff(broken("StreamCutShort"), deltasOf(bytes));
  const usage = usageOf(frame.payload);
  return usage === null ? broken("NoUsage") : { kind: "ok", isFinal: false, error: "", usage };
}

/** As the SDKs classify statuses; 408 and 424 they do not retry (observed with boto3 1.44.5 and JS 3.1162). */
export function failure(status: number, error: string): Verdict {
  if (status === THROTTLED && error !== NOT_READY) return { kind: "throttled", isFinal: false, error, usage: null };
  if (status === THROTTLED || status === UNAVAILABLE) {
    return { kind: "unavailable", isFinal: false, error, usage: null };
  }
  return { kind: "error", isFinal: status >= 300 && status < 500, error: error || `HTTP ${status}`, usage: null };
}

function broken(error: string): Verdict {
  return { kind: "error", isFinal: false, error, usage: null };
}

/** The bare name in `ThrottlingException:http://internal...` or `namespace#ThrottlingException`. */
function errorName(errorType: string | undefined): string {
  return (errorType ?? "").split(":", 1)[0]!.split("#").pop()!;
}

function statusOfException(exception: string): number {
  switch (exception) {
    case "throttlingException":
      return THROTTLED;
    case "serviceUnavailableException":
      return UNAVAILABLE;
    case "validationException":
      return 400;
    case "modelStreamErrorException":
      return 424;
    default:
      return 500;
  }
}

function usageOf(json: string): Verdict["usage"] {
  try {
    const { usage } = JSON.parse(json) as { usage?: Readonly<Record<string, unknown>> };
    const count = (name: string): number => (typeof usage?.[name] === "number" ? (usage[name] as number) : 0);
    if (typeof usage?.outputTokens !== "number") return null;
    return [count("inputTokens"), count("outputTokens"), count("cacheReadInputTokens"), count("cacheWriteInputTokens")];
  } catch {
    return null;
  }
}

/** A frame of an AWS event stream. */
export interface StreamFrame {
  readonly headers: Readonly<Record<string, string>>;
  /** The payload, one character a byte: enough where only ASCII matters, as in the JSON of counts. */
  readonly payload: string;
}

const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;
const STRING_TYPE = 7;

/**
 * The last frame of a complete event stream, found by walking the frames' lengths. Only that frame is decoded: it holds
 * all that a bench needs (token counts, or the exception that ended the stream). Checksums are not verified.
 * Source: Smithy, Amazon Event Stream Specification.
 *
 * @returns undefined for a stream that is empty, cut short, or not an event stream
 */
export function lastFrame(bytes: ArrayBuffer): StreamFrame | undefined {
  const view = new DataView(bytes);
  let at = 0;
  let last = -1;
  while (at + PRELUDE_BYTES + CRC_BYTES <= bytes.byteLength) {
    const total = view.getUint32(at);
    const headers = view.getUint32(at + 4);
    if (total < PRELUDE_BYTES + headers + CRC_BYTES || at + total > bytes.byteLength) return undefined;
    last = at;
    at += total;
  }
  return last < 0 || at !== bytes.byteLength ? undefined : decodeFrame(view, last);
}

/** Pieces of text in a stream that may be cut short: a token each, as long as tokens come one by one. */
function deltasOf(bytes: ArrayBuffer): number {
  const view = new DataView(bytes);
  let deltas = 0;
  for (let at = 0; at + PRELUDE_BYTES + CRC_BYTES <= bytes.byteLength; ) {
    const total = view.getUint32(at);
    if (total < PRELUDE_BYTES + view.getUint32(at + 4) + CRC_BYTES || at + total > bytes.byteLength) break;
    if (decodeFrame(view, at).headers[":event-type"] === "contentBlockDelta") deltas++;
    at += total;
  }
  return deltas;
}

function decodeFrame(view: DataView, at: number): StreamFrame {
  const end = at + view.getUint32(at) - CRC_BYTES;
  const headersEnd = at + PRELUDE_BYTES + view.getUint32(at + 4);
  return { headers: decodeHeaders(view, at + PRELUDE_BYTES, headersEnd), payload: textOf(view, headersEnd, end) };
}

/** Headers of string type, which is all that Bedrock sends; decoding stops at any other. */
function decodeHeaders(view: DataView, from: number, to: number): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  let at = from;
  while (at < to) {
    const nameEnd = at + 1 + view.getUint8(at);
    if (nameEnd + 3 > to || view.getUint8(nameEnd) !== STRING_TYPE) break;
    const valueEnd = nameEnd + 3 + view.getUint16(nameEnd + 1);
    if (valueEnd > to) break;
    headers[textOf(view, at + 1, nameEnd)] = textOf(view, nameEnd + 3, valueEnd);
    at = valueEnd;
  }
  return headers;
}

function textOf(view: DataView, from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) text += String.fromCharCode(view.getUint8(i));
  return text;
}
