/**
 * OpenAI's chat completions, as OpenAI, vLLM, SGLang, the LiteLLM proxy and others serve them. The endpoint's URL ends
 * where `/chat/completions` begins, often in `/v1`.
 * Source: OpenAI API reference, "Create chat completion" and "Error codes"; vLLM, "OpenAI-compatible server".
 */
import {
  type AdapterAnswer,
  type AdapterCall,
  type AdapterVerdict,
  brokenOff,
  type EndpointAdapter,
  isOutOfMoney,
  type PromptOrder,
  promptTexts,
  refuseEmpty,
  type Verdict,
} from "./adapter.ts";

export const openai: EndpointAdapter = {
  name: "openai",
  auths: ["none", "api-key"],
  keyVariable: "OPENAI_API_KEY",
  knowsScenarioIds: false,
  tiers: ["standard", "priority", "flex"],
  settings: {
    maxTokensField: {
      kind: "choice",
      choices: ["max_tokens", "max_completion_tokens"],
      description: "The member that limits the answer; max_tokens where it is left out",
    },
    temperature: { kind: "number", min: 0, max: 2, description: "Sent with every call; the server's own if left out" },
    forceLength: {
      kind: "choice",
      choices: ["vllm"],
      description:
        "Answers get the length that the schedule says, by ignore_eos and min_tokens, which vLLM understands",
    },
  },
  headersMayLead: true,
  streamBody: "text",
  request: (call: AdapterCall) => ({
    path: "/chat/completions",
    headers: { "x-client-request-id": call.prompt.requestId },
    body: chatBody(call),
  }),
  read: (answer: AdapterAnswer, isStream: boolean): AdapterVerdict => {
    const body = typeof answer.body === "string" ? answer.body : "";
    const { id, ...verdict } = verdictOf(answer, body, isStream);
    return {
      ...refuseEmpty(verdict),
      retryAfterMs: retryAfterMs(answer),
      serviceRequestId: answer.header("x-request-id") ?? id,
    };
  },
};

function chatBody({ model, prompt, isStream, settings }: AdapterCall): string {
  const { maxTokens, tier } = prompt;
  const wanted = Math.max(1, prompt.outputTokens);
  const isForced = settings.forceLength === "vllm";
  const length = maxTokens > 0 ? Math.min(wanted, maxTokens) : wanted;
  // Without a limit by the caller, a model may write to the end of its context.
  const limit = isForced || maxTokens <= 0 ? length : maxTokens;
  const members = {
    ...(isStream ? { stream: true, stream_options: { include_usage: true } } : {}),
    [String(settings.maxTokensField ?? "max_tokens")]: limit,
    ...(isForced ? { min_tokens: length, ignore_eos: true } : {}),
    ...(settings.temperature === undefined ? {} : { temperature: settings.temperature }),
    ...(tier === "standard" ? {} : { service_tier: tier }),
  };
  return `{"model":${JSON.stringify(model)},"messages":${messages(prompt)},${JSON.stringify(members).slice(1)}`;
}

/** Services cache the beginning of prompts, so the cacheable prefix comes first. */
function messages(order: PromptOrder): string {
  const { prefix, rest } = promptTexts(order);
  if (prefix === "" || rest === "") return `[{"role":"user","content":"${prefix}${rest}"}]`;
  return `[{"role":"system","content":"${prefix}"},{"role":"user","content":"${rest}"}]`;
}

/** A verdict with the id of the completion, "" where the body gives none. */
type Read = Verdict & { readonly id: string };
type Json = Readonly<Record<string, unknown>>;

function verdictOf(answer: AdapterAnswer, body: string, isStream: boolean): Read {
  const { status } = answer;
  if (status !== 200) {
    const verdict = failure(status, errorOf(parsed(body)));
    const shouldRetry = answer.header("x-should-retry");
    return { ...verdict, isFinal: shouldRetry === undefined ? verdict.isFinal : shouldRetry === "false", id: "" };
  }
  return isStream ? verdictOfStream(body) : verdictOfJson(body);
}

function verdictOfJson(body: string): Read {
  const json = parsed(body);
  if (json === undefined) return broken("NoJson");
  return verdictOfObject(json) ?? broken("NoUsage");
}

const DONE = "[DONE]";
/** Most chunks after the one with the counts. */
const CHUNKS_MAX = 4;

/**
 * A stream ends with a chunk that has the counts, and `[DONE]`; only these are read, from the end. A stream that ends
 * otherwise was cut short, unless its last chunk is the one with the counts and no text.
 */
function verdictOfStream(body: string): Read {
  let isDone = false;
  let chunks = 0;
  for (const data of dataFromEnd(body)) {
    isDone ||= data === DONE;
    if (DONE.startsWith(data)) continue;
    const chunk = parsed(data);
    const verdict = chunk === undefined ? undefined : verdictOfObject(chunk);
    if (verdict !== undefined && verdict.kind !== "ok") return brokenOff(verdict, piecesOf(body));
    if (verdict !== undefined && (isDone || !hasText(chunk!))) return verdict;
    if (!isDone) return brokenOff(broken("StreamCutShort"), piecesOf(body));
    if (++chunks === CHUNKS_MAX) break;
  }
  return isDone ? broken("NoUsage") : brokenOff(broken("StreamCutShort"), piecesOf(body));
}

/** Pieces of text that came: a token each, as servers send them. */
function piecesOf(body: string): number {
  return body.split("\n").filter((line) => /^data:.*"content": ?"./.test(line)).length;
}

/** The data of a stream's server-sent events, one line each, the last first. */
function* dataFromEnd(body: string): Generator<string> {
  let end = body.length;
  while (end > 0) {
    const start = body.lastIndexOf("\n", end - 1) + 1;
    const line = body.slice(start, end);
    if (line.startsWith("data:")) yield line.slice(5).trim();
    end = start - 1;
  }
}

function hasText({ choices }: Json): boolean {
  return Array.isArray(choices) && choices.length > 0;
}

/** The verdict of a whole answer or of a stream's chunk; undefined for a chunk of text alone. */
function verdictOfObject(json: Json): Read | undefined {
  const id = typeof json.id === "string" ? json.id : "";
  const error = errorOf(json);
  if (error !== undefined) return { ...failure(statusOf(error), error), id };
  const usage = usageOf(json.usage);
  return usage === null ? undefined : { kind: "ok", isFinal: false, error: "", usage, id };
}

/** The prompt's tokens include those read from a cache and, where a service reports them, those written to it. */
function usageOf(value: unknown): Verdict["usage"] {
  const usage = object(value);
  const [prompt, output] = [usage?.prompt_tokens, usage?.completion_tokens];
  if (typeof prompt !== "number" || typeof output !== "number") return null;
  const details = object(usage?.prompt_tokens_details);
  const count = (tokens: unknown): number => (typeof tokens === "number" ? tokens : 0);
  const read = count(details?.cached_tokens);
  const written = count(details?.cache_write_tokens ?? details?.cache_creation_tokens);
  return [Math.max(0, prompt - read - written), output, read, written];
}

/** `{"error": {...}}`, or the error itself as older vLLM sends it. */
function errorOf(json: Json | undefined): Json | undefined {
  return object(json?.error) ?? (json?.object === "error" ? json : undefined);
}

const THROTTLED = 429;
const UNAVAILABLE: readonly number[] = [503, 529];
/** Retried by OpenAI's own clients, as are 429 and 5xx: request timeout, lock conflict. */
const TRIED_AGAIN: readonly number[] = [408, 409];

function failure(status: number, error: Json | undefined): Verdict {
  const names = [error?.code, error?.type].filter(isName);
  const name = (names[0] ?? `HTTP ${status}`).slice(0, 100);
  if (status === THROTTLED) {
    return { kind: "throttled", isFinal: names.some(isOutOfMoney), error: name, usage: null };
  }
  if (UNAVAILABLE.includes(status)) return { kind: "unavailable", isFinal: false, error: name, usage: null };
  const isFinal = status >= 300 && status < 500 && !TRIED_AGAIN.includes(status);
  return { kind: "error", isFinal, error: name, usage: null };
}

/** Not a number written as text, nor Python's None, both of which proxies send. */
function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "None" && Number.isNaN(Number(value));
}

/** The status of an error inside a stream, had it come before the answer began; its code may be the number itself. */
function statusOf({ code, type }: Json): number {
  const number = Number(code ?? Number.NaN);
  if (number >= 400 && number < 600) return number;
  const names = `${String(code)} ${String(type)}`;
  if (/rate_limit|slow_down|quota|RateLimit/.test(names) || isOutOfMoney(String(code))) return THROTTLED;
  if (/overloaded|unavailable/i.test(names)) return 503;
  return /invalid_request|BadRequest/.test(names) ? 400 : 500;
}

/** `retry-after-ms`, else `retry-after` in seconds or as a date, in the order of OpenAI's own clients. */
function retryAfterMs({ header, nowMs }: AdapterAnswer): number {
  const exact = Number(header("retry-after-ms") ?? Number.NaN);
  if (!Number.isNaN(exact)) return exact;
  const text = header("retry-after") ?? "";
  const seconds = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isNaN(seconds) ? Date.parse(text) - nowMs : seconds * 1000;
}

function parsed(text: string): Json | undefined {
  try {
    return object(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function object(value: unknown): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

function broken(error: string): Read {
  return { kind: "error", isFinal: false, error, usage: null, id: "" };
}
