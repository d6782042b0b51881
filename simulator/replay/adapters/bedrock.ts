import type {
  AdapterAnswer,
  AdapterCall,
  AdapterVerdict,
  EndpointAdapter,
  PromptOrder,
  ReplayTier,
  Verdict,
} from "./adapter.ts";
import { encodeSegment } from "./encode-segment.ts";
import { lastFrame } from "./event-stream.ts";
import { promptTexts } from "./prompt.ts";

/** Amazon Bedrock's Converse and ConverseStream, and emulators of them. */
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
    ...(isStream ? verdictOfStream(answer) : verdictOfJson(answer)),
    retryAfterMs: Number(answer.header("x-amz-retry-after") ?? Number.NaN),
    serviceRequestId: answer.header("x-amzn-requestid") ?? "",
  }),
};

/**
 * The JSON body of a Converse or ConverseStream call. A cacheable prefix is a text of its own with a cache point behind
 * it. The wanted length of the answer, the class and the request's number travel as `requestMetadata`.
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

/** The service takes these characters in metadata, and no others. */
function metadataText(text: string): string {
  return text.replace(/[^a-zA-Z0-9\s:_@$#=/+,.-]/g, "_").slice(0, 256);
}

const THROTTLED = 429;
const UNAVAILABLE = 503;
/** 429 by number, but no quota: the model's machines are warming up. */
const NOT_READY = "ModelNotReadyException";

function verdictOfJson({ status, header, body }: AdapterAnswer): Verdict {
  if (status !== 200) return failure(status, errorName(header("x-amzn-errortype")));
  const usage = usageOf(typeof body === "string" ? body : "");
  return usage === null ? broken("NoUsage") : { kind: "ok", isFinal: false, error: "", usage };
}

/** The last frame of a stream tells how it ended. */
function verdictOfStream({ status, header, body }: AdapterAnswer): Verdict {
  if (status !== 200) return failure(status, errorName(header("x-amzn-errortype")));
  const frame = body instanceof ArrayBuffer ? lastFrame(body) : undefined;
  if (frame === undefined) return broken("StreamCutShort");
  const exception = frame.headers[":exception-type"];
  if (exception !== undefined) return failure(statusOfException(exception), exception);
  const usage = frame.headers[":event-type"] === "metadata" ? usageOf(frame.payload) : null;
  return usage === null ? broken("NoUsage") : { kind: "ok", isFinal: false, error: "", usage };
}

/** Status codes that the SDKs try again; 408 and 424 they do not (seen on the wire with boto3 1.44.5 and JS 3.1162). */
function failure(status: number, error: string): Verdict {
  if (status === THROTTLED && error !== NOT_READY) return { kind: "throttled", isFinal: false, error, usage: null };
  if (status === THROTTLED || status === UNAVAILABLE) {
    return { kind: "unavailable", isFinal: false, error, usage: null };
  }
  return { kind: "error", isFinal: status >= 300 && status < 500, error: error || `HTTP ${status}`, usage: null };
}

function broken(error: string): Verdict {
  return { kind: "error", isFinal: false, error, usage: null };
}

/** `ThrottlingException:http://internal...` and `namespace#ThrottlingException` are the same name. */
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
