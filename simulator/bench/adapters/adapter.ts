/** The contract of an endpoint adapter, and what adapters share: filler prompts, path segments, exhausted accounts. */
import type { OutcomeKind } from "../../client/strategy.ts";

/**
 * How endpoints of one kind are called: one file each, and a line in index.ts. An adapter handles text only; the wire,
 * the clock and credentials belong to the caller. docs/adapters.md walks through adding one.
 */
export interface EndpointAdapter {
  /** Its name under `api:` of an endpoints file. */
  readonly name: string;
  /** Supported authentication. */
  readonly auths: readonly AuthKind[];
  /** Environment variable with the API key, unless the endpoints file names another. */
  readonly keyVariable: string;
  /** Whether models are called by the scenario's ids; if not, the endpoints file must name them. */
  readonly knowsScenarioIds: boolean;
  readonly tiers: readonly ReplayTier[];
  /** Its own settings in an endpoints file. */
  readonly settings: Readonly<Record<string, AdapterSetting>>;
  /** Servers may send a stream's headers before its first token. */
  readonly headersMayLead: boolean;
  /** Form in which `read` takes the body of a streamed answer. */
  readonly streamBody: "binary" | "text";
  /** The HTTP request of a call. */
  request(call: AdapterCall): AdapterRequest;
  /** The outcome of a call. Never throws: an answer that cannot be read is an error. */
  read(answer: AdapterAnswer, isStream: boolean): AdapterVerdict;
}

export type AuthKind = "none" | "api-key" | "sigv4";

/** An optional setting. */
export type AdapterSetting =
  | { readonly kind: "choice"; readonly choices: readonly string[]; readonly description: string }
  | { readonly kind: "number"; readonly min: number; readonly max: number; readonly description: string };

export type AdapterSettings = Readonly<Record<string, string | number>>;

export interface AdapterCall {
  /** The model's name at the endpoint. */
  readonly model: string;
  readonly prompt: PromptOrder;
  /** The answer comes token by token. */
  readonly isStream: boolean;
  readonly settings: AdapterSettings;
  /** The caller's place, for an emulator that injects round trips; undefined elsewhere. */
  readonly origin: string | undefined;
}

export interface AdapterRequest {
  /** Appended to the endpoint's URL; segments percent-encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

export interface AdapterAnswer {
  readonly status: number;
  /** @param name in lower case */
  header(name: string): string | undefined;
  readonly body: string | ArrayBuffer | null;
  /** Instant of reading, ms since 1970. */
  readonly nowMs: number;
}

/** The outcome of an attempt, in the terms of the strategy contract. */
export interface Verdict {
  readonly kind: OutcomeKind;
  /** Not to be retried: the request itself is wrong, or no further attempt can succeed. */
  readonly isFinal: boolean;
  /** The answer had begun, and broke off or ended without a token: no SDK tries it again. */
  readonly interruption?: "broken" | "empty";
  /** Of an answer that broke off: tokens that came, as far as its events tell. */
  readonly receivedTokens?: number;
  /** Name of the error, "" for none. */
  readonly error: string;
  /** Tokens as the service counted them: uncached input, output, cache read, cache write; null if not reported. */
  readonly usage: readonly [number, number, number, number] | null;
}

/** Error of an answer with status 200 and no token. */
export const EMPTY_ANSWER = "EmptyAnswer";

/**
 * An answer without a token is none: it serves no request, and says nothing of how long answers take. It has been billed, and
 * no SDK tries it again.
 */
export function refuseEmpty<V extends Verdict>(verdict: V): V {
  const isEmpty = verdict.kind === "ok" && verdict.usage?.[1] === 0;
  return isEmpty ? { ...verdict, kind: "error", isFinal: true, interruption: "empty", error: EMPTY_ANSWER } : verdict;
}

/** A failure of an answer whose stream had begun: an error inside it, or bytes that are missing. */
export function brokenOff<V extends Verdict>(failure: V, receivedTokens: number): V {
  return { ...failure, interruption: "broken", receivedTokens };
}

export interface AdapterVerdict extends Verdict {
  /** The wait that the service asks for, ms; NaN = none. */
  readonly retryAfterMs: number;
  /** The service's id of the call; "" where it gives none. */
  readonly serviceRequestId: string;
}

export type ReplayTier = "standard" | "priority" | "flex" | "latency-optimized";

/** What a call asks for. Counts are tokens. */
export interface PromptOrder {
  /** Request and attempt, `17.0`, by which the call is found in the service's log. */
  readonly requestId: string;
  readonly className: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** 0 = not set. */
  readonly maxTokens: number;
  readonly prefixTokens: number;
  readonly prefixId: number;
  readonly tier: ReplayTier;
  /** Characters of filler that make one token. */
  readonly charsPerToken: number;
  /**
   * Of the run. With it, no two requests share more text than their cacheable prefix, and no two runs share any, so
   * that a service that caches prompts automatically has no unintended hits. "" for an emulator, which caches what is
   * marked.
   */
  readonly salt: string;
  /** For an emulator where several targets share an address; undefined elsewhere. */
  readonly targetId?: string | undefined;
}

/** A prompt's text in two parts; either may be "", not both. */
export interface PromptTexts {
  /** The cacheable prefix, equal for equal ids. */
  readonly prefix: string;
  readonly rest: string;
}

const WORDS = "lamp tree road fish wind salt moon leaf ";

/**
 * Filler texts of the wanted number of tokens, as far as the characters per token are known: ASCII that needs no
 * escaping in JSON.
 */
export function promptTexts(order: PromptOrder): PromptTexts {
  const { inputTokens, prefixTokens, prefixId, charsPerToken, salt } = order;
  const text = (tokens: number, start: string): string => filler(Math.round(tokens * charsPerToken), start);
  const [request] = order.requestId.split(".", 1);
  const own = salt === "" ? "" : `${salt} ${request} `;
  const prefix = Math.min(prefixTokens, inputTokens);
  if (prefix <= 0) return { prefix: "", rest: text(Math.max(1, inputTokens), own) };
  const shared = `${salt === "" ? "" : `${salt} `}shared text ${prefixId}. `;
  return { prefix: text(prefix, shared), rest: inputTokens > prefix ? text(inputTokens - prefix, own) : "" };
}

/** Text of `chars` characters, at least one, that begins with `start`. */
function filler(chars: number, start: string): string {
  const length = Math.max(1, chars);
  const words = Math.max(0, Math.ceil((length - start.length) / WORDS.length));
  return (start + WORDS.repeat(words)).slice(0, length);
}

/**
 * Percent-encodes a segment of a URL's path, with the five reserved characters of RFC 3986 that encodeURIComponent
 * leaves.
 *
 * @example encodeSegment("a:b/(c)") // => "a%3Ab%2F%28c%29"
 */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Whether an error's name says that the account has no money left. Services report that with the status of a rate limit,
 * although waiting does not help.
 * Source: OpenAI, "Error codes"; `error.code` names the limit, and `error.type` may still be insufficient_quota.
 *
 * @example isOutOfMoney("insufficient_quota") // => true
 * @example isOutOfMoney("rate_limit_exceeded") // => false
 */
export function isOutOfMoney(name: string): boolean {
  return OUT_OF_MONEY.test(name);
}

const OUT_OF_MONEY =
  /^(insufficient_quota|credit_balance_exhausted|billing_\w+|(organization|project)_(spend|usage)_limit_exceeded)$/;
