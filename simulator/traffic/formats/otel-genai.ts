/** The trace format `otel-genai`: spans of OpenTelemetry's generative AI conventions. */
import { toMs } from "../../base/instants.ts";
import { regionIn } from "../labels.ts";
import { type RecordedRow, UNKNOWN_TOKENS } from "../recorded-rows.ts";
import {
  isObject,
  type JsonObject,
  objectAt,
  outcomeOfError,
  type RowPlace,
  textAt,
  tokenCountOr,
} from "../row-cells.ts";
import type { RequestSink, TraceFormat } from "../trace-format.ts";

const TIME = { name: "startTimeUnixNano", unit: "ns" } as const;
/** Operations of spans that are calls of a model; agents, tools and workflows have spans of their own. */
const CALLS = ["chat", "text_completion", "generate_content", "completion", "invoke_model", "converse"];

type Attributes = Readonly<Record<string, unknown>>;

/**
 * OTLP JSON: one export a line, or one document. Input tokens hold those read from and written to a cache, as the
 * conventions say. Attributes of older versions are read too: `gen_ai.system`, `prompt_tokens`, `completion_tokens`.
 */
export const otelGenai: TraceFormat = {
  name: "otel-genai",
  summary: "OpenTelemetry spans of generative AI calls (OTLP JSON): gen_ai.usage.input_tokens, gen_ai.request.model",
  matches: ({ record = {} }) =>
    "scopeSpans" in record || "resourceSpans" in record || "instrumentationLibrarySpans" in record,
  reader: (sink) => ({
    take(record, place) {
      const resources = Array.isArray(record.resourceSpans) ? record.resourceSpans.filter(isObject) : [record];
      for (const resource of resources) takeResource(resource, sink, place);
    },
  }),
};

function takeResource(resource: JsonObject, sink: RequestSink, place: RowPlace): void {
  const shared = attributesOf(objectAt(resource, "resource").attributes);
  const scopes = resource.scopeSpans ?? resource.instrumentationLibrarySpans;
  for (const scope of listOf(scopes)) {
    for (const span of listOf(scope.spans)) {
      const own = attributesOf(span.attributes);
      if (!isCall(own)) sink.note("% spans are not calls of models, and were left out");
      else sink.add(rowOf(span, own, shared, sink, place), place);
    }
  }
}

/** Names of token counts: of the conventions, newest first, of OpenLLMetry before them, and of OpenInference. */
const INPUTS = [
  "gen_ai.usage.input_tokens",
  "gen_ai.usage.prompt_tokens",
  "llm.usage.prompt_tokens",
  "llm.token_count.prompt",
];
const OUTPUTS = [
  "gen_ai.usage.output_tokens",
  "gen_ai.usage.completion_tokens",
  "llm.usage.completion_tokens",
  "llm.token_count.completion",
];
const MODELS = [
  "gen_ai.request.model",
  "gen_ai.response.model",
  "llm.request.model",
  "llm.response.model",
  "llm.model_name",
];

function isCall(own: Attributes): boolean {
  const kind = own["openinference.span.kind"];
  if (typeof kind === "string") return kind === "LLM";
  const operation = own["gen_ai.operation.name"];
  if (typeof operation === "string") return CALLS.includes(operation.toLowerCase());
  // A call that failed tells no tokens.
  return MODELS.some((name) => name in own);
}

function rowOf(span: JsonObject, own: Attributes, shared: Attributes, sink: RequestSink, place: RowPlace): RecordedRow {
  const count = (...names: readonly string[]) => {
    const name = names.find((each) => own[each] !== undefined) ?? names[0]!;
    return tokenCountOr(UNKNOWN_TOKENS, own[name], name, place);
  };
  const text = (...names: readonly string[]) => {
    const name = names.find((each) => (own[each] ?? shared[each]) !== undefined);
    return name === undefined ? undefined : String(own[name] ?? shared[name]);
  };
  const error = text("error.type", "exception.type");
  const isFailed = [2, "STATUS_CODE_ERROR"].includes(objectAt(span, "status").code as number | string);
  const region = text("cloud.region", "aws.region") ?? regionIn(own["server.address"]);
  const tenant = text(...(sink.tag === null ? TENANTS : [sink.tag])) ?? "";
  const session = text("gen_ai.conversation.id", "session.id");
  const firstS = Number(
    own["gen_ai.response.time_to_first_chunk"] ?? own["gen_ai.server.time_to_first_token"] ?? Number.NaN,
  );
  return {
    timeMs: sink.times.read(span.startTimeUnixNano, TIME, place),
    inputTokens: count(...INPUTS),
    outputTokens: count(...OUTPUTS),
    cacheReadTokens: Math.max(
      0,
      count(
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "llm.token_count.prompt_details.cache_read",
      ),
    ),
    cacheWriteTokens: Math.max(
      0,
      count(
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "llm.token_count.prompt_details.cache_write",
      ),
    ),
    maxTokens: Math.max(0, count("gen_ai.request.max_tokens")),
    model: text(...MODELS) ?? "",
    ...(region === undefined ? {} : { region, originName: region }),
    requestId: text("aws.request_id", "gen_ai.response.id") ?? textAt(span, "spanId"),
    ...(session === undefined ? {} : { session }),
    tenant,
    className: tenant,
    outcome: outcomeOfError(error ?? (isFailed ? "error" : undefined)),
    e2eMs: elapsedMs(span.startTimeUnixNano, span.endTimeUnixNano),
    ttftMs: firstS >= 0 ? toMs(firstS, "s") : Number.NaN,
  };
}

const TENANTS = ["app.team", "team", "tenant", "tenant.id", "app.tenant", "enduser.id", "service.name"];

/** Nanoseconds since 1970 have no room in a double: their difference is taken first. */
function elapsedMs(start: unknown, end: unknown): number {
  if (
    (typeof start !== "string" && typeof start !== "number") ||
    (typeof end !== "string" && typeof end !== "number")
  ) {
    return Number.NaN;
  }
  if (!/^\d{1,19}$/.test(String(start)) || !/^\d{1,19}$/.test(String(end))) return Number.NaN;
  const ms = Number(BigInt(end) - BigInt(start)) / 1e6;
  return ms >= 0 ? ms : Number.NaN;
}

/** OTLP's list of keys and typed values as an object. */
function attributesOf(list: unknown): Attributes {
  const found: Record<string, unknown> = {};
  for (const { key, value } of listOf(list)) {
    if (typeof key !== "string" || !isObject(value)) continue;
    const [kind] = Object.keys(value);
    const plain = kind === undefined ? undefined : value[kind];
    if (kind === "intValue") found[key] = Number(plain);
    else if (typeof plain !== "object") found[key] = plain;
  }
  return found;
}

function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
